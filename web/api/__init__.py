"""The HTTP API, for programs: `/v1`. The page has routes of its own, which may change with it.

`application.py` puts it together; `shapes.py` says what goes in and out; `asking.py`,
`searching.py`, `documents.py` and `briefs.py` are its routes.
"""
