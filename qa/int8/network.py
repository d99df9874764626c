"""Qwen2 (Yang et al. 2024, section 2.2.1) in OpenVINO, built from weights as integers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from index.inference import openvino as imported
from qa.int8.weights import Tensors

_NO_END = np.iinfo(np.int32).max
# OpenVINO makes integers of what a matrix is multiplied with, this many numbers to a scale.
GROUP = 128


def compiled(settings: Mapping[str, Any], tensors: Tensors) -> Any:
    """Return the network, ready to be asked; it keeps keys and values of what it has read.

    Its inputs are `embedded` (1, n, width) float32, `positions` (n,) int32, `unseen` (1, 1, n, m)
    float32, which is added to what a token makes of the m that were read before and with it,
    `beam` (1,) int32, which is 0, and `first` (1,) int32: from which of the n tokens on it returns
    what may come next, float32 of shape (1, n - first, words).
    """
    openvino = imported()
    core = openvino.Core()
    return core.compile_model(
        _network(openvino, settings, tensors),
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",  # all cores for one visitor
            "INFERENCE_PRECISION_HINT": "f32",  # of all that is not multiplied by a matrix
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": GROUP,
            "KV_CACHE_PRECISION": "f16",
        },
    )


def _network(openvino: Any, settings: Mapping[str, Any], tensors: Tensors) -> Any:
    from openvino import opset13 as ops

    width, heads, pairs = settings["width"], settings["heads"], settings["pairs"]
    size = width // heads

    def numbers(*values: int) -> Any:
        return ops.constant(np.array(values, dtype=np.int64))

    def dense(x: Any, name: str, *, bias: bool = False) -> Any:
        weight = ops.convert(ops.constant(tensors[f"{name}.weight"], shared_memory=True), "f16")
        weight = ops.multiply(weight, ops.constant(tensors[f"{name}.weight.scale"]))
        x = ops.matmul(x, ops.convert(weight, "f32"), False, True)
        return ops.add(x, ops.constant(tensors[f"{name}.bias"][None, None])) if bias else x

    def normed(x: Any, name: str) -> Any:
        mean = ops.reduce_mean(ops.power(x, np.float32(2)), numbers(-1), True)
        root = ops.sqrt(ops.add(mean, np.float32(settings["epsilon"])))
        weight = ops.constant(tensors[f"{name}.weight"][None, None])
        return ops.multiply(ops.multiply(x, ops.divide(np.float32(1), root)), weight)

    def split(x: Any, count: int) -> Any:
        return ops.transpose(ops.reshape(x, numbers(0, 0, count, size), True), numbers(0, 2, 1, 3))

    embedded = ops.parameter([1, -1, width], np.float32, name="embedded")
    positions = ops.parameter([-1], np.int32, name="positions")
    unseen = ops.parameter([1, 1, -1, -1], np.float32, name="unseen")
    beam = ops.parameter([-1], np.int32, name="beam")
    first = ops.parameter([1], np.int32, name="first")

    rates = settings["base"] ** (-np.arange(0, size, 2, dtype=np.float32) / size)
    at = ops.unsqueeze(ops.convert(positions, "f32"), numbers(1))
    angles = ops.matmul(at, ops.constant(rates[None].astype(np.float32)), False, False)
    angles = ops.unsqueeze(ops.concat([angles, angles], -1), numbers(0, 1))
    cosine, sine = ops.cos(angles), ops.sin(angles)

    def rotated(x: Any) -> Any:  # RoPE (Su et al. 2021), halves instead of neighbours
        left = ops.slice(x, numbers(0), numbers(size // 2), numbers(1), numbers(3))
        right = ops.slice(x, numbers(size // 2), numbers(size), numbers(1), numbers(3))
        turned = ops.concat([ops.negative(right), left], -1)
        return ops.add(ops.multiply(x, cosine), ops.multiply(turned, sine))

    kept = []

    def with_past(name: str, x: Any) -> Any:
        # OpenVINO knows this form of a cache by its parts, and appends in place; the beam, too,
        # is there for that only.
        about = openvino.op.util.VariableInfo()
        about.data_shape = openvino.PartialShape([-1, pairs, -1, size])
        about.data_type = openvino.Type.f32
        about.variable_id = name
        variable = openvino.op.util.Variable(about)
        none = ops.constant(np.zeros((1, pairs, 0, size), dtype=np.float32))
        past = ops.gather(openvino.op.read_value(none, variable), beam, np.array(0))
        whole = ops.concat([past, x], 2)
        kept.append(openvino.op.assign(whole, variable))
        shape = ops.shape_of(whole, "i64")
        wanted = ops.concat(
            [
                ops.gather(shape, numbers(0, 1), np.array(0)),
                numbers(heads // pairs),
                ops.gather(shape, numbers(2, 3), np.array(0)),
            ],
            0,
        )
        shared = ops.broadcast(ops.unsqueeze(whole, numbers(2)), wanted, None, "BIDIRECTIONAL")
        return ops.reshape(shared, numbers(0, heads, -1, size), True)

    x = embedded
    for n in range(settings["layers"]):
        layer = f"blk.{n}"
        y = normed(x, f"{layer}.attn_norm")
        query = rotated(split(dense(y, f"{layer}.attn_q", bias=True), heads))
        key = rotated(split(dense(y, f"{layer}.attn_k", bias=True), pairs))
        value = split(dense(y, f"{layer}.attn_v", bias=True), pairs)
        attended = ops.scaled_dot_product_attention(
            query, with_past(f"key {n}", key), with_past(f"value {n}", value), unseen
        )
        joined = ops.reshape(
            ops.transpose(attended, numbers(0, 2, 1, 3)), numbers(0, 0, width), True
        )
        x = ops.add(x, dense(joined, f"{layer}.attn_output"))
        y = normed(x, f"{layer}.ffn_norm")
        gate = ops.swish(dense(y, f"{layer}.ffn_gate"))
        x = ops.add(x, dense(ops.multiply(gate, dense(y, f"{layer}.ffn_up")), f"{layer}.ffn_down"))
    ends = ops.constant(np.array([_NO_END], dtype=np.int32))
    one = ops.constant(np.array([1], dtype=np.int32))
    x = normed(ops.slice(x, first, ends, one, one), "output_norm")
    next_ = dense(x, "token_embd" if settings["tied"] else "output")
    inputs = [embedded, positions, unseen, beam, first]
    return openvino.Model([ops.result(next_)], kept, inputs, "Qwen2")
