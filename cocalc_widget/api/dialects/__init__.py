"""Owns what each generation of CoCalc speaks: one interface, and a dialect for each API.

`detection` finds out which one a host speaks. The client calls it, and what copies.
"""
