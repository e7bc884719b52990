"""Owns `%cocalc doctor`: its checks and its report."""
