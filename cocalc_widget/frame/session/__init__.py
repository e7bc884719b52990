"""Owns the conversation with the page: from a command to how it ends."""
