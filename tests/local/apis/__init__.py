"""The stand-in's APIs, v1, v2 and conat, held against the recordings and beyond them."""
