"""Owns the pages of a site: the app, its files rendered, and what they ask their own site.

`page/` holds what the browser runs; only `routes` uses this floor.
"""
