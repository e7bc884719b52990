"""Owns a JupyterLab of one's own, driven in Chromium: for the demo and the tests."""
