"""CoCalc's own client, `cocalc-api`, brings a suite of tests: here it meets the stand-in.

Nothing of it is part of this repository: `suite` fetches the source distribution of the version
that is installed, `fixtures` is the conftest that its tests want (theirs is not distributed), and
`python -m tests.official` runs them as a site's admin and a plain user, with and without Jupyter.
"""
