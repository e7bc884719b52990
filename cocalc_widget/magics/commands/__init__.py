"""Owns the sub-commands of `%cocalc`, a module a family: `%cocalc open` begins in `frames`.

Only `magics.dispatch` may use it, whose `COMMANDS` names every sub-command.
"""
