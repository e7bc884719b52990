"""Owns which channel can work and what is known to be shown: verdict, facts, evidence."""
