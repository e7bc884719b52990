"""Owns the pages of a site: the app, its files rendered, and what they ask their site."""
