"""The evidence for a question: the few sentences that state its answer, and how sure that is."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.types import Hit, Library
from qa.candidates import Candidate, candidates
from qa.checking import negated
from qa.definitions import acronym_asked, spells_out
from qa.selection import (
    CHEAP,
    SENTENCE,
    Features,
    Featurizer,
    asks_one_fact,
    shortlist,
    sigmoid,
)
from qa.types import Evidence
from qa.viewpoints import viewpoint

PASSAGES = 12  # that a search gives to select from
WIDE = 40  # passages where one section is not enough; a report of ten pages has about as many
MAX_EVIDENCE = 4
# The model reads some 70 tokens a second on two cores. Of 121 questions about the report (all that
# need no conversation) as many have all that their answer needs with this bound as without.
_ALWAYS, _MAX_WORDS = 2, 100  # pieces of evidence, and words of these and the others together
# A sentence so much less likely than the best (in logits) costs the model time and tempts it. The
# second for a question of one fact whose best sentence has a logit of the third: by that no answer
# of 163 in this project's questions is lost to it, 2 of 333 of SQuAD 2.0 articles that trained
# nothing, and the median question has 36 words of evidence in place of 42. Why and how need more.
_BEHIND_BEST, _BEHIND_LIKELY, _LIKELY = 2.0, 1.3, -1.5
# The cross-encoder's best logit after four sentences, and after eight, from which on it need not
# read the others. Of 337 questions of one report, of seven documents and of 10,000 passages, 172
# end so, 96 of them after four, all with the evidence that twelve give.
_ENOUGH = {4: 1.0, 8: -1.0}
# Nor need it read a sentence whose words and vector say so much less (in logits) than the best's:
# by that none of 728 questions of the same libraries has other first two pieces or is declined
# before the model is asked where it was not, and 20 have other pieces further down.
_FAR = 3.0
_OF_ONE_DOCUMENT = 2  # pieces, where others have some as well: each is to be heard
_SURE = 3.0  # a logit: 0.95
_MAX_CHARS = 700  # of one piece of evidence, so that four fit into the prompt


@dataclass(frozen=True, slots=True)
class Selection:
    """Evidence, best first, and two logits of how far anything states the answer.

    `sentence` is the fitted logit of the best sentence, `cross_encoder` the best of its own: the
    first ranks better, the second tells "none of them" better. `silent` is whom the question asks
    about something that they say nothing of; there is no evidence then. `undenied` is whether the
    question denies something ("who did not sign?") and the best evidence does not.
    """

    evidence: tuple[Evidence, ...]
    sentence: float
    cross_encoder: float
    silent: str = ""
    undenied: bool = False


class Selector:
    """Selects evidence from the passages that a search found."""

    def __init__(self, library: Library, featurizer: Featurizer) -> None:
        self._library = library
        self._featurizer = featurizer

    def select(self, question: str, hits: Sequence[Hit]) -> Selection:
        """Return the evidence for a question among the sentences of `hits`.

        If it asks for somebody's view, only theirs count, and more passages are searched for them.
        """
        view = viewpoint(question)
        if view:
            hits = self._library.search(question, WIDE)
        found = candidates(hits, self._library)
        if not found:
            return Selection((), -math.inf, -math.inf)
        if view:
            found = [c for c in found if view.holds(c)]
            if not found or not view.covered(found):
                return Selection((), -math.inf, -math.inf, silent=view.speaker)
        found, features = shortlist(self._featurizer, question, found, worth=_worth)
        acronym = acronym_asked(question)
        told = [bool(acronym) and spells_out(c.text, acronym) for c in found]
        features[told, 0] = np.maximum(features[told, 0], _SURE)
        logits = SENTENCE.logits(features)
        logits[told] = np.maximum(logits[told], _SURE)
        order = np.argsort(-logits, kind="stable")
        best = float(logits[order[0]])
        few = best > _LIKELY and asks_one_fact(question)
        behind = _BEHIND_LIKELY if few else _BEHIND_BEST
        near = [i for i in order.tolist() if logits[i] >= best - behind]
        chosen: list[Evidence] = []
        for i in _spread(near, [c.passage.document_id for c in found])[:MAX_EVIDENCE]:
            self.put(self.evidence(found[i], sigmoid(float(logits[i]))), chosen)
        chosen = _first_words(chosen)
        undenied = negated(question) and not negated(chosen[0].text)
        return Selection(tuple(chosen), best, float(features[:, 0].max()), undenied=undenied)

    def put(self, piece: Evidence, chosen: list[Evidence]) -> None:
        """Add a piece of evidence, or let one that shares sentences with it grow by them."""
        for n, other in enumerate(chosen):
            same = other.passage.document_id == piece.passage.document_id
            if same and other.start < piece.end and piece.start < other.end:
                start, end = min(piece.start, other.start), max(piece.end, other.end)
                text = self._library.document(other.passage.document_id).text[start:end]
                speaker = other.speaker or piece.speaker
                chosen[n] = replace(other, start=start, end=end, text=text, speaker=speaker)
                return
        chosen.append(piece)

    def evidence(self, candidate: Candidate, probability: float) -> Evidence:
        """Return a sentence with the neighbours that it leans on or that lean on it."""
        start = candidate.start
        # A sentence that leans on the one before it is no evidence alone, and the one that leans
        # on it often holds the rest of the answer: "Those signatories are …".
        if candidate.leans_back and candidate.end - candidate.context_start <= _MAX_CHARS:
            start = candidate.context_start
        end = (
            candidate.followed_to if candidate.followed_to - start <= _MAX_CHARS else candidate.end
        )
        text = self._library.document(candidate.passage.document_id).text[start:end]
        return Evidence(candidate.passage, start, end, text, probability, candidate.speaker)


def _worth(read: Features, others: Features) -> NDArray[np.bool_]:
    """Return which sentences the cross-encoder should read as well (`qa.selection.Worth`)."""
    if read[:, 0].max() >= _ENOUGH.get(len(read), math.inf):
        return np.zeros(len(others), dtype=bool)
    best = CHEAP.logits(read[:, 1:]).max()
    return np.asarray(CHEAP.logits(others) >= best - _FAR)


def _first_words(pieces: Sequence[Evidence]) -> list[Evidence]:
    """Return the first pieces: `_ALWAYS` so many, and more as long as they have `_MAX_WORDS`."""
    kept: list[Evidence] = []
    words = 0
    for piece in pieces:
        words += len(piece.text.split())
        if len(kept) >= _ALWAYS and words > _MAX_WORDS:
            break
        kept.append(piece)
    return kept


def _spread(order: Sequence[int], documents: Sequence[str]) -> list[int]:
    """Return an order in which no document has more than two sentences before others had theirs.

    >>> _spread([0, 1, 2, 3, 4], ["a", "a", "a", "b", "a"])
    [0, 1, 3, 2, 4]
    """
    seen = Counter[str]()
    rounds = []
    for i in order:
        rounds.append(seen[documents[i]] // _OF_ONE_DOCUMENT)
        seen[documents[i]] += 1
    return [i for _, i in sorted(zip(rounds, order, strict=True), key=lambda pair: pair[0])]
