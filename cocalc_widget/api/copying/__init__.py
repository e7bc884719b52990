"""Owns copying between projects, from the places that were written down to the end of the batch.

`targets` reads what goes where, `sending` sends each copy once, `following` asks how the jobs
end, `lost_answers` finds those whose answer got lost, `checking` looks at the files, and
`batch` is what the user holds. The client calls it.
"""
