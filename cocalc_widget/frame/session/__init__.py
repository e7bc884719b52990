"""Owns the conversation with the page: from a command to how it ends.

`session` hears the user and the page (`greeting` answers its hello, `signin` keeps its token),
`ledger` numbers the commands, `dispatch` matches results with them and ends them (`endings`), and
`background` follows as time passes. All of them work on one `context`, in `turns`. The widget
calls `Session`, nobody the rest.
"""
