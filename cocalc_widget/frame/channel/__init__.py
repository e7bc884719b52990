"""Owns which way to CoCalc can work, and what is known to be shown in a frame.

A channel is chosen once a page is there: `verdict`, from the `facts` about CoCalc and the rules
of browsers (`sites`, `framing`). Then a `situation` is kept: the `evidence` that something is
shown, the frame's `health`, opens that are still to be proved (`proving`) or wait for what the
frame was sent to (`steering`), and what a client is asked (`inquiries`). Nothing here speaks
with the page: that is the session's part, which calls this floor, as the doctor does.
"""
