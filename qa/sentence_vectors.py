"""The vectors that a question is compared with sentences by: all-MiniLM-L6-v2 in 8-bit integers.

It is the same for every library, whatever that is indexed with: how much a cosine counts was fitted
with this one.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from index.networks import MINILM


class SentenceVectors:
    """Makes vectors, and remembers those of the sentences that were compared last."""

    def __init__(
        self,
        embed: Callable[[Sequence[str]], NDArray[np.float32]] = MINILM.outputs,
        most: int = 50_000,
    ) -> None:
        """Keep at most so many, in half precision: 50,000 take 38 MB, and their texts 10."""
        self._embed, self.most = embed, most
        self._kept: dict[str, NDArray[np.float16]] = {}
        self._lock = Lock()

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the unit vectors of texts to half precision, shape (len(texts), dimensions).

        Raises:
            BriefError: the network's file is not the one that belongs to this version.
        """
        with self._lock:
            found = {t: v for t in texts if (v := self._kept.get(t)) is not None}
        if new := [t for t in dict.fromkeys(texts) if t not in found]:
            found.update(zip(new, self._embed(new).astype(np.float16), strict=True))
            with self._lock:
                self._kept.update({t: found[t] for t in new})
                for oldest in list(islice(self._kept, max(0, len(self._kept) - self.most))):
                    del self._kept[oldest]
        return np.asarray([found[t] for t in texts], dtype=np.float32)
