"""Owns what each generation of CoCalc speaks: one interface, three dialects."""
