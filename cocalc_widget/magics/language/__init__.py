"""Owns the language of `%cocalc`: words, expansion, the parser, help and completion.

All of the magics may use it. It knows neither a command nor what commands share:
both are handed to it.
"""
