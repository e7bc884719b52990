"""Owns what can be asked of a site, whatever the API: copies, commands, queries."""
