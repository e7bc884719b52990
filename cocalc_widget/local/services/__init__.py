"""Owns what can be asked of a site, whatever the API, and the ways in which that fails.

Each API reads its parameters, calls here, and words the answer in its own form.
"""
