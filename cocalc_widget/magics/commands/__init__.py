"""Owns the sub-commands of `%cocalc`, a module a family."""
