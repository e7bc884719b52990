"""Small faults put into the code on purpose, and how many of them the tests notice."""
