"""Owns what a site remembers: accounts, projects, files, jobs, commands."""
