"""The vectors that a question is compared with sentences by: all-MiniLM-L6-v2 in 8-bit integers.

Twice to three times as fast as the embedder of a library, which is exact, as what is found by its
vectors is to stay found; a sentence and a question that share this network's error differ by .008
in their cosine from that (`training/sentences.py`). It is the same for every library, whatever that
is indexed with: how much a cosine counts was fitted with this one.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from qa.networks import Network

MODEL = Path(__file__).parent / "sentences.onnx"
SHA256 = "715c41d032cda739c74ed3f35dad82652168e4fbfc4ee913d22268c240232143"
_NETWORK = Network(MODEL, SHA256)


class SentenceVectors:
    """Makes vectors, and remembers those of the sentences that were compared last."""

    def __init__(
        self,
        embed: Callable[[Sequence[str]], NDArray[np.float32]] = _NETWORK.outputs,
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
