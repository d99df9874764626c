"""The shipped cross-encoder itself: its file is in the repository, so nothing here is skipped."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.memory import MemoryLibrary
from index.reading import parse_document
from index.types import BriefError
from qa.candidates import candidates
from qa.cross_encoder import CrossEncoder
from qa.selection import FEATURES, Featurizer, shortlist
from qa.sentence_vectors import SentenceVectors
from tests.fakes import BagOfWords

TEXT = (
    "The mission left Gao in October. Its convoy took nine days, and three trucks were lost on the "
    "way. Officials in the town said nothing about the reasons. Rain had closed the shorter road."
)
QUESTION = "How many trucks were lost?"


@pytest.fixture(scope="module")
def cross_encoder() -> CrossEncoder:
    return CrossEncoder()


def sentences():
    library = MemoryLibrary([parse_document(TEXT, name="gao", title="Gao")], BagOfWords().embed)
    return candidates(library.search(QUESTION, 3), library)


def test_the_sentence_that_states_the_answer_is_above_none_of_them_and_the_others(cross_encoder):
    found = sentences()
    logits = cross_encoder.logits(QUESTION, found)
    assert logits.shape == (4,)
    best = int(np.argmax(logits))
    assert "three trucks" in found[best].text
    assert logits[best] > 0 > np.delete(logits, best).max()


def test_a_score_does_not_depend_on_what_else_is_scored(cross_encoder):
    found = sentences()
    together = cross_encoder.logits(QUESTION, found)
    alone = [float(cross_encoder.logits(QUESTION, [c])[0]) for c in found]
    assert together.tolist() == alone


def test_several_may_ask_at_once(cross_encoder):
    found = sentences()
    one = cross_encoder.logits(QUESTION, found).tolist()
    with ThreadPoolExecutor(4) as visitors:
        asked = [visitors.submit(cross_encoder.logits, QUESTION, found) for _ in range(12)]
        assert all(each.result().tolist() == one for each in asked)


def test_nothing_to_score_needs_no_model(tmp_path: Path):
    assert CrossEncoder(tmp_path / "none.onnx").logits(QUESTION, []).shape == (0,)


def test_another_file_than_that_of_this_version_is_refused(tmp_path: Path):
    (tmp_path / "selector.onnx").write_bytes(b"something else")
    with pytest.raises(BriefError, match="git checkout"):
        CrossEncoder(tmp_path / "selector.onnx").logits(QUESTION, sentences())


def test_only_what_shares_most_words_with_the_question_is_embedded_and_scored(cross_encoder):
    many = " ".join(f"Convoy number {n} lost {n + 2} trucks on the way to Gao." for n in range(90))
    embedder = BagOfWords()
    library = MemoryLibrary([parse_document(f"{many} {TEXT}", name="gao")], embedder.embed)
    found = candidates(library.search(QUESTION, 12), library)
    assert len(found) > 60
    embedder.embedded.clear()
    chosen, features = shortlist(Featurizer(cross_encoder), QUESTION, found)
    assert (len(chosen), features.shape) == (12, (12, len(FEATURES)))
    assert len(embedder.embedded) <= 1 + 24  # the question as well
    few, same = shortlist(Featurizer(cross_encoder), QUESTION, found, enough=(0.0,))
    assert few == chosen[:4] and features[:4, 0].max() > 0
    assert np.array_equal(same, features[:4])


@pytest.mark.parametrize(("enough", "scored"), [((99, -99), 8), ((99, 99), 12), ((), 12)])
def test_more_is_read_until_one_is_enough(cross_encoder, enough, scored):
    many = " ".join(f"Convoy number {n} lost {n + 2} trucks on the way to Gao." for n in range(30))
    library = MemoryLibrary([parse_document(f"{many} {TEXT}", name="gao")], BagOfWords().embed)
    found = candidates(library.search(QUESTION, 12), library)
    chosen, features = shortlist(Featurizer(cross_encoder), QUESTION, found, enough=enough)
    assert (len(chosen), len(features)) == (scored, scored)


def test_what_words_and_vector_speak_against_is_not_read(cross_encoder):
    apart = " ".join(f"Shop {n} sells bread and oranges at noon." for n in range(30))
    library = MemoryLibrary([parse_document(f"{TEXT} {apart}", name="gao")], BagOfWords().embed)
    found = candidates(library.search(QUESTION, 12), library)
    vectors = SentenceVectors(BagOfWords().embed)
    all_, _ = shortlist(Featurizer(cross_encoder, vectors), QUESTION, found)
    near, _ = shortlist(Featurizer(cross_encoder, vectors), QUESTION, found, enough=(99, 99))
    assert len(all_) == 12
    assert near == all_[: len(near)] and 4 <= len(near) < 12
    assert any("three trucks" in c.text for c in near)
