"""Owns the exchange with one host: deadlines, retries, answers read into results or errors."""
