"""The shapes of questions that one sentence can answer, each made of its own words by a rule.

A rule that cannot be sure of its English makes none.
"""

import re
from collections.abc import Iterator
from typing import Protocol

from index.text import MONTHS
from qa.clauses import DATE, Clause, cut, dated, main_clause, plain
from qa.figures import names, spelled_out
from qa.known_names import name_runs
from qa.people import BODIES, people
from qa.speakers import REPORT
from qa.topics import ADJECTIVE, topics, with_the
from qa.verbs import base

_SAYS = re.compile(rf"[“”\"]|\b{REPORT}\b(?! \d)")  # not "he added 4,000 troops"
_NUMBER = (
    r"(?:\d{1,3}(?:,\d{3})+|\d+|(?i:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?"
    r"(?: (?:hundred|thousand|million))?|(?i:one|a) (?:hundred|thousand|million))"
)
_ABOUT = (
    r"(?:(?i:more than|over|at least|about|around|nearly|some|almost|up to|an estimated"
    r"|approximately|roughly) )?"
)
_THINGS = (
    r"(?P<what>(?:[\w-]+ ){0,2}?(?:[a-z]+s|people|troops|personnel|children|women|men|police))"
)
_COUNTED = re.compile(
    rf"(?:(?<=^)|(?<=– )|(?<=, )|(?<= and )|(?<= that )|(?<= where )){_ABOUT}(?P<number>{_NUMBER}) "
    rf"{_THINGS} (?P<verb>were|have been|had been|died|fled|have died|have fled|have left) "
    r"(?P<rest>[^,;:–—]*)"
)
_COUNTED_OBJECT = re.compile(
    rf"^{_ABOUT}(?P<number>{_NUMBER}) {_THINGS}"
    r"(?P<rest>| (?:to|in|from|at|near|on|across|for) .*)$"
)
_UNITS = re.compile(
    r"\b(?:years?|months?|weeks?|days?|hours?|minutes?|kilomet\w+|km|miles?|met(?:er|re)s|dollars|"
    r"euros|percent|per cent|times|others|thousands|hundreds|millions|dozens|degrees|was|is)\b"
)
_CAPITAL = r"[A-Z][\w’'-]*\w"
_PLACE = re.compile(
    rf"\b(?:in|near) (?P<name>{_CAPITAL}(?: {_CAPITAL}){{0,2}})\b(?! [a-z]+s\b| [A-Z])"
)
# Only people and armed bodies do these, so that "who" asks for whoever did.
_DEEDS = frozenset(
    (
        "attacked captured seized kidnapped ambushed ordered signed launched led declared rejected "
        "denied condemned invited requested commanded founded overthrew ousted shelled stormed "
        "occupied recaptured retook proposed created formed"
    ).split()
)
_PREPOSITION = re.compile(r"(?:on|in|at|to|by|for|with|from|against)\b")
# What may be said without an object.
_ALONE = frozenset("died resigned collapsed ended began failed surrendered withdrew".split())
_NOT_TO_ASK = frozenset("reported claimed stated said added noted called".split())


class Said(Protocol):
    """A sentence, and who says it ("" for nobody in particular)."""

    @property
    def text(self) -> str:
        """The sentence."""
        ...

    @property
    def speaker(self) -> str:
        """Who says it."""
        ...


def shaped(sentence: Said, text: str) -> Iterator[tuple[str, str]]:
    """Yield the name of a shape and a question, for each that the sentence gives.

    Some are no good yet: they may be too long, or point at what stands before the sentence.
    """
    yield from _view(sentence, text)
    for name in people(sentence.text, text):
        yield "person", f"Who is {name}?"
    for acronym in re.findall(r"\(([A-Z]{3,8})\)", sentence.text):
        if spelled_out(acronym, sentence.text):
            yield "acronym", f"What does {acronym} stand for?"
    if line := plain(sentence.text):
        if clause := main_clause(sentence.text):
            yield from _of_clause(clause, text)
        yield from _many(line)
        yield from _happened(line)


def _view(sentence: Said, text: str) -> Iterator[tuple[str, str]]:
    speaker = _speaker(sentence.speaker, text) if _SAYS.search(sentence.text) else ""
    if not speaker:
        return
    own = set(speaker.lower().split()) - {"the"}
    # Who they are is not what they say: "Lewis, president of a firm in Mali, says".
    last = re.escape(speaker.split()[-1])
    said = re.sub(rf"({last}), [^,;“”\"]{{3,120}},", r"\1", sentence.text)
    for topic in sorted(topics(said, text), key=text.count):  # what is rarely named tells more
        if not own & set(topic.lower().split()):
            yield "view", f"What does {speaker} say about {topic}?"


def _speaker(name: str, text: str) -> str:
    """Return who is asked about, as it is written in a sentence, "" where that is not sure."""
    if name.lower().startswith("the "):
        return f"the {name[4:]}" if re.search("[A-Z]", name[1:]) else ""
    is_plural = re.fullmatch(r"[A-Z][a-z]+s", name)
    if not name or is_plural or ADJECTIVE.search(name):
        return ""
    return with_the(name, text) if any(name.endswith(n) for n, _ in names(text)) else ""


def _many(line: str) -> Iterator[tuple[str, str]]:
    for match in _COUNTED.finditer(line):
        rest = cut(match["rest"])
        is_told_apart = name_runs(f"x {rest}") or re.search(DATE, rest)
        if is_told_apart and _is_count(match["number"], match["what"]):
            yield "many", f"How many {match['what']} {match['verb']} {rest}?"


def _happened(line: str) -> Iterator[tuple[str, str]]:
    date = dated(line)
    for match in _PLACE.finditer(line) if date else ():
        parts = match["name"].split()
        is_place = not set(parts) & (BODIES | set(MONTHS)) and not any(p.isupper() for p in parts)
        is_whole = not re.match(r"-|[’']s", line[match.end() :]) and not re.search(
            "[’']", parts[-1]
        )
        # "the Mission in Mali" is one name.
        is_part = re.search(r"\w [A-Z]\S* $", line[: match.start()])
        if is_place and is_whole and not is_part and not ADJECTIVE.search(parts[-1]):
            yield "happened", f"What happened {match[0]} {date}?"


def _of_clause(clause: Clause, text: str) -> Iterator[tuple[str, str]]:
    subject, rest = _inside(clause.subject, text), clause.rest
    if not subject or clause.verb in _NOT_TO_ASK or not (rest or clause.verb in _ALONE):
        return
    asked = f"{clause.verb} {subject} {rest}"
    if not clause.passive:
        asked = f"did {subject} {base(clause.verb)} {rest}".rstrip()
    if clause.dated:
        yield "when", f"When {asked}?"
    if clause.reason:
        yield "why", f"Why {asked}?"
    if clause.passive:
        return
    counted = _COUNTED_OBJECT.match(rest)
    if counted and _is_count(counted["number"], counted["what"]):
        asked = f"did {subject} {base(clause.verb)}{counted['rest']} {clause.dated}".rstrip()
        if name_runs(asked):
            yield "many", f"How many {counted['what']} {asked}?"
    elif clause.verb in _DEEDS and name_runs(f"x {rest}") and not _PREPOSITION.match(rest):
        yield "deed", f"Who {clause.verb} {rest} {clause.dated}".rstrip() + "?"


def _inside(subject: str, text: str) -> str:
    """Return a subject as it stands inside a sentence, "" where that is not sure.

    "The UN" → "the UN", "Troops of Mali" → "troops of Mali".
    """
    first, _, rest = subject.partition(" ")
    as_name = sum(first in name.split() for name in name_runs(text))
    otherwise = len(re.findall(rf"\b{re.escape(first.lower())}\b", text))
    if first in ("Al", "El") or (
        first != "The" and as_name > (0 if first in BODIES and rest[:1].isupper() else otherwise)
    ):
        return subject
    return f"{first.lower()} {rest}".strip() if otherwise or first == "The" else ""


def _is_count(number: str, what: str) -> bool:
    return not re.fullmatch(r"(?:19|20)\d\d", number) and not _UNITS.search(what)
