"""A GGUF file's weights as 8-bit integers, made once and then mapped into memory."""

import json
import logging
import mmap
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

_ARCHITECTURE = "qwen2"
_FORMAT = 1  # of the folder: to be raised whenever what is written changes
_DTYPES = {"I8": np.int8, "F16": np.float16, "F32": np.float32}
_SETTINGS = {
    "layers": "block_count",
    "width": "embedding_length",
    "heads": "attention.head_count",
    "pairs": "attention.head_count_kv",
    "epsilon": "attention.layer_norm_rms_epsilon",
    "base": "rope.freq_base",
}
# How Qwen2's tokeniser cuts text before it joins bytes, from the tokenizer.json of its publisher.
_CUT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

log = logging.getLogger(__name__)

Tensors = Mapping[str, NDArray[Any]]


def is_fast_here() -> bool:
    """Return whether this processor multiplies 8-bit integers in one step (AVX-512 VNNI).

    Elsewhere OpenVINO would reckon in float32, and llama.cpp is faster.
    """
    # NumPy's own look at the processor; a test holds it against /proc/cpuinfo.
    from numpy._core import _multiarray_umath  # type: ignore[attr-defined]

    return bool(getattr(_multiarray_umath, "__cpu_features__", {}).get("AVX512VNNI"))


def prepared(gguf: Path, on_making: Callable[[], None] = lambda: None) -> Path:
    """Return the folder of a file's weights as integers, which is made where it is missing.

    It is beside the file, whole or not there, takes a byte for each weight, and is made in half a
    minute by one process at a time, after `on_making` was called. Each row of a matrix has one
    scale (LLM.int8(), Dettmers et al. 2022, section 2.1) and no outliers apart: what a matrix is
    multiplied with has a scale for each small group (`qa.int8.network`).

    Raises:
        OSError: it cannot be written.
        ValueError: the file is not of a Qwen2 model.
    """
    folder = gguf.with_name(f"{gguf.stem}.int8-{_FORMAT}-{gguf.stat().st_size}")
    if folder.exists():
        return folder
    on_making()
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not folder.exists():  # another process made it meanwhile
            part = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            try:
                _write_elsewhere(gguf, part)
                part.rename(folder)
                for other in set(gguf.parent.glob(f"{gguf.stem}.int8-*/")) - {folder}:
                    shutil.rmtree(other, ignore_errors=True)  # of another version
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return folder


class Mapped:
    """The weights of a prepared folder, in memory only as far as they are read.

    `settings` are the network's: layers, width, heads, pairs (of keys and values), epsilon, base
    (of the rotation), end (the token that ends a turn). `tensors` are named as in the GGUF file,
    int8 of shape (outputs, inputs) with a `.scale` of shape (outputs, 1), or float32.
    """

    def __init__(self, folder: Path) -> None:
        """Map the files of a folder.

        Raises:
            OSError, ValueError: they are not there, or not what `prepared` writes.
        """
        self.settings: dict[str, Any] = json.loads((folder / "settings.json").read_text("utf-8"))
        self._files: list[mmap.mmap] = []
        self.tensors: Tensors = dict(
            item for path in sorted(folder.glob("*.safetensors")) for item in self._of(path)
        )

    def _of(self, path: Path) -> Iterator[tuple[str, NDArray[Any]]]:
        # The safetensors package copies what it reads. OpenVINO uses memory without a copy only
        # where it could write, which it does not.
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        self._files.append(mapped)
        begin = 8 + int.from_bytes(mapped[:8], "little")
        for name, about in json.loads(mapped[8:begin]).items():
            if name != "__metadata__":
                start, end = about["data_offsets"]
                dtype = np.dtype(_DTYPES[about["dtype"]])
                count = (end - start) // dtype.itemsize
                flat = np.frombuffer(mapped, dtype, count, begin + start)
                yield name, flat.reshape(about["shape"])

    @contextmanager
    def forgotten(self, every_s: float = 0.1) -> Iterator[None]:
        """Give the memory back, all along, that what was read of the files takes.

        OpenVINO lays each matrix out anew as it is first used, and would for a moment have all of
        them twice. What is read again comes from the system's cache, or from disk.
        """
        over = threading.Event()

        def again_and_again() -> None:
            while not over.wait(every_s):
                self.forget()

        thread = threading.Thread(target=again_and_again, name="forget", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.forget()

    def forget(self) -> None:
        """Give back the memory of what was read (0.2 ms), where the system can do that."""
        if hasattr(mmap, "MADV_DONTNEED"):
            for mapped in self._files:
                mapped.madvise(mmap.MADV_DONTNEED)


def _write_elsewhere(gguf: Path, folder: Path) -> None:
    # In a process of its own, as reading the file takes a gigabyte that would not be given back.
    command = [sys.executable, "-m", "qa.int8", str(gguf), str(folder)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise OSError(f"{gguf} could not be prepared ({said[-1] if said else done.returncode})")


def write(gguf: Path, folder: Path) -> None:
    """Write a file's weights as integers into a folder, as `prepared` does."""
    from gguf import GGUFReader
    from safetensors.numpy import save_file

    reader = GGUFReader(gguf)

    def field(name: str) -> Any:
        if name not in reader.fields:
            raise ValueError(f"{gguf} says nothing of {name}")
        return reader.fields[name].contents()

    if field("general.architecture") != _ARCHITECTURE:
        raise ValueError(f"{gguf} is not of a Qwen2 model")
    settings = {key: field(f"{_ARCHITECTURE}.{name}") for key, name in _SETTINGS.items()}
    settings["end"] = field("tokenizer.ggml.eos_token_id")
    names = [tensor.name for tensor in reader.tensors]
    settings["tied"] = "output.weight" not in names  # then the words' own vectors are the output
    groups: dict[str, list[Any]] = {}
    for tensor in reader.tensors:
        group = "-".join(tensor.name.split(".")[:2]) if tensor.name.startswith("blk") else "ends"
        groups.setdefault(group, []).append(tensor)
    for group, tensors in groups.items():  # a file each: all at once would take 1.8 GB of memory
        path = folder / f"{group}.safetensors"
        save_file(dict(item for tensor in tensors for item in _integers(tensor)), path)
        _sync(path)
    _tokenizer(field("tokenizer.ggml.tokens"), field("tokenizer.ggml.merges")).save(
        str(folder / "tokenizer.json")
    )
    (folder / "settings.json").write_text(json.dumps(settings), "utf-8")
    _sync(folder / "tokenizer.json")
    _sync(folder / "settings.json")


def _integers(tensor: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    from gguf import dequantize

    shape = [int(n) for n in reversed(tensor.shape)]
    weights = dequantize(tensor.data, tensor.tensor_type).reshape(shape)
    if len(shape) == 1:
        yield tensor.name, weights.astype(np.float32)
        return
    scale = np.maximum(weights.max(axis=1), -weights.min(axis=1))[:, None] / 127
    scale[scale == 0] = 1
    # Rounded as it will be multiplied with, so that the integers make up for it.
    scale = scale.astype(np.float16).astype(np.float32)
    weights = weights / scale  # a copy: those of some kinds are the file's own
    np.rint(weights, out=weights)
    yield tensor.name, np.clip(weights, -127, 127, out=weights).astype(np.int8)
    yield f"{tensor.name}.scale", scale.astype(np.float16)


def _tokenizer(tokens: list[str], merges: list[str]) -> Any:
    """Return the byte-level BPE of Qwen2, without the tokens that no text may hold."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

    pairs = [(first, second) for first, _, second in (merge.partition(" ") for merge in merges)]
    tokenizer = Tokenizer(models.BPE({token: n for n, token in enumerate(tokens)}, pairs))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_CUT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
