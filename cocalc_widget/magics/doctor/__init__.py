"""Owns `%cocalc doctor`: its checks and its report.

`command` puts them together; only `magics.dispatch` may use it.
"""
