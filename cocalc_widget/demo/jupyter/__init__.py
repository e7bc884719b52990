"""Owns a JupyterLab of one's own, driven in Chromium.

For the demo and the tests alone: nothing that works in somebody's notebook may use it.
"""
