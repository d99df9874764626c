"""Write the exported selector (int8) anew, with the same weights, a third faster.

python -m training.fuse selector.onnx --out qa/selector.onnx   # needs onnx as well

Of the last layer only the first token is read, which alone counts for a score; each matrix is
multiplied by one operator of onnxruntime that also makes integers of what comes in; and there is
no mask, as each pair is scored alone, in a loop. A score differs from that of `training.export` as
far as the scales of int8 do, by 0.03 (root mean square of a logit), where int8 itself costs 0.2.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LAYERS, HEADS, WIDTH, EPSILON = 6, 12, 384, 1e-12  # of all-MiniLM-L6-v2
CONTRIB = "com.microsoft"


class Graph:
    """BERT in operators of ONNX, in the order of their use.

    `tensors` are named as BERT's, those of embeddings with `_quantized`, `_scale` and `_zero_point`.
    `matrices` are int8 [inputs, outputs] with a scale for each output; `smoothing` has numbers that
    what comes into some of them is multiplied by before.
    """

    def __init__(self, tensors: dict, matrices: dict, smoothing: dict | None = None) -> None:
        self.nodes, self.constants = [], {}
        self._tensors, self._matrices, self._smoothing = tensors, matrices, smoothing or {}

    def node(self, kind: str, *inputs: str, output: str = "", domain: str = "", **how) -> str:
        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **how))
        return output

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants[name] = numpy_helper.from_array(value, name)
        return name

    def numbers(self, *values: int) -> str:
        return self.constant(f"numbers {values}", np.array(values, np.int64))

    def number(self, value: int) -> str:
        return self.constant(f"number {value}", np.array(value, np.int64))

    def tensor(self, name: str) -> str:
        return self.constant(name, self._tensors[name])

    def embedded(self, of: str, ids: str) -> str:
        name = f"embeddings.{of}_embeddings.weight"
        rows = self.node("Gather", self.tensor(f"{name}_quantized"), ids)
        scale, zero = self.tensor(f"{name}_scale"), self.tensor(f"{name}_zero_point")
        return self.node("DequantizeLinear", rows, scale, zero)

    def positions(self) -> str:
        length = self.node("Gather", self.node("Shape", "input_ids"), self.number(1), axis=0)
        return self.node("Range", self.number(0), length, self.number(1))

    def dense(self, x: str, name: str) -> str:
        if name in self._smoothing:
            x = self.node("Mul", x, self.constant(f"{name}.smoothing", self._smoothing[name]))
        matrix, scale = self._matrices[name]
        scales = np.broadcast_to(scale, matrix.shape[1:]).astype(np.float32)
        weight = self.constant(f"{name}.weight", matrix)
        scaled = self.constant(f"{name}.scale", scales)
        bias = self.tensor(f"{name}.bias")
        return self.node("DynamicQuantizeMatMul", x, weight, scaled, "", bias, domain=CONTRIB)

    def normed(self, x: str, name: str) -> str:
        weight, bias = self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias")
        return self.node("LayerNormalization", x, weight, bias, axis=-1, epsilon=EPSILON)

    def heads(self, x: str, order: list[int]) -> str:
        split = self.node("Reshape", x, self.numbers(0, -1, HEADS, WIDTH // HEADS))
        return self.node("Transpose", split, perm=order)

    def first(self, x: str) -> str:
        return self.node("Slice", x, self.numbers(0), self.numbers(1), self.numbers(1))

    def layer(self, x: str, number: int, asking: str) -> str:
        """Return what a layer makes of the tokens `asking`, which read all of `x`."""
        name = f"encoder.layer.{number}"
        query = self.heads(self.dense(asking, f"{name}.attention.self.query"), [0, 2, 1, 3])
        key = self.heads(self.dense(x, f"{name}.attention.self.key"), [0, 2, 3, 1])
        value = self.heads(self.dense(x, f"{name}.attention.self.value"), [0, 2, 1, 3])
        root = self.constant("root", np.array((WIDTH // HEADS) ** -0.5, np.float32))
        alike = self.node("Mul", self.node("MatMul", query, key), root)
        read = self.node("MatMul", self.node("Softmax", alike, axis=-1), value)
        read = self.node("Transpose", read, perm=[0, 2, 1, 3])
        read = self.node("Reshape", read, self.numbers(0, -1, WIDTH))
        output = f"{name}.attention.output"
        added = self.node("Add", self.dense(read, f"{output}.dense"), asking)
        x = self.normed(added, f"{output}.LayerNorm")
        wide = self.node("Gelu", self.dense(x, f"{name}.intermediate.dense"), domain=CONTRIB)
        added = self.node("Add", self.dense(wide, f"{name}.output.dense"), x)
        return self.normed(added, f"{name}.output.LayerNorm")

    def save(self, path: Path, inputs: list[str], output: str, shape: list[int]) -> None:
        """Write it for one text: inputs int64 [1, length], one output float32."""
        info = helper.make_tensor_value_info
        made = helper.make_graph(
            self.nodes,
            path.stem,
            [info(i, TensorProto.INT64, [1, "length"]) for i in inputs],
            [info(output, TensorProto.FLOAT, shape)],
            list(self.constants.values()),
        )
        _write(made, path)

    def save_loop(self, path: Path, inputs: list[str], output: str, shape: list[int]) -> None:
        """Write it as a loop over texts, which reads one after the other.

        Inputs int64: the tokens of all texts [all tokens] and where each of these `ends` in them
        [texts]; one output float32 [texts, *shape]. Python has other threads go on while a network
        is run, and waits for them after: so it is run once for many texts.
        """
        node, info, zero = helper.make_node, helper.make_tensor_value_info, self.numbers(0)
        text = [
            node("Gather", ["starts", "turn"], ["first"]),
            node("Gather", ["ends", "turn"], ["last"]),
            node("Unsqueeze", ["first", zero], ["start"]),
            node("Unsqueeze", ["last", zero], ["end"]),
        ]
        for name in inputs:
            text.append(node("Slice", [f"all_{name}", "start", "end"], [f"cut_{name}"]))
            text.append(node("Unsqueeze", [f"cut_{name}", zero], [name]))
        row = [node("Squeeze", [output, zero], ["row"]), node("Identity", ["go"], ["goes"])]
        body = helper.make_graph(
            [*text, *self.nodes, *row],
            "text",
            [info("turn", TensorProto.INT64, []), info("go", TensorProto.BOOL, [])],
            [info("goes", TensorProto.BOOL, []), info("row", TensorProto.FLOAT, shape)],
            list(self.constants.values()),
        )
        constants = {"none": np.array([0]), "but one": np.array([-1]), "always": np.array(True)}
        texts = helper.make_graph(
            [
                node("Slice", ["ends", "none", "but one"], ["others"]),
                node("Concat", ["none", "others"], ["starts"], axis=0),
                node("Size", ["ends"], ["texts"]),
                node("Loop", ["texts", "always"], [f"all_{output}"], body=body),
            ],
            path.stem,
            [
                *(info(f"all_{i}", TensorProto.INT64, ["all tokens"]) for i in inputs),
                info("ends", TensorProto.INT64, ["texts"]),
            ],
            [info(f"all_{output}", TensorProto.FLOAT, ["texts", *shape])],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        )
        _write(texts, path)


def _write(made: onnx.GraphProto, path: Path) -> None:
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(CONTRIB, 1)]
    onnx.save(helper.make_model(made, opset_imports=opsets, ir_version=8), path)


def fuse(exported: onnx.ModelProto, path: Path) -> None:
    """Write the network: `input_ids` and `token_type_ids` to one of `all_logits` for each pair."""
    found = {t.name: numpy_helper.to_array(t) for t in exported.graph.initializer}
    # Matrices have names of the exporter's own; the operators that use them tell which they are.
    matrices = {}
    for node in exported.graph.node:
        if node.op_type == "MatMulInteger":
            matrix = next(i for i in node.input if i.endswith("_quantized") and i in found)
            scale = found[f"{matrix.removesuffix('_quantized')}_scale"]
            name = node.name.rpartition("/")[0].strip("/").replace("/", ".")
            matrices[_plain(name)] = found[matrix], scale
    graph = Graph({_plain(name): array for name, array in found.items()}, matrices)
    x = graph.embedded("word", "input_ids")
    x = graph.node("Add", x, graph.embedded("token_type", "token_type_ids"))
    x = graph.node("Add", x, graph.embedded("position", graph.positions()))
    x = graph.normed(x, "embeddings.LayerNorm")
    for number in range(LAYERS):
        x = graph.layer(x, number, graph.first(x) if number == LAYERS - 1 else x)
    pooled = graph.node("Tanh", graph.dense(x, "pooler.dense"))
    logit = graph.dense(pooled, "classifier")
    graph.node("Reshape", logit, graph.numbers(-1), output="logits")
    graph.save_loop(path, ["input_ids", "token_type_ids"], "logits", [])


def _plain(name: str) -> str:
    return name.removeprefix("model.").removeprefix("bert.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exported", type=Path)
    parser.add_argument("--out", type=Path, default=Path("qa/selector.onnx"))
    options = parser.parse_args()
    fuse(onnx.load(options.exported), options.out)
