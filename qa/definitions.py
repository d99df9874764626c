"""Acronyms: "What is FAMA?" is answered by the sentence that spells it out, which shares no other
word with the question.
"""

import re

from qa.figures import spelled_out

_ASKED = re.compile(
    r"\A\W*what (?:is|are|was|does|do|did) (?:the |an? )?(?P<acronym>[A-Z][\w-]*\w)"
    r"(?: (?:stand for|mean|short for))?\s*\?*\Z",
    re.I,
)


def acronym_asked(question: str) -> str:
    """Return the word that a question asks the meaning of, as an acronym, or "".

    >>> acronym_asked("what does fama stand for?"), acronym_asked("What is the price of gold?")
    ('FAMA', '')
    """
    match = _ASKED.match(question)
    return match["acronym"].upper() if match else ""


def spells_out(sentence: str, acronym: str) -> bool:
    """Return whether a sentence gives an acronym beside what it stands for.

    >>> spells_out("Wagner troops and the Malian Armed Forces (FAMA) came.", "FAMA")
    True
    """
    name = re.escape(acronym)
    bracketed = re.search(rf"\w\s+\({name}\)|\b{name}\s+\(\w", sentence)
    renamed = re.search(rf"\b(?:known as|called|short for|or)\s+{name}\b", sentence)
    written = re.search(rf"\b{name}\b", sentence) and spelled_out(acronym, sentence)
    return bool(bracketed or renamed or written)
