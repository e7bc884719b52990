"""Owns API v2, of both generations: its form alone; what is asked for `services` answers."""
