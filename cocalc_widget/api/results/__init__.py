"""Owns what calls return: frozen values that show themselves well and hide their secrets.

Every floor of the REST side may use them, and whoever shows a table of its own.
"""
