"""Owns API v2 of both generations."""
