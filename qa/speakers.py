"""Who says what a sentence states: "X alleges" must never become "X is".

Rules over a document's sentences, no model. What they cannot tell stays "".
"""

import re
from collections.abc import Sequence

_SAY = (
    r"(?:said|says?|told|tells?|add(?:s|ed)|explain(?:s|ed)|stress(?:es|ed)|not(?:es|ed)|"
    r"emphasi[sz](?:es|ed)|argu(?:es|ed)|warn(?:s|ed)|claim(?:s|ed)|alleg(?:es|ed)|"
    r"complain(?:s|ed)|stat(?:es|ed)|caution(?:s|ed)|insist(?:s|ed)|conclud(?:es|ed)|wrote|writes)"
)
# Verbs that report a view when a name comes before them, but not when one follows.
REPORT = (
    rf"(?:{_SAY}|highlight(?:s|ed)|point(?:s|ed) (?:out|to)|call(?:s|ed)|fear(?:s|ed)|"
    r"expect(?:s|ed)|believ(?:es|ed)|finds|found|report(?:s|ed)|record(?:s|ed)|regard(?:s|ed)|"
    r"sees|saw|worr(?:ies|ied)|lists|listed|names|named|document(?:s|ed)|den(?:ies|ied)|"
    r"announc(?:es|ed)|urg(?:es|ed)|(?:is|was) (?:also )?(?:concerned|worried))"
)
_TITLE = r"(?:(?:Dr|Lt|Col|Gen|Maj|Capt|Mr|Mrs|Ms|Prof)\.?\s+)*"
_PARTICLE = r"(?:de|van|von|al|el|bin|ben|di|da)"
_WORD = r"(?:(?:Dr|Lt|Col|Gen|Maj|Capt|Mr|Mrs|Ms|Prof)\.|[A-Z][\w’'-]*\w)"
_NAME = rf"{_TITLE}(?:{_PARTICLE}\s+)?{_WORD}(?:\s+(?:{_PARTICLE}\s+)?{_WORD})*"
_BODY = r"[Tt]he (?:[A-Z]+ )?(?:panel|report|authors|watchdog(?: organization)?|government)"
_ADVERB = r"(?:(?:also|has|have|had|since|then|later|further|\w+ly)\s+){0,3}"
_START = r"(?:^[“\"'(\s]*|[,”\"]\s+(?:and\s+|as\s+)?)"
# "Atallah also warns", "Lewis, president of a firm, says", "…, the UN panel says"
_BEFORE = re.compile(
    rf"{_START}(?P<name>{_NAME}|{_BODY})(?:,[^.;:“”\"]{{3,120}}?,)?\s+{_ADVERB}{REPORT}\b"
)
# "…,” said retired Air Force Lt. Col. Rudolph Atallah", "…, says Atallah"
_AFTER = re.compile(
    rf"[,”\"]\s+{_SAY}\s+(?!that\b|it\b|in\b|to\b)(?:[a-z]+\s+){{0,3}}?(?P<name>{_NAME}|{_BODY})"
)
_PRONOUN = re.compile(rf"\b(?:[Hh]e|[Ss]he)\s+(?:{_ADVERB}{REPORT}|gives)\b")
_STARTS_PRONOUN = re.compile(r"[“\"'(\s]*(?:He|She|His|Her)\b")
_PERSON = re.compile(rf"{_TITLE}(?:{_WORD}\s+){{1,3}}(?:{_PARTICLE}\s+)?{_WORD}")
_NOT_A_NAME = {
    "The", "A", "An", "He", "She", "They", "It", "This", "These", "Those", "In", "Since", "As",
    "But", "And", "Many", "According", "Once", "For", "What", "While", "Although", "With",
    "Army", "Air", "Force", "Lt", "Col", "Dr", "Gen", "Colonel", "President", "Ambassador",
}  # fmt: skip


def speakers(sentences: Sequence[str], paragraphs: Sequence[int]) -> list[str]:
    """Return who says each of a document's sentences, in order, "" for nobody in particular.

    Args:
        sentences: the sentences of the document.
        paragraphs: for each, the number of its paragraph.

    >>> speakers(["“It is bad,” said Ann Lee.", "“It gets worse,” she added."], [0, 1])
    ['Ann Lee', 'Ann Lee']
    """
    full = _full_names(sentences)
    found: list[str] = []
    person = ""
    for sentence in sentences:
        name = _attributed(sentence, full)
        if not name and (_PRONOUN.search(sentence) or _STARTS_PRONOUN.match(sentence)):
            name = person
        found.append(name)
        person = _person_at_start(sentence, full) or (name if " " in name else person)
    _spread_over_quotations(sentences, paragraphs, found)
    return found


def _attributed(sentence: str, full: dict[str, str]) -> str:
    for pattern in (_AFTER, _BEFORE):
        for match in pattern.finditer(sentence):
            if name := _bare(match["name"]):
                return full.get(name.split()[-1], name)
    return ""


def _person_at_start(sentence: str, full: dict[str, str]) -> str:
    match = re.match(rf"[“\"'(\s]*({_NAME})", sentence)
    name = _bare(match[1]) if match else ""
    return full.get(name.split()[-1], "") if name else ""


def _bare(name: str) -> str:
    """Return a name without titles and possessive: "Lt. Col. Rudolph Atallah's" → "Rudolph …"."""
    parts = re.sub(r"[’']s\b", "", name).replace(".", "").split()
    while parts and parts[0] in _NOT_A_NAME and parts[0].lower() != "the":
        parts.pop(0)
    return " ".join(parts) if parts and parts != ["The"] else ""


def _full_names(sentences: Sequence[str]) -> dict[str, str]:
    """Return the longest form of each person's name by its last word."""
    full: dict[str, str] = {}
    for sentence in sentences:
        for match in _PERSON.finditer(sentence):
            name = _bare(match[0])
            last = name.split()[-1] if name else ""
            if " " in name and not last.isupper() and len(name) > len(full.get(last, "")):
                full[last] = name
    return full


def _spread_over_quotations(
    sentences: Sequence[str], paragraphs: Sequence[int], found: list[str]
) -> None:
    """Give each sentence of a quotation the speaker who is named at another of its sentences."""
    start = 0
    while start < len(sentences):
        end = start
        while end < len(sentences) and paragraphs[end] == paragraphs[start]:
            end += 1
        inside = False
        quoted = []
        for i in range(start, end):
            opens, closes = _marks(sentences[i], inside)
            quoted.append(inside or sentences[i].lstrip().startswith(("“", '"')))
            inside = (inside or opens > closes) and not (closes >= opens and closes > 0)
        names = [found[i] for i in range(start, end) if found[i]]
        inherited = names[0] if names else (_previous(found, start) if all(quoted) else "")
        for i, is_quoted in zip(range(start, end), quoted, strict=True):
            if is_quoted and not found[i]:
                found[i] = inherited
        start = end


def _marks(sentence: str, inside: bool) -> tuple[int, int]:
    """Return how many quotations a sentence opens and closes; straight marks alternate."""
    opens, closes = sentence.count("“"), sentence.count("”")
    straight = sentence.count('"')
    closes += (straight + inside) // 2 if straight else 0
    opens += (straight + (not inside)) // 2 if straight else 0
    return opens, closes


def _previous(found: Sequence[str], start: int) -> str:
    return found[start - 1] if start else ""
