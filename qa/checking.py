"""Holds an answer's sentence against the evidence it cites. Deterministic, and gives reasons.

Nothing here knows the whole document: a figure that stands elsewhere in it does not count.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.text import fold, rarity, sentence_spans, stem, words
from qa.figures import figures, name_known, names, without_figures
from qa.selection import FUNCTION_WORDS

# Share of the sentence's meaning-bearing words, weighted by rarity, that the evidence must have.
# Chosen by hand, not yet measured on wice or summedits; below it a sentence says too much itself.
WORDING = 0.6
# A sentence with a figure must also be about what is counted: "three hundred left" shares all but
# one word with "three hundred were killed".
WORDING_WITH_FIGURE = 0.75
_CONJUNCTION = re.compile(r"(?:,|;)?\s+(?:and|but|while|whereas)\s+|;\s+")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|\w+n['’]t)\b", re.I
)
_OPPOSITES = [
    ({"more"}, {"less", "fewer"}), ({"increase", "rise", "grow"}, {"decrease", "fall", "shrink"}),
    ({"double", "gain", "expand"}, {"halve", "lose", "half"}), ({"before"}, {"after"}),
    ({"join", "enter", "arrive"}, {"leave", "left", "withdraw"}),
    ({"north", "northern"}, {"south", "southern"}),
    ({"east", "eastern"}, {"west", "western"}), ({"strong", "strengthen"}, {"weak", "weaken"}),
    ({"first"}, {"second", "third", "last"}), ({"support", "praise"}, {"oppose", "condemn"}),
    ({"win", "won"}, {"lose", "lost"}), ({"accelerate", "speed"}, {"slow", "delay"}),
    ({"highest", "most"}, {"lowest", "least"}), ({"improve"}, {"worsen"}),
]  # fmt: skip
_OPPOSITE_STEMS = [({stem(w) for w in a}, {stem(w) for w in b}) for a, b in _OPPOSITES]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. `supported` is 0 to 1, 0.5 the threshold; `reasons` say what failed."""

    supported: float
    reasons: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the sentence may be shown as supported."""
        return self.supported >= 0.5


def check(sentence: str, evidence: str, *, granted: str = "") -> Verdict:
    """Check a sentence against the evidence it cites.

    Args:
        sentence: one sentence of an answer.
        evidence: the cited sentences, with their speaker.
        granted: words that need no support of their own, such as a name that the question asks
            about and that the passage around the evidence mentions. Never figures.

    >>> check("Three hundred peacekeepers left.", "More than one thousand peacekeepers left.")
    Verdict(supported=0.0, reasons=('the figure 300 is not in the evidence',))
    """
    allowed = f"{evidence} {granted}"
    reasons = [
        f"the figure {f:g} is not in the evidence"
        for f in sorted(figures(sentence) - figures(evidence))
    ]
    for name, _ in names(sentence):
        if not name_known(name, allowed):
            reasons.append(f"{name} is not in the evidence")
    if bool(_NEGATION.search(sentence)) and not _NEGATION.search(evidence):
        reasons.append("the evidence has no negation")
    reasons += _opposites(sentence, evidence)
    if reasons:
        return Verdict(0.0, tuple(reasons))
    # Names are checked; what is said of them must be there as well, or "Lewis leads ISIS" would
    # pass for a sentence that mentions both.
    share = min(wording(sentence, allowed), wording(_without_names(sentence), allowed))
    enough = WORDING_WITH_FIGURE if figures(sentence) else WORDING
    if share < enough:
        return Verdict(0.5 * share / enough, ("the wording is not that of the evidence",))
    return Verdict(0.5 + 0.5 * (share - enough) / (1 - enough))


def wording(sentence: str, evidence: str) -> float:
    """Return the share of a sentence's meaning-bearing words in the evidence, by rarity: 0..1.

    Figures do not count: they are checked apart.

    A sentence without such a word ("Yes.") says nothing that could be supported: 0.
    """
    have = {stem(w) for w in words(evidence)}
    said = words(without_figures(sentence)) or words(sentence)
    weights = {stem(w): rarity(w) for w in said if w not in FUNCTION_WORDS}
    total = sum(weights.values())
    if not total:
        return 0.0
    return sum(w for s, w in weights.items() if s in have or _alike(s, have)) / total


def _without_names(sentence: str) -> str:
    """Return a sentence without its names, or as it is where nothing else means anything."""
    rest = sentence
    for _, (start, end) in reversed(names(sentence)):
        rest = rest[:start] + rest[end:]
    meaning = set(words(without_figures(rest))) - FUNCTION_WORDS
    return rest if meaning else sentence


def _alike(own: str, have: set[str]) -> bool:
    """Return whether a word of the same family is there: "withdrawal" and "withdraw"."""
    return len(own) >= 5 and any(len(h) >= 5 and h[:5] == own[:5] for h in have)


def _opposites(sentence: str, evidence: str) -> list[str]:
    says = {stem(w) for w in words(sentence)}
    has = {stem(w) for w in words(evidence)}
    return [
        f"the evidence says the opposite of “{next(iter(says & mine))}”"
        for pair in _OPPOSITE_STEMS
        for mine, other in (pair, pair[::-1])
        if says & mine and not has & mine and has & other
    ]


def carried_by(
    sentence: str, evidence: Sequence[str], *, granted: Sequence[str]
) -> tuple[tuple[int, ...], Verdict]:
    """Return which evidence carries a sentence: one piece, or one for each of its two clauses.

    Two pieces are never read as one text: then "three hundred" of the one could be those who
    left in the other.

    Args:
        sentence: one sentence of an answer.
        evidence: the pieces that were shown to the model, best first.
        granted: for each piece, what `check` need not ask of it.
    """
    chosen, best = _best(sentence, evidence, granted)
    if best.passed:
        return (chosen,), best
    for cut in _CONJUNCTION.finditer(sentence):
        clauses = sentence[: cut.start()], sentence[cut.end() :]
        found = [_best(clause, evidence, granted) for clause in clauses]
        if all(verdict.passed for _, verdict in found):
            weakest = min((verdict for _, verdict in found), key=lambda v: v.supported)
            return tuple(sorted({i for i, _ in found})), weakest
    return ((chosen,) if evidence else ()), best


def _best(sentence: str, evidence: Sequence[str], granted: Sequence[str]) -> tuple[int, Verdict]:
    verdicts = [check(sentence, e, granted=g) for e, g in zip(evidence, granted, strict=True)]
    if not verdicts:
        return 0, Verdict(0.0, ("there is no evidence",))
    chosen = max(range(len(verdicts)), key=lambda i: verdicts[i].supported)
    return chosen, verdicts[chosen]


def attributed(sentence: str, speaker: str) -> bool:
    """Return whether a sentence says who said it, by surname or by a pronoun that speaks."""
    surname = fold(speaker).split()[-1]
    return surname in fold(sentence)


def check_claim(claim: str, evidence: Sequence[str]) -> Verdict:
    """Check a claim of one or more sentences: it is as supported as its weakest sentence.

    Args:
        claim: a text; each of its sentences is checked for itself.
        evidence: sentences or short passages, in any order.

    >>> check_claim("The well is dry. Three men left.", ["The well is dry."])
    Verdict(supported=0.0, reasons=('the figure 3 is not in the evidence',))
    """
    if not evidence:
        return Verdict(0.0, ("there is no evidence",))
    granted = [""] * len(evidence)
    verdicts = [
        carried_by(claim[start:end], evidence, granted=granted)[1]
        for start, end in sentence_spans(claim)
    ]
    if not verdicts:
        return Verdict(0.0, ("the claim says nothing",))
    reasons = dict.fromkeys(reason for verdict in verdicts for reason in verdict.reasons)
    return Verdict(min(verdict.supported for verdict in verdicts), tuple(reasons))
