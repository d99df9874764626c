"""Who is introduced in a sentence: "Ann Lee, a retired colonel", "its leader, Ann Lee"."""

import re
from collections.abc import Iterator

from index.text import MONTHS
from qa.known_names import name_runs
from qa.topics import ADJECTIVE

_ROLES = (
    "president|prime minister|minister|leader|founder|co-founder|ambassador|colonel|general"
    "|lieutenant|captain|commander|chief|head|director|analyst|consultant|expert|journalist"
    "|researcher|professor|spokesman|spokeswoman|spokesperson|envoy|chairman|chairwoman|politician"
    "|activist|lawyer|economist|emir|imam|cleric|jihadist|author|scholar|CEO|correspondent|diplomat"
    "|senator|governor|mayor|representative|militant"
)
_WORD = r"[A-Z][\w’'-]*\w"
_PERSON = rf"{_WORD}(?: (?:(?:de|van|von|al|el|ag|bin|ben) )?{_WORD}){{1,3}}"
_DETERMINER = r"(?:(?:a|an|the|now|one of the|also|then|former|retired) )*"
_A_ROLE = rf"{_DETERMINER}(?:[\w’'-]+ ){{0,5}}?(?i:{_ROLES})\b"
_INTRODUCED = (
    re.compile(rf"^(?P<name>{_PERSON}) (?:is|was) {_A_ROLE}"),
    re.compile(rf"(?:^|, |said |says |by |and )(?P<name>{_PERSON}), {_A_ROLE}"),
    re.compile(rf"\b(?i:{_ROLES}) (?P<name>{_PERSON})\b(?! of\b)"),
    re.compile(rf"\b(?:{_ROLES}), (?P<name>{_PERSON})(?=,)"),
)
_BY_SURNAME = re.compile(rf"^(?P<name>{_WORD}) (?:is|was) {_A_ROLE}")
_SHORT_TITLE = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Lt|Col|Gen|Maj|Capt|Prof)\. ")
_TITLES = re.compile(
    rf"^(?:(?:{'|'.join(r.title() for r in _ROLES.split('|'))}|Army|Air|Force|Secretary|Major"
    r"|The|In|On|But|And|As) )+"
)
# Words of what is no person and no place.
BODIES = frozenset(
    (
        "Accord Accords Affairs African Agency Agreement Air Alliance American Area Armed Army "
        "Assembly Authority Bank Base Battalion Battle Bureau Center Centre Coalition Command "
        "Commission Committee Community Congress Convention Coordination Corporation Council Court "
        "Defence Defense Department Directorate Eastern Embassy European Force Forces Foundation "
        "Front Fund Government Group Groups Guard Institute Institution International Islamic "
        "Kingdom Law Mandate Military Ministry Mission Mosque Movement National Nations News "
        "Northern Office Operation Opération Organisation Organization Parliament Party Pentagon "
        "Police Press Program Programme Project Regiment Republic Research Revolution Rights "
        "Sahara Sahel Secretariat Security Senate Southern State States Summit Support Supreme "
        "Team Times Treaty Tribunal Union University War Watch West Western World"
    ).split()
)


def people(sentence: str, text: str) -> Iterator[str]:
    """Yield the full names of the people whom a sentence introduces.

    >>> list(people("Ann Lee, a retired colonel, met its leader, Bo Diallo, in Gao.", ""))
    ['Ann Lee', 'Bo Diallo']
    """
    line = _SHORT_TITLE.sub("", " ".join(sentence.split()))
    if match := _BY_SURNAME.match(line):
        full = {run for run in name_runs(text) if run.endswith(f" {match['name']}")}
        line = line.replace(match["name"], full.pop(), 1) if len(full) == 1 else line
    for pattern in _INTRODUCED:
        for match in pattern.finditer(line):
            name = _TITLES.sub("", match["name"])
            if _is_person(name) and f"the {name}" not in text:
                yield name


def _is_person(name: str) -> bool:
    parts = name.split()
    if len(parts) < 2 or (BODIES | set(MONTHS)) & set(parts):
        return False
    return not any(p.isupper() or ADJECTIVE.search(p) or p.endswith(("’s", "'s")) for p in parts)
