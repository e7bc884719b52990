"""Owns the language of `%cocalc`: words, expansion, the parser, help and completion."""
