"""The exchange of a request and its answer, with servers that do it right and that misbehave.

The misbehaving one is here and not beside the floors: what goes wrong on a wire is what `http` is
for, and no other floor sees it.
"""
