"""Owns the conat bridge of generation B: its form alone; what is asked for `services` answers."""
