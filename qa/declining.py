"""When to decline, and what to say then."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from index.text import rarity, stem, stem_set, stems, words
from index.types import Hit
from qa.checking import alike, means, opposites, said_beyond, without_names, wording
from qa.evidence import Selection
from qa.figures import figures, name_known, names, without_figures
from qa.known_names import name_runs
from qa.proposing import about, in_turn, proposals, sentences_of
from qa.selection import FUNCTION_WORDS, content_weights, sigmoid
from qa.topics import with_the
from qa.types import Evidence
from qa.viewpoints import viewpoint

# Fitted by `python -m training.fit answers`, which also says what the thresholds cost: weights of
# the two logits of selection, then of the logit of the chat model's first token being that of
# "NOT STATED", then of the log probability of the token of its draft that it was least sure of and
# of what `beyond` says of that draft, and the intercept.
_BEFORE = (0.312, 0.257, 0.0, 0.0, 0.0, 0.596)
_AFTER = (0.327, 0.187, -0.479, 0.0, 0.0, -1.238)
_WHOLE = (0.395, 0.136, -0.37, 0.775, 1.172, -1.433)
# Fitted beside them on 302 SQuAD 2.0 questions of single paragraphs of articles that trained
# nothing: of 30 that deny what their best evidence does not, 29 were impossible.
_UNDENIED = 1.05
# Below the first, before or after its first token, the model need not go on. Below the second after
# that token, nothing is shown until it has said all, and below the third then, nothing at all. On
# passages of CLAPnq that nothing was fitted on, the second keeps 80 % of the answerable questions
# and declines 80 % of the others; on held-out SQuAD 2.0, whose impossible questions are made to
# mislead, 100 and 64 %. The first declines 5 and 23 % of the others and loses none: of questions
# in other words than the text, what selection says tells next to nothing. What the whole draft
# tells besides is in README.md. What the check removes declines more.
ASK_MODEL, SHOW_ANSWER, SHOW_WHOLE = 0.1, 0.35, 0.3
CLOSEST = 3  # passages to show when a question is declined
# By hand: with fewer words beside names and figures a question assumes too little to be corrected
# in these, and with a smaller share of them evidence is about something else.
_FEW_WORDS, _SAME_BUT_FOR = 2, 0.65
_FULL_NAME = re.compile(r"[A-Z]\S* \S")


def probability(
    selection: Selection,
    not_stated: float | None = None,
    *,
    least_sure: float | None = None,
    beyond: float = 0.0,
) -> float:
    """Return the probability (0 to 1) that the evidence states the answer, or a whole draft is it.

    Args:
        selection: what was selected.
        not_stated: the probability of the model's "NOT STATED", None before it was asked.
        least_sure: of a whole draft, the log probability of the token that the model was least
            sure of; None before there is one, or where it is not told.
        beyond: of a whole draft, what the function of that name says.
    """
    before = _BEFORE if not_stated is None else _AFTER
    weights = before if least_sure is None else _WHOLE
    said, least = logit(not_stated or 0.0), least_sure or 0.0
    signals = (selection.sentence, selection.cross_encoder, said, least, beyond, 1.0)
    total = sum(w * s for w, s in zip(weights, signals, strict=True))
    return sigmoid(total - _UNDENIED * selection.undenied)


def beyond(question: str, draft: str, evidence: str) -> float:
    """Return the share that the evidence has of what a draft says beyond the question, by rarity.

    0 where it says nothing beyond it: a model that finds no answer likes to turn the question
    into a statement.

    >>> beyond("Who led the coup?", "Goita led the coup.", "Goita was its leader.")
    1.0
    """
    have = stem_set(evidence)
    said = {w: rarity(w) for w in said_beyond(question, draft)}
    total = sum(said.values())
    return sum(weight for w, weight in said.items() if alike(stem(w), have)) / total if total else 0


def logit(p: float) -> float:
    """Return the logit of a probability, which is kept from the ends of 0..1."""
    p = min(max(p, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))


def instead(question: str, hits: Sequence[Hit]) -> tuple[str, ...]:
    """Return up to three questions that the passages found do answer.

    First about what somebody was asked about, then what the closest passages say of the question's
    names, then what else they say.
    """
    text = "\n".join(hit.passage.text for hit in hits[:CLOSEST])
    sentences = [s for hit in hits[:CLOSEST] for s in sentences_of(hit.passage.text)]
    view = viewpoint(question)
    topic = view.topic if view and content_weights(view.topic).keys() <= stem_set(text) else ""
    first = [f"What does the report say about {with_the(topic, text)}?"] if topic else []
    asked = {stem for run in name_runs(question) if name_known(run, text) for stem in stems(run)}
    # A passage alone may not tell who speaks: a surname is not enough.
    known = [s if _FULL_NAME.match(s.speaker) else replace(s, speaker="") for s in sentences]
    made = [p.question for p in in_turn(proposals(known, text), asked)]
    found = dict.fromkeys([*first, *made, *about(sentences, text)])
    words_asked = set(content_weights(question))
    return tuple(q for q in found if not set(content_weights(q)) <= words_asked or q in first)[:3]


def reason_unknown(name: str) -> str:
    """Say that the library never mentions a name."""
    return f"The report does not say: it never mentions {name}."


def reason_silent(speaker: str) -> str:
    """Say that somebody says nothing about what the question asks them about."""
    return f"The report does not say: nothing that {speaker} says in it is about that."


def contradicting(question: str, evidence: Sequence[Evidence]) -> Evidence | None:
    """Return the first evidence that says the opposite of what a question assumes of its names,
    or the same of another name or figure: that the fleet "has doubled", asked why it shrank.
    """
    asked = [name for name, _ in names(question)]
    for piece in evidence:
        absent = [name for name in asked if not name_known(name, piece.text)]
        if not absent and opposites(question, piece.text):
            return piece
        others = [n for n, _ in names(f"x {piece.text}") if not name_known(n, question)]
        counted = figures(question) - figures(piece.text), figures(piece.text) - figures(question)
        rest = without_figures(without_names(question, piece.text))
        if (
            ((absent and others) or all(counted))
            and sum(map(means, words(rest))) >= _FEW_WORDS
            and wording(rest, piece.text) >= _SAME_BUT_FOR
        ):
            return piece
    return None


def reason_contradicted(evidence: Evidence) -> str:
    """Say what the report says in place of what the question assumes."""
    return f"The report does not say that. It says: “{' '.join(evidence.text.split())}”"


def reason_unanswered(question: str, hits: Sequence[Hit]) -> str:
    """Say that nothing states the answer, naming the rarest word that the passages lack."""
    have = frozenset().union(*(stem_set(hit.passage.text) for hit in hits))
    missing = [
        w for w in words(question)
        if w not in FUNCTION_WORDS and len(w) > 2 and stem(w) not in have
    ]  # fmt: skip
    if not missing:
        return "The report does not say: no sentence in it states the answer."
    rarest = max(missing, key=rarity)
    written = re.search(rf"\b{re.escape(rarest)}\b", question, re.IGNORECASE)
    rarest = written[0] if written else rarest  # folded words have lost capitals and accents
    return f"The report does not say: no passage that is close mentions “{rarest}”."
