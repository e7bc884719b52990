"""Owns API v1 as generation A serves it: its form alone; what is asked for `services` answers."""
