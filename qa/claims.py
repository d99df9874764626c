"""Checks a claim that anybody wrote, in any words, against a list of texts. Deterministic.

A claim that keeps to what it cites is carried by one text, as an answer's sentence is
(`qa.checking`). One that condenses an article is judged by what the article has of it.
"""

from collections.abc import Sequence

from index.text import sentence_spans
from qa.checking import (
    Verdict,
    carried_by,
    clauses,
    denied,
    missing,
    negated,
    opposites,
    tells,
    without_names,
    wording,
)
from qa.figures import figures, name_known, names

# More sentences than an answer cites: no claim that keeps to its source needs as many.
_MANY = 6
# Share of a condensing claim's words, weighted by rarity, that its source must have. Any from 0.4
# to 0.6 does equally well on WiCE's dev claims (README.md), where this was chosen.
_CONDENSED = 0.5
# A sentence that has so much of a clause is what the clause is about. Where a figure or name of
# the clause is only near sentences that have less than half of it, it belongs to something else.
_ABOUT, _ELSEWHERE = 0.8, 0.5


def check_claim(claim: str, evidence: Sequence[str]) -> Verdict:
    """Check a claim of one or more sentences: it is as supported as its weakest sentence.

    Args:
        claim: a text; each of its sentences is checked for itself.
        evidence: sentences or short passages, in the order of their source.

    >>> check_claim("The well is dry. Three men left.", ["The well is dry."])
    Verdict(supported=0.0, reasons=('the figure 3 is not in the evidence',))
    """
    said = [claim[start:end] for start, end in sentence_spans(claim)]
    if not evidence:
        return Verdict(0.0, ("there is no evidence",))
    if not said:
        return Verdict(0.0, ("the claim says nothing",))
    granted = [""] * len(evidence)
    verdicts = [carried_by(sentence, evidence, granted=granted)[1] for sentence in said]
    source = [text[start:end] for text in evidence for start, end in sentence_spans(text)]
    if len(source) > _MANY:
        verdicts = [
            strict if strict.passed else _condensed(sentence, source)
            for strict, sentence in zip(verdicts, said, strict=True)
        ]
    reasons = dict.fromkeys(reason for verdict in verdicts for reason in verdict.reasons)
    return Verdict(min(verdict.supported for verdict in verdicts), tuple(reasons))


def _condensed(sentence: str, source: Sequence[str]) -> Verdict:
    """Check a sentence that may draw on all sentences of its source."""
    everything = " ".join(source)
    reasons = missing(sentence, everything)
    if not reasons:
        reasons = [
            r for clause in clauses(sentence, everything) for r in _misplaced(clause, source)
        ]
    share = wording(sentence, everything)
    if reasons:
        return Verdict(0.5 * share / (1 + len(reasons)), tuple(reasons))
    if share < _CONDENSED:
        return Verdict(share, ("the wording is not that of the evidence",))
    return Verdict(0.5 + 0.5 * (share - _CONDENSED) / (1 - _CONDENSED))


def _misplaced(clause: str, source: Sequence[str]) -> list[str]:
    """Return what is wrong with a clause beside the sentence that says most of it."""
    said = without_names(clause, " ".join(source))
    shares = [wording(said, sentence) for sentence in source]
    closest = source[shares.index(max(shares))]
    if max(shares) < _ABOUT:
        return []
    reasons = opposites(clause, closest)
    if negated(clause) and not negated(closest):
        reasons.append("the evidence has no negation")
    elif not negated(clause) and denied(said, closest):
        reasons.append("the evidence denies it")
    # A sentence leans on those beside it.
    near = [" ".join(source[max(0, i - 1) : i + 2]) for i in range(len(source))]

    def elsewhere(has: Sequence[bool]) -> bool:
        # Words of two sentences may look like a figure or name that neither has.
        there = [i for i, is_there in enumerate(has) if is_there]
        # A byline or heading has names alone, and says nothing of what they belong to.
        if any(not tells(source[i], source[i]) for i in there):
            return False
        return max((wording(said, near[i]) for i in there), default=0.0) < _ELSEWHERE

    reasons += [
        f"the evidence has the figure {f:g} about something else"
        for f in sorted(figures(clause))
        if elsewhere([f in figures(sentence) for sentence in source])
    ]
    reasons += [
        f"the evidence has {name} about something else"
        for name, _ in names(clause)
        if elsewhere([name_known(name, sentence) for sentence in source])
    ]
    return reasons
