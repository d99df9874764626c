"""The shipped cross-encoder itself: its file is in the repository, so nothing here is skipped."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.memory import MemoryLibrary
from index.reading import parse_document
from index.types import BriefError
from qa.broad import Gatherer
from qa.candidates import candidates
from qa.cross_encoder import CrossEncoder
from qa.evidence import Selector
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
    none = shortlist(
        Featurizer(cross_encoder),
        QUESTION,
        found,
        worth=lambda read, others: np.zeros(len(others), dtype=bool),
    )
    assert none[0] == chosen[:4] and np.array_equal(none[1], features[:4])
    last = shortlist(
        Featurizer(cross_encoder),
        QUESTION,
        found,
        worth=lambda read, others: (others == features[11, 1:]).all(axis=1),
    )
    assert last[0] == [*chosen[:4], chosen[11]]
    assert np.array_equal(last[1], features[[0, 1, 2, 3, 11]])


class Scoring:
    """Gives each sentence the same logit and counts them."""

    def __init__(self, logit: float) -> None:
        self.logit, self.scored = logit, 0

    def logits(self, question, candidates):
        self.scored += len(candidates)
        return np.full(len(candidates), self.logit)


def selected(library, logit: float) -> Scoring:
    scoring = Scoring(logit)
    featurizer = Featurizer(scoring, SentenceVectors(BagOfWords().embed))
    Selector(library, featurizer).select(QUESTION, library.search(QUESTION, 12))
    return scoring


@pytest.mark.parametrize(("logit", "scored"), [(1.5, 4), (0, 8), (-4, 12)])
def test_more_is_read_until_one_is_enough(logit, scored):
    many = " ".join(f"Convoy number {n} lost {n + 2} trucks on the way to Gao." for n in range(30))
    library = MemoryLibrary([parse_document(f"{many} {TEXT}", name="gao")], BagOfWords().embed)
    assert selected(library, logit).scored == scored


def test_what_words_and_vector_speak_against_is_not_read():
    apart = " ".join(f"Shop {n} sells bread and oranges at noon." for n in range(30))
    library = MemoryLibrary([parse_document(f"{TEXT} {apart}", name="gao")], BagOfWords().embed)
    assert len(candidates(library.search(QUESTION, 12), library)) > 12
    assert selected(library, -4).scored == 4  # the text's own


def test_a_list_reads_what_could_stand_in_it(cross_encoder):
    """As with all that was shortlisted, of which most are about something else."""
    many = " ".join(f"Convoy number {n} lost {n + 2} trucks on the way to Gao." for n in range(3))
    apart = " ".join(f"Shop {n} sells bread and oranges at noon." for n in range(30))
    text = f"{many} {TEXT}\n\n{apart}"
    library = MemoryLibrary([parse_document(text, name="gao")], BagOfWords().embed)
    asked = "What does the report say about lost trucks?"

    def gathered(scorer):
        featurizer = Featurizer(scorer, SentenceVectors(BagOfWords().embed))
        return Gatherer(library, Selector(library, featurizer), featurizer).gather(asked)

    scoring = Scoring(-4)
    gathered(scoring)
    assert 4 <= scoring.scored < 12
    found = gathered(cross_encoder).evidence
    assert found and all("Shop" not in e.text for e in found)
