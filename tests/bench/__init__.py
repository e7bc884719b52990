"""Measurements against the bars of the project: `python -m tests.bench <name>` prints JSON."""
