"""Owns what calls return: frozen values that show themselves well."""
