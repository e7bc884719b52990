"""Copies to one and to many: sent, followed, found again, checked."""
