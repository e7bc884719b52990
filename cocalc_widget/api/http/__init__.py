"""Owns the exchange with one host by HTTP, whatever is spoken over it.

`transport` sends a request, within its deadline and with its retries; `answers` reads the reply
into a result or an error (which one, `failures` says); `unanswered` has the errors where no
reply came. The dialects call it, and what asks a host for a page.
"""
