"""Owns what depends on the kernel and front end we run in: waiting for the page, and threads.

How a cell can wait for messages differs between ipykernel 7, ipykernel 6, marimo and Pyodide.
The floors above wait, and set deadlines, through this one; it knows nothing of CoCalc.
"""
