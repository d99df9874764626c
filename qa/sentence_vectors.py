"""The vectors that a question is compared with sentences by: all-MiniLM-L6-v2 in 8-bit integers.

It is the same for every library, whatever that is indexed with: how much a cosine counts was fitted
with this one.
"""

from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from index.networks import MINILM


class SentenceVectors:
    """Makes vectors, and remembers those of the sentences that were compared last."""

    def __init__(
        self,
        embed: Callable[[Sequence[str]], NDArray[np.float32]] = MINILM.outputs,
        most: int = 20_000,
    ) -> None:
        """Keep at most so many: 20,000 take 31 MB."""
        self._embed, self._most = embed, most
        self._kept: dict[str, NDArray[np.float32]] = {}
        self._lock = Lock()

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the unit vectors of texts, shape (len(texts), dimensions).

        Raises:
            BriefError: the network's file is not the one that belongs to this version.
        """
        with self._lock:
            found = {t: v for t in texts if (v := self._kept.get(t)) is not None}
        if new := [t for t in dict.fromkeys(texts) if t not in found]:
            found.update(zip(new, self._embed(new), strict=True))
            with self._lock:
                if len(self._kept) + len(new) > self._most:
                    self._kept.clear()
                self._kept.update({t: found[t] for t in new})
        return np.asarray([found[t] for t in texts])
