"""The stand-in's pages, held against the recordings and beyond them, mostly in Chromium."""
