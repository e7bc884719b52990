"""Owns API v1 as generation A serves it."""
