"""Owns copying between projects: what goes where, one send, following jobs, the batch."""
