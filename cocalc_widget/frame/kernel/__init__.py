"""Owns waiting inside each kind of kernel and front end."""
