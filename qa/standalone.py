"""A question becomes one that can be understood alone: follow-ups take from what came before."""

import re
from collections.abc import Sequence

from index.types import BriefError
from qa.figures import names
from qa.types import Turn

MAX_CHARS = 1_000
_THIRD_PERSON = re.compile(r"\b(he|she|him|his|hers|her)\b", re.I)
_THING = re.compile(r"\b(it|its|they|them|their|theirs|there|this|that|these|those)\b", re.I)
# "And in Niger?" leans on the question before it, "And who is Andrew Lewis?" does not.
_CONTINUES = re.compile(r"\A(?:and|but|or|also|what about|how about)\b", re.I)
_VERB = re.compile(
    r"\b(?:is|are|was|were|did|does|do|has|have|had|will|would|can|could|should|may|might|must)\b",
    re.I,
)
_BARE = re.compile(
    r"\A(?:why(?: not| so)?|how(?: so| many| much| long| often)?|when|where|who|which|since when|"
    r"until when|by when|really|(?:what|who|where|anything|anyone) else)\s*\?*\Z",
    re.I,
)
_ASKS_WHO = re.compile(r"\A\W*[Ww](?:ho|hom|hose)\b(?!\s+(?:is|was)\s+[A-Z])")
_POSSESSIVE = {"his", "her", "its", "their"}


def validate(question: str) -> str:
    """Return a question without surrounding white space.

    Raises:
        BriefError: it is empty or too long.
    """
    question = " ".join(question.split())
    if not re.search(r"\w", question):
        raise BriefError("There is no question. Type one, such as: Who led the second coup?")
    if len(question) > MAX_CHARS:
        raise BriefError(
            f"The question has {len(question):,} characters; at most {MAX_CHARS:,} are read. "
            "Ask one thing at a time; to ask about a long text, add it to the library as a file."
        )
    return question


def standalone(question: str, history: Sequence[Turn]) -> str:
    """Return the question with what it takes from earlier turns filled in.

    >>> standalone("Where is he based?", [Turn("Who is Royce de Melo?")])
    'Where is Royce de Melo based?'
    >>> standalone("And in Niger?", [Turn("Who led the coup in Mali?")])
    'Who led the coup in Mali? And in Niger?'
    """
    if not history:
        return question
    last = history[-1]
    own_names = [n for n, _ in names(question)]
    topic = _topic(last)
    pronoun = _THIRD_PERSON.search(question)
    if pronoun and _ASKS_WHO.match(last.question):
        # "Who led the coup in Mali?": he is whom the answer names, not Mali.
        topic = _topic(Turn(last.answer or ""))
        if not topic:
            return f"{last.question.rstrip(' ?')}? {question}"
    if not pronoun and not own_names:
        pronoun = _THING.search(question)
    if pronoun and topic:
        filled = f"{topic}’s" if _possessive(pronoun[0], question, pronoun.end()) else topic
        return question[: pronoun.start()] + filled + question[pronoun.end() :]
    if _BARE.match(question) or (_CONTINUES.match(question) and not _VERB.search(question)):
        return f"{last.question.rstrip(' ?')}? {question}"
    return question


def _possessive(pronoun: str, question: str, end: int) -> bool:
    followed = re.match(r"\s+[a-z]", question[end:]) is not None
    return pronoun.lower() in _POSSESSIVE and (pronoun.lower() != "her" or followed)


def _topic(turn: Turn) -> str:
    """Return the longest name in a question, or in its answer where it has none.

    A name in the question is what the conversation is about; the last question may itself be
    resolved, so that chains of follow-ups hold.
    """
    for text in (turn.question, turn.answer or ""):
        runs: list[tuple[int, int]] = []
        for _, (start, end) in names(text):
            gap = text[runs[-1][1] : start] if runs else ""
            if runs and re.fullmatch(r"\s(?:(?:de|van|von|al|of|the|in) )*", gap):
                runs[-1] = (runs[-1][0], end)
            else:
                runs.append((start, end))
        particles = [re.search(r"\b(?:de|van|von|al)\s\Z", text[:s]) for s, _ in runs]
        spans = [(m.start() if m else s, e) for (s, e), m in zip(runs, particles, strict=True)]
        if spans:
            start, end = max(spans, key=lambda span: (span[1] - span[0], -span[0]))
            return text[start:end]
    return ""
