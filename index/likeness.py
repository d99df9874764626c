"""How much of their wording two documents share, from a small sketch of each.

MinHash with one hash (Broder 1997): of the hashes of all runs of five words the smallest are kept,
and the share that two documents have in common estimates that of all their runs.
"""

import zlib
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.text import stems

Sketch = NDArray[np.uint32]
_RUN_WORDS, _KEPT = 5, 256
# With 256 hashes the estimate is within about 0.06 of the true share.
NEARLY_THE_SAME = 0.5


@lru_cache(maxsize=4)  # a new document is compared with it, and then kept with it
def sketch(text: str) -> Sketch:
    """Return the smallest hashes of a text's runs of words, in order; at most 256."""
    own = stems(text)
    runs = {
        zlib.crc32(" ".join(own[i : i + _RUN_WORDS]).encode())
        for i in range(max(len(own) - _RUN_WORDS + 1, min(len(own), 1)))
    }
    return np.array(sorted(runs)[:_KEPT], dtype=np.uint32)


def likest(own: Sketch, others: Mapping[str, Sketch]) -> tuple[str, float]:
    """Return the key of the sketch that has most in common with `own`, and their likeness.

    Raises:
        ValueError: there are no others.
    """
    keys = list(others)
    sizes = [others[key].size for key in keys]
    shared = np.isin(np.concatenate([others[key] for key in keys]), own)
    counts = np.add.reduceat(shared, np.cumsum([0, *sizes[:-1]]), dtype=np.int64)
    # Only those with most hashes in common can be the likest: the exact figure for a few.
    few = [keys[n] for n in np.argsort(-counts, kind="stable")[:8]]
    best = max(few, key=lambda key: likeness(own, others[key]))
    return best, likeness(own, others[best])


def likeness(one: Sketch, other: Sketch) -> float:
    """Return the estimated share of runs of words that two texts have in common, 0 to 1.

    >>> likeness(sketch("a b c d e f"), sketch("a b c d e g"))
    0.3333333333333333
    """
    both = np.union1d(one, other)[:_KEPT]
    if not both.size:
        return 0.0
    return float(np.isin(both, one) @ np.isin(both, other).astype(float) / both.size)
