"""The embedder: all-MiniLM-L6-v2, of integers or exact, or any of sentence-transformers."""

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from index.minilm import MiniLM
from index.networks import MINILM
from index.types import BriefError, Vectors

# In 8-bit integers it embeds twice to three times as fast. Cosines of a question and a text differ
# from the exact ones by .008 (`training/minilm.py`).
DEFAULT_EMBEDDER = "all-MiniLM-L6-v2-int8"
EXACT_EMBEDDER = "all-MiniLM-L6-v2"
BUILT_IN = (DEFAULT_EMBEDDER, EXACT_EMBEDDER)

_Embed = Callable[[Sequence[str]], Vectors]


class SentenceEmbedder:
    """A model, loaded when it is first used: a built-in one in half a second, others in seven."""

    def __init__(self, name: str = DEFAULT_EMBEDDER) -> None:
        """Take one of `BUILT_IN`, the name of a model on the hub, or the path of one on disk."""
        self.name = name
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit-length rows of shape (len(texts), dimensions).

        Raises:
            BriefError: there is no such model here.
        """
        with self._lock:  # cached_property alone would load twice for two threads
            embed = self._embed
        return embed(texts)

    @cached_property
    def _embed(self) -> _Embed:
        if self.name == DEFAULT_EMBEDDER:
            return MINILM.outputs
        if self.name == EXACT_EMBEDDER:
            return MiniLM().embed
        return _with_sentence_transformers(self.name)


def _with_sentence_transformers(name: str) -> _Embed:
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model = SentenceTransformer(name, device="cpu")
    except (OSError, ValueError) as error:
        where = "" if Path(name).exists() else " It is not on this machine."
        raise BriefError(
            f"The embedder {name} cannot be loaded.{where} "
            f"Check its name, or use one that is built in: {' or '.join(BUILT_IN)}."
        ) from error

    def embed(texts: Sequence[str]) -> Vectors:
        vectors = model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, batch_size=32
        )
        return np.asarray(vectors, dtype=np.float32)

    return embed
