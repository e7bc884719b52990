"""Owns what is said between kernel and page: commands, messages both ways, replies."""
