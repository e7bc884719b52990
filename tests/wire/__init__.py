"""A server that misbehaves on the wire, and what the client makes of it."""
