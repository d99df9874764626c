"""Rows of tables on a page, found by the white space that runs down between their columns.

Pages have no tables, only letters at places. A table is taken for one only where at least three
rows in a row leave the same gutters free; lines of prose in two columns are put in their order.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import reduce

from index.formats.hyphens import joined
from index.formats.lines import LEADERS, Line, Piece, Row

# In sizes of letters: a gutter, and what lies between the lines of one cell or one row.
_GUTTER, _LEADING, _ROW = 0.4, 1.7, 4.5
_MIN_ROWS = 3  # two, where there are three columns
# Prose in columns whose lines a program wrote across the page: many full lines of several words.
_PROSE_ROWS, _PROSE_WORDS = 6, 4.0
# What stands before an item or a note: no column of its own.
_MARKER = re.compile(r"\W+|\W*(?:\d{1,3}|[a-zA-Z]|[ivxIVX]+)[.):\]]?\W*")


_Lines = list[Line]  # of one row: they follow one another in the file
_Interval = tuple[float, float]


def with_rows(page: Sequence[Line], known: Counter[str]) -> list[Line | Row]:
    """Return the lines of a page in reading order, with rows in place of those of tables.

    `known` counts the words of the text, for words that the end of a line divides.
    """
    found: list[Line | Row] = []
    rows = _rows(page)
    at = 0
    while at < len(rows):
        run, columns = _run(rows[at:])
        if _is_prose(run, columns):
            for column in columns:
                found += [_line(line, p) for row in run for line in row
                          for p in line.pieces if _column(p, [column]) == 0]  # fmt: skip
        elif _is_table(run, columns):
            found += [Row(_cells(row, columns, known)) for row in run]
        else:
            run = rows[at : at + 1]
            found += run[0]
        at += len(run)
    return found


def _rows(page: Sequence[Line]) -> list[_Lines]:
    """Return the lines that follow one another to the right, or below in a cell of such a row."""
    rows: list[_Lines] = []
    for line in page:
        if rows and _goes_on(rows[-1], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _goes_on(row: _Lines, line: Line) -> bool:
    last, first = row[-1].pieces[-1:], line.pieces[:1]
    if not last or not first or LEADERS.search(line.text):
        return False
    down = row[-1].y - line.y
    if first[0].left >= last[0].right + _GUTTER * line.size:
        return abs(down) <= 2 * line.size
    right_of_first = first[0].left >= row[0].pieces[0].right
    below = first[0].left < last[0].right and 0 < down <= _LEADING * line.size
    return below and right_of_first


def _run(rows: list[_Lines]) -> tuple[list[_Lines], list[_Interval]]:
    """Return the rows from the first on that leave the same gutters free, and their columns."""
    run: list[_Lines] = []
    columns: list[_Interval] = []
    for row in rows:
        pieces = [p for line in row for p in line.pieces]
        size = row[0].size
        fresh = _merged([*columns, *((p.left, p.right) for p in pieces)], _GUTTER * size)
        down = run[-1][0].y - row[0].y if run else 0.0
        if len(fresh) < max(2, len(columns) - 1) or (not run and _filled(row, fresh) < 2):
            break
        if not 0 <= down <= _ROW * size or any(LEADERS.search(line.text) for line in row):
            break
        run.append(row)
        columns = fresh
    while run and _filled(run[-1], columns) < 2:
        run.pop()
    return run, columns


def _merged(intervals: list[_Interval], gutter: float) -> list[_Interval]:
    merged: list[_Interval] = []
    for left, right in sorted(intervals):
        if merged and left < merged[-1][1] + gutter:
            merged[-1] = (merged[-1][0], max(right, merged[-1][1]))
        else:
            merged.append((left, right))
    return merged


def _column(piece: Piece, columns: list[_Interval]) -> int:
    """Return the column that a piece is in, -1 for none."""
    middle = (piece.left + piece.right) / 2
    return next((i for i, (left, right) in enumerate(columns) if left <= middle <= right), -1)


def _filled(row: _Lines, columns: list[_Interval]) -> int:
    """Return how many cells of a row have something in them."""
    return len({_column(piece, columns) for line in row for piece in line.pieces})


def _is_table(run: list[_Lines], columns: list[_Interval]) -> bool:
    full = [row for row in run if _filled(row, columns) > 1]
    if len(full) < _MIN_ROWS - (len(columns) > 2):
        return False
    firsts = [
        p.text for row in run for line in row for p in line.pieces if _column(p, columns) == 0
    ]
    return len(columns) > 2 or not all(_MARKER.fullmatch(text) for text in firsts)


def _is_prose(run: list[_Lines], columns: list[_Interval]) -> bool:
    if len(run) < _PROSE_ROWS or len(columns) > 3 or any(len(row) > 1 for row in run):
        return False
    sizes: list[list[int]] = [[] for _ in columns]
    for row in run:
        for piece in row[0].pieces:
            sizes[_column(piece, columns)].append(len(piece.text.split()))
    return all(n and sum(n) / len(n) >= _PROSE_WORDS for n in sizes)


def _line(line: Line, piece: Piece) -> Line:
    return Line(piece.text, line.size, piece.left, piece.right, line.y, line.bold, (piece,))


def _cells(row: _Lines, columns: list[_Interval], known: Counter[str]) -> tuple[str, ...]:
    cells: list[list[str]] = [[] for _ in columns]
    for line in row:
        for piece in line.pieces:
            cells[_column(piece, columns)].append(piece.text)
    return tuple(reduce(lambda a, b: joined(a, b, known), cell) if cell else "" for cell in cells)
