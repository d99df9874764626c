"""The embedder: all-MiniLM-L6-v2 in OpenVINO, or any other through sentence-transformers."""

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.minilm import MiniLM
from index.types import BriefError, Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"


class SentenceEmbedder:
    """A model, loaded when it is first used: the default in half a second, any other in seven."""

    def __init__(self, name: str = DEFAULT_EMBEDDER) -> None:
        """Take the name of a model on the hub, or the path of one on disk."""
        self.name = name
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit-length rows of shape (len(texts), dimensions).

        Raises:
            BriefError: there is no such model here.
        """
        with self._lock:  # cached_property alone would load twice for two threads
            model = self._model
        if isinstance(model, MiniLM):
            return model.embed(texts)
        vectors = model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, batch_size=32
        )
        return np.asarray(vectors, dtype=np.float32)

    @cached_property
    def _model(self) -> "MiniLM | SentenceTransformer":
        if self.name == DEFAULT_EMBEDDER:
            return MiniLM()
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            return SentenceTransformer(self.name, device="cpu")
        except (OSError, ValueError) as error:
            where = "" if Path(self.name).exists() else " It is not on this machine."
            raise BriefError(
                f"The embedder {self.name} cannot be loaded.{where} "
                f"Check its name, or use the one that is built in: {DEFAULT_EMBEDDER}."
            ) from error
