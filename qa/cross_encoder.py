"""The trained cross-encoder that scores "this sentence states the answer to this question".

How it was trained, on what, and how well it does: `training/DATA_CARD.md`. It runs in onnxruntime,
as one 23 MB int8 file.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.networks import Network
from qa.candidates import Candidate

MODEL = Path(__file__).parent / "selector.onnx"
SHA256 = "a3d74cb162adee6264e9ae7c74f10ea9412334454abb3fe49070f73144db31bf"
_PREVIOUS_WORDS = 24
_MAX_TOKENS = 128  # as in training


class CrossEncoder:
    """Scores pairs of question and sentence. Loaded when it is first used (0.2 s)."""

    def __init__(self, model: Path = MODEL, sha256: str = SHA256) -> None:
        """Take the ONNX file and its checksum."""
        self._network = Network(model, sha256, _MAX_TOKENS)

    def logits(self, question: str, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
        """Return one logit per candidate, shape (len(candidates),); 0 stands for "none of them".

        Raises:
            BriefError: the model file is not the one that belongs to this version.
        """
        if not candidates:
            return np.zeros(0)
        found = self._network.outputs([(question, composed(c)) for c in candidates])
        return found.astype(np.float64)


def composed(candidate: Candidate) -> str:
    """Return a candidate as in training: "sentence [title, heading: the sentence before]"."""
    before = " ".join(candidate.context.split()[:_PREVIOUS_WORDS])
    context = ": ".join(part for part in (candidate.heading, before) if part)
    sentence = " ".join(candidate.resolved.split())
    return f"{sentence} [{context}]" if context else sentence
