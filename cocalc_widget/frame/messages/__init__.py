"""Owns what is said between kernel and page, and what users hold of it.

`outbox` builds what goes out, `postbox` sends it, `inbox` reads what comes in (the other half is
js/protocol.ts). Users hold a `Command`, its `Reply`, and `Event`s. The channel and the session
use this floor; it decides nothing.
"""
