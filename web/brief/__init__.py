"""The brief: answers that a visitor keeps, in order, with titles and comments, and exports.

`content.py` says what is in it; `markdown.py`, `as_json.py`, `word.py` and `pdf.py` write that
down; `store.py` keeps it; `routes.py` lets its visitor change it.
"""
