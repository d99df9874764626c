"""The suites by name, and a sample of one. `qa.suite_data` says what a line of each has."""

import random
from collections.abc import Callable, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Literal, NamedTuple

from index.types import BriefError
from qa.suite_data import (
    Line,
    read_chunking,
    read_clapnq,
    read_mtrag,
    read_report,
    read_squad2,
    read_summedits,
    read_wice,
)

Kind = Literal["questions", "claims", "passages"]
SEED = 20261124


class Suite(NamedTuple):
    """What a suite measures and how it is read."""

    kind: Kind
    read: Callable[[Path], list[Line]]


SUITES = {
    "report": Suite("questions", read_report),
    "clapnq": Suite("questions", read_clapnq),
    "squad2": Suite("questions", read_squad2),
    "mtrag": Suite("questions", read_mtrag),
    "wice": Suite("claims", read_wice),
    "summedits": Suite("claims", read_summedits),
    "chunking": Suite("passages", read_chunking),
}


def read_suite(name: str, folder: Path) -> list[Line]:
    """Return the lines of a suite.

    Raises:
        BriefError: its file is missing or has another shape.
    """
    try:
        return SUITES[name].read(folder)
    except (KeyError, TypeError, ValueError) as error:
        raise BriefError(
            f"The data of {name} in {folder} is not of the shape that is known here ({error!r}). "
            "Give the folder that has this suite's own files, as they were published."
        ) from error


def sample(lines: Sequence[Line], limit: int | None) -> list[Line]:
    """Return `limit` lines in their order, drawn with `SEED`, as many of each class as there are.

    >>> [line["id"] for line in sample([{"id": i, "class": i > 1} for i in range(9)], 4)]
    [0, 1, 5, 7]
    """
    if limit is None:
        return list(lines)
    classes: dict[Any, list[int]] = {}
    for n, line in enumerate(lines):
        classes.setdefault(line.get("class", bool(line.get("answer"))), []).append(n)
    for numbers in classes.values():
        random.Random(SEED).shuffle(numbers)  # noqa: S311 - a sample, not a secret
    turns = chain.from_iterable(zip_longest(*classes.values()))
    drawn = [n for n in turns if n is not None][:limit]
    return [lines[n] for n in sorted(drawn)]
