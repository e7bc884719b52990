"""Owns the conat bridge of generation B."""
