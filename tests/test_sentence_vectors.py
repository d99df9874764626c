"""The network that a question is compared with sentences by; its file is in the repository."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.embedding import EXACT_EMBEDDER, SentenceEmbedder
from index.networks import Network
from index.text import sentence_spans
from index.types import BriefError
from qa.sentence_vectors import SentenceVectors
from tests.conftest import REPORT
from tests.fakes import BagOfWords

ODD = ["", " ", "a", "Мали вышла из ЭКОВАС.", "🙂 🇲🇱", "é" * 400, "Goïta " * 999, "\x00"]


def sentences() -> list[str]:
    text = REPORT.read_text("utf-8")
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.model
def test_cosines_are_almost_those_of_the_exact_embedder():
    texts = sentences()
    ours, exact = SentenceVectors().of(texts), SentenceEmbedder(EXACT_EMBEDDER).embed(texts)
    assert ours.shape == exact.shape
    off = (ours @ ours.T - exact @ exact.T)[np.triu_indices(len(texts), 1)]
    assert np.sqrt(np.mean(off**2)) < 0.02


def test_vectors_have_unit_length_whatever_the_text():
    found = SentenceVectors().of(ODD)
    assert found.shape == (len(ODD), 384)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)  # as half precision has it


def test_a_vector_does_not_depend_on_what_else_is_asked_for_or_by_whom():
    texts = sentences()[:24]
    together = SentenceVectors().of(texts)
    alone = np.concatenate([SentenceVectors().of([text]) for text in texts])
    assert np.array_equal(together, alone)
    with ThreadPoolExecutor(4) as visitors:
        asked = [visitors.submit(SentenceVectors().of, texts) for _ in range(8)]
        assert all(np.array_equal(each.result(), together) for each in asked)


def test_so_many_vectors_are_remembered_the_newest():
    embedder = BagOfWords("any")
    remembered = SentenceVectors(embedder.embed, most=3)
    for _ in range(2):
        assert remembered.of(["a", "b", "a"]).shape[0] == 3
    assert embedder.embedded == ["a", "b"]
    remembered.of(["c", "d"])  # in place of the first
    remembered.of(["b", "c", "d", "a"])
    assert embedder.embedded[2:] == ["c", "d", "a"]


def test_another_file_than_that_of_this_version_is_refused(tmp_path: Path):
    (tmp_path / "minilm.onnx").write_bytes(b"something else")
    with pytest.raises(BriefError, match=r"git checkout -- \S+/minilm\.onnx"):
        Network(tmp_path / "minilm.onnx", "another", max_tokens=256).outputs(["a"])
