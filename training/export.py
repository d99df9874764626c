"""Write a trained selector as ONNX, in float32 and dynamically quantised to int8.

python export.py selector --out .
"""

import argparse
import os
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before onnxruntime is imported: 1.32 reports by default
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModelForSequenceClassification, AutoTokenizer

NAMES = ("input_ids", "attention_mask", "token_type_ids")


class Logits(torch.nn.Module):
    """Token ids [n, length] to one logit per pair [n]."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        found = self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        )
        return found.logits[:, 0]


def export(trained: Path, out: Path) -> None:
    """Write `selector.fp32.onnx`, `selector.onnx` (int8) and `tokenizer.json` to `out`."""
    model = AutoModelForSequenceClassification.from_pretrained(trained, attn_implementation="eager")
    tokenizer = AutoTokenizer.from_pretrained(trained)
    sample = tokenizer(["a b?", "c?"], ["d e f", "g"], padding=True, return_tensors="pt")
    axes = {name: {0: "n", 1: "length"} for name in NAMES}
    out.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        Logits(model.eval()),
        tuple(sample[name] for name in NAMES),
        out / "selector.fp32.onnx",
        input_names=list(NAMES),
        output_names=["logits"],
        dynamic_axes={**axes, "logits": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(
        out / "selector.fp32.onnx",
        out / "selector.onnx",
        per_channel=True,
        weight_type=QuantType.QInt8,
    )
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.save(str(out / "tokenizer.json"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trained", type=Path)
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args()
    export(options.trained, options.out)
