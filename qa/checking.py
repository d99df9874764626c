"""Holds an answer's sentence against the evidence it cites. Deterministic, and gives reasons.

Nothing here knows the whole document: a figure that stands elsewhere in it does not count.
"""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from index.text import fold, rarity, sentence_spans, stem, stem_set, words
from qa.figures import figures, name_known, names, without_figures
from qa.selection import FUNCTION_WORDS

# Share of the sentence's meaning-bearing words, weighted by rarity, that the evidence must have.
# Below it a sentence says too much itself.
WORDING = 0.7
# The same for each clause against one sentence of the evidence: "Prigozhin led Wagner's influence
# in Washington" has its words from two sentences that say nothing of the kind.
CLAUSE_WORDING = 0.5
# A sentence with a figure must also be about what is counted: "three hundred left" shares all but
# one word with "three hundred were killed".
WORDING_WITH_FIGURE = 0.75
_CLAUSE = re.compile(
    r"[,;:–—]\s+|\s+(?:and|but|or|while|whereas|who|which|that|because|before|after|since|when|where"
    r"|as|so|if|although|by(?=\s\w+ing\b))\s+",
    re.I,
)
# They say next to nothing alone: the evidence may do without them.
_LIGHT = frozenset(
    stem(w)
    for w in (
        "become became include face happen name call get got make made take took believe think "
        "explain add regard several another because want go thing do cause begin stand mean exist "
        "since main"
    ).split()
)
# The verbs among them, each with its irregular forms. Where a sentence has nothing else beside
# names and figures, the evidence must have them: "Ann Lee took Rome in April".
_LIGHT_VERBS = [
    frozenset(stem(w) for w in forms.split())
    for forms in (
        "become became", "get got gotten", "make made", "take took taken", "begin began begun",
        "cause", "include", "face", "happen", "believe", "think thought", "stand stood",
        "go went gone", "do did done",
    )
]  # fmt: skip
_COMPOUND = re.compile(r"\b[a-z]+-[A-Z]\w+")  # al-Islam
_CONJUNCTION = re.compile(r"(?:,|;)?\s+(?:and|but|while|whereas)\s+|;\s+")
_NEGATION = re.compile(
    r"\b(?:not(?! only)|no(?! (?:fewer|less|more) than)|never|none|nobody|nothing|neither|nor"
    r"|without|cannot|\w+n['’]t)\b",
    re.I,
)
# They deny no verb: "without the mission it loses", "55 per cent (not votes)".
_BESIDE = re.compile(r"\bwithout\b|\([^)]*\)", re.I)
_OPPOSITES = [
    ({"more"}, {"less", "fewer"}), ({"increase", "rise", "grow"}, {"decrease", "fall", "shrink"}),
    ({"double", "gain", "expand"}, {"halve", "lose", "half"}), ({"before"}, {"after"}),
    ({"join", "enter", "arrive"}, {"leave", "left", "withdraw"}),
    ({"north", "northern"}, {"south", "southern"}),
    ({"east", "eastern"}, {"west", "western"}), ({"strong", "strengthen"}, {"weak", "weaken"}),
    ({"first"}, {"second", "third", "last"}), ({"support", "praise"}, {"oppose", "condemn"}),
    ({"win", "won"}, {"lose", "lost"}), ({"accelerate", "speed"}, {"slow", "delay"}),
    ({"highest", "most"}, {"lowest", "least"}), ({"improve"}, {"worsen"}),
    ({"extend", "prolong", "renew"}, {"end", "terminate"}),
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


def check(
    sentence: str,
    evidence: str,
    *,
    granted: str = "",
    assumed: frozenset[str] = frozenset(),
    known: frozenset[float] = frozenset(),
) -> Verdict:
    """Check a sentence against the evidence it cites.

    Args:
        sentence: one sentence of an answer.
        evidence: the cited sentences, with their speaker.
        granted: words that need no support of their own, such as a name that the question asks
            about and that the passage around the evidence mentions. Never figures.
        assumed: stems of the question's words that nothing there has. A sentence that repeats one
            says what the question assumes, not what the evidence says.
        known: figures that need no support of their own.

    >>> check("Three hundred peacekeepers left.", "More than one thousand peacekeepers left.")
    Verdict(supported=0.0, reasons=('the figure 300 is not in the evidence',))
    """
    allowed = f"{evidence} {granted}"
    reasons = missing(sentence, evidence, granted=granted, known=known)
    if negated(sentence) and not negated(evidence):
        reasons.append("the evidence has no negation")
    reasons += opposites(sentence, evidence)
    have = stem_set(evidence)
    reasons += [
        f"“{w}” is the question's word, not that of the evidence"
        for w in words(sentence)
        if means(w) and stem(w) in assumed and not alike(stem(w), have)
    ]
    reasons += unsaid(sentence, evidence)
    if reasons:
        return Verdict(0.0, tuple(reasons))
    # Names are checked; what is said of them must be there as well, or "Lewis leads ISIS" would
    # pass for a sentence that mentions both.
    share = min(wording(sentence, allowed), wording(without_names(sentence, evidence), allowed))
    enough = WORDING_WITH_FIGURE if figures(sentence) else WORDING
    if share < enough:
        return Verdict(0.5 * share / enough, ("the wording is not that of the evidence",))
    parts = [f"{evidence[start:end]} {granted}" for start, end in sentence_spans(evidence)]
    for clause in clauses(sentence, evidence):
        said = without_names(clause, evidence)
        part = max(parts, key=lambda part: wording(said, part))
        share_of_one, share_of_all = wording(said, part), wording(said, allowed)
        if share_of_one < CLAUSE_WORDING or share_of_one < share_of_all:
            reason = f"no sentence of the evidence says “{clause.strip(' ,.;')}”"
            return Verdict(0.5 * min(share_of_one, 0.9), (reason,))
        if not negated(clause) and denied(said, part):
            return Verdict(0.0, (f"the evidence denies “{clause.strip(' ,.;')}”",))
    return Verdict(0.5 + 0.5 * (share - enough) / (1 - enough))


def missing(
    sentence: str, evidence: str, *, granted: str = "", known: frozenset[float] = frozenset()
) -> list[str]:
    """Say which figures and names of a sentence the evidence lacks, but for those granted."""
    lacks = [f"{f:g}" for f in sorted(figures(sentence) - figures(evidence) - known)]
    allowed = f"{evidence} {granted}"
    return [
        *(f"the figure {figure} is not in the evidence" for figure in lacks),
        *(
            f"{name} is not in the evidence"
            for name, _ in names(sentence)
            if not name_known(name, allowed)
        ),
    ]


def wording(sentence: str, evidence: str) -> float:
    """Return the share of a sentence's meaning-bearing words in the evidence, by rarity: 0..1.

    Figures do not count: they are checked apart.

    A sentence without such a word ("Yes.") says nothing that could be supported: 0.
    """
    have = stem_set(evidence)
    said = words(without_figures(sentence)) or words(sentence)
    weights = {stem(w): rarity(w) for w in said if means(w)}
    total = sum(weights.values())
    if not total:
        return 0.0
    return sum(w for s, w in weights.items() if alike(s, have)) / total


def without_names(sentence: str, evidence: str) -> str:
    """Return a sentence without its names, or as it is where nothing else means anything.

    That its first word is a name is known from the evidence alone.
    """
    rest = _nameless(sentence, evidence)
    return rest if any(means(w) for w in words(without_figures(rest))) else sentence


def _nameless(sentence: str, evidence: str) -> str:
    rest = _COMPOUND.sub(" ", sentence)
    for _, (start, end) in reversed(names(rest)):
        rest = rest[:start] + rest[end:]
    first = re.match(r"\W*([A-Z]\w+)", rest)
    if first and first[1] in {name for name, _ in names(f"x {evidence}")}:
        rest = rest[first.end() :]
    return rest


def unsaid(sentence: str, evidence: str) -> list[str]:
    """Say which light verbs the evidence lacks, where a sentence has nothing else beside names and
    figures: it claims nothing but what they say.
    """
    rest = words(without_figures(_nameless(sentence, evidence)))
    if any(map(means, rest)):
        return []
    have = stem_set(evidence)
    return [
        f"“{w}” is not in the evidence"
        for w in rest
        for forms in _LIGHT_VERBS
        if stem(w) in forms and not have & forms
    ]


def clauses(sentence: str, evidence: str) -> list[str]:
    """Return the clauses of a sentence that say something beside names."""
    cuts = [0, *(m.start() for m in _CLAUSE.finditer(sentence)), len(sentence)]
    clauses = [""]
    for start, end in pairwise(cuts):
        if all(tells(part, evidence) for part in (clauses[-1], sentence[start:end])):
            clauses.append("")
        clauses[-1] += sentence[start:end]
    return clauses


def tells(clause: str, evidence: str) -> bool:
    """Return whether a clause says something beside names and figures."""
    rest = words(without_figures(without_names(clause, evidence)))
    return any(means(w) for w in rest)


def means(word: str) -> bool:
    """Return whether a word says something of its own, which "become" or "several" hardly do."""
    return word not in FUNCTION_WORDS and stem(word) not in _LIGHT


def alike(own: str, have: Set[str]) -> bool:
    """Return whether a stem or one of its family is there: "withdrawal" and "withdraw"."""
    return own in have or any(
        min(len(own), len(h)) >= 4 and (h[:5] == own[:5] or h.startswith(own)) for h in have
    )


def said_beyond(question: str, text: str) -> list[str]:
    """Return the words of a text that mean something and that a question does not have."""
    asked = stem_set(question)
    return [w for w in words(text) if means(w) and not alike(stem(w), asked)]


def negated(text: str) -> bool:
    """Return whether a text denies something."""
    return bool(_NEGATION.search(text))


def denied(said: str, sentence: str) -> bool:
    """Return whether the clause of a sentence that has most of what is said denies it."""
    parts = clauses(_BESIDE.sub(" ", sentence), sentence)
    return negated(max(parts, key=lambda part: wording(said, part)))


def opposites(sentence: str, evidence: str) -> list[str]:
    """Say which words of a sentence have only their opposite in the evidence."""
    says = stem_set(sentence)
    has = stem_set(evidence)
    return [
        f"the evidence says the opposite of “{next(iter(says & mine))}”"
        for pair in _OPPOSITE_STEMS
        for mine, other in (pair, pair[::-1])
        if says & mine and not has & mine and has & other
    ]


def carried_by(
    sentence: str,
    evidence: Sequence[str],
    *,
    granted: Sequence[str],
    assumed: Sequence[frozenset[str]] | None = None,
    known: frozenset[float] = frozenset(),
) -> tuple[tuple[int, ...], Verdict]:
    """Return which evidence carries a sentence: one piece, or one for each of its two clauses.

    Two pieces are never read as one text: then "three hundred" of the one could be those who
    left in the other.

    Args:
        sentence: one sentence of an answer.
        evidence: the pieces that were shown to the model, best first.
        granted: for each piece, what `check` need not ask of it.
        assumed: for each piece, what `check` must not grant it.
        known: figures that no piece need have.
    """
    assumed = assumed or [frozenset()] * len(evidence)
    chosen, best = _best(sentence, evidence, granted, assumed, known)
    if best.passed:
        return (chosen,), best
    for cut in _CONJUNCTION.finditer(sentence):
        clauses = sentence[: cut.start()], sentence[cut.end() :]
        found = [_best(clause, evidence, granted, assumed, known) for clause in clauses]
        if all(verdict.passed for _, verdict in found):
            weakest = min((verdict for _, verdict in found), key=lambda v: v.supported)
            return tuple(sorted({i for i, _ in found})), weakest
    return ((chosen,) if evidence else ()), best


def _best(
    sentence: str,
    evidence: Sequence[str],
    granted: Sequence[str],
    assumed: Sequence[frozenset[str]],
    known: frozenset[float],
) -> tuple[int, Verdict]:
    verdicts = [
        check(sentence, e, granted=g, assumed=a, known=known)
        for e, g, a in zip(evidence, granted, assumed, strict=True)
    ]
    if not verdicts:
        return 0, Verdict(0.0, ("there is no evidence",))
    chosen = max(range(len(verdicts)), key=lambda i: verdicts[i].supported)
    return chosen, verdicts[chosen]


def attributed(sentence: str, speaker: str) -> bool:
    """Return whether a sentence says who said it, by surname or by a pronoun that speaks."""
    surname = fold(speaker).split()[-1]
    return surname in fold(sentence)
