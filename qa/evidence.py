"""The evidence for a question: the few sentences that state its answer, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.types import Hit, Library
from qa.candidates import Candidate, candidates
from qa.selection import ANSWERABLE, SENTENCE, Featurizer, answer_features
from qa.types import Evidence

MAX_EVIDENCE = 4
# A sentence this much less likely than the best costs the model time and tempts it.
_SHARE_OF_BEST = 0.3
_MAX_CHARS = 700  # of one piece of evidence, so that four fit into the prompt


@dataclass(frozen=True, slots=True)
class Selection:
    """Evidence, best first, and the probability (0 to 1) that it states the answer."""

    evidence: tuple[Evidence, ...]
    probability: float


class Selector:
    """Selects evidence from the passages that a search found."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._featurizer = Featurizer(library)

    def select(self, question: str, hits: Sequence[Hit]) -> Selection:
        """Return the evidence for a question among the sentences of `hits`."""
        found = candidates(hits, self._library)
        if not found:
            return Selection((), 0.0)
        features = self._featurizer.features(question, found)
        probabilities = SENTENCE.probability(features)
        order = sorted(range(len(found)), key=lambda i: -probabilities[i])
        best = probabilities[order[0]]
        chosen: list[Evidence] = []
        for i in order:
            if len(chosen) == MAX_EVIDENCE or probabilities[i] < _SHARE_OF_BEST * best:
                break
            self._put(self._evidence(found[i], float(probabilities[i])), chosen)
        overall = ANSWERABLE.probability(answer_features(features, probabilities)[None, :])[0]
        return Selection(tuple(chosen), float(overall))

    def _put(self, piece: Evidence, chosen: list[Evidence]) -> None:
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

    def _evidence(self, candidate: Candidate, probability: float) -> Evidence:
        start = candidate.start
        # A sentence that leans on the one before it is no evidence alone.
        if candidate.leans_back and candidate.end - candidate.context_start <= _MAX_CHARS:
            start = candidate.context_start
        text = self._library.document(candidate.passage.document_id).text[start : candidate.end]
        return Evidence(
            candidate.passage, start, candidate.end, text, probability, candidate.speaker
        )
