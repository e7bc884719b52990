"""Owns what a site remembers and works with; it knows nothing of APIs and pages.

The database, accounts, projects with their files and logs, copy jobs, running commands and
the faults that are on; `site_state.SiteState` is the whole. All floors of the stand-in use it.
"""
