"""What one can ask about of a sentence: "the Wagner Group", "Malian forces", "refugees"."""

import re

from index.text import MONTHS
from qa.known_names import name_runs
from qa.verbs import base

# Adjectives among names: of them alone nothing can be asked.
ADJECTIVE = re.compile(
    r"(?:[a-z](?:ian|ean|ese|ish|ists?|ic|can|gan|yan|uan|ern|wan)|French|Dutch|Tuareg|Arab|Swiss"
    r"|Greek|Jihadi|Central|Former|Senior)$"
)
# Last words of names that have an article.
_WITH_THE = frozenset(
    (
        "Accord Accords Agency Agreement Alliance Army Assembly Bank Coalition Command Commission "
        "Committee Community Congress Convention Coordination Council Court Department EU Emirates "
        "Forces Front Fund Government Group Guard Institute Kingdom Kremlin Military Ministry "
        "Mission Movement Nations Netherlands Office Organisation Organization Pentagon "
        "Philippines Police Project Republic Sahara Sahel Secretariat Senate State States Treaty "
        "BBC UN US USA U.S. U.N. E.U. Union"
    ).split()
)
_WITHOUT = re.compile(r"^Islamic State|\bState of\b")
# What can be asked about without an article.
_THEMES = re.compile(
    r"\b(?:terrorism|migration|migrants|refugees|displacement|insecurity|extremism|civilians|"
    r"human rights|war crimes|(?:human |sex |drug )?trafficking|(?:human )?smuggling|propaganda|"
    r"disinformation|radicali[sz]ation|recruitment|corruption|poverty|famine|sanctions|elections|"
    r"piracy|peacekeepers|peacekeeping|mercenaries|kidnappings|sexual violence|organi[sz]ed crime|"
    r"climate change|accountability)\b"
)
# Words that may follow a name without making it an adjective.
_FUNCTION = (
    r"(?:and|or|in|on|of|to|by|with|from|for|across|during|who|which|that|as|at|is|are|was|were|has"
    r"|have|had|will|would|could|can|may|must|after|before|against|since|when|where|while|but|so"
    r"|until|because|under|through|over|into|between|near|than|did|does|do|also|then|if|not|he|she"
    r"|it|they|his|her|its|their|the|a|an|now|amid|despite|following|including|without|within)\b"
)
_BEFORE = re.compile(
    r"\b(?:about|of|on|to|in|with|against|from|for|by|into|over|towards?|across|including|leave|"
    r"reach|affect|enter|near|that) \Z"
)
_PART_OF_A_NAME = re.compile(r"\bal-\w+ in \Z|\w [A-Z][\w’'-]* (?:of|for) \Z")
_PLURAL = re.compile(r"(?:[^s]s|army|activity|presence|violence|insurgency)\Z")
_INITIALS = re.compile(r"(?:[A-Z]\.)+[A-Z]\Z")


def topics(sentence: str, text: str) -> list[str]:
    """Return what one can ask about of a sentence, in its order: names and themes.

    Args:
        sentence: the sentence.
        text: what tells how names are written, with or without an article.

    >>> topics("Attacks by Malian forces in Gao hurt civilians.", "")
    ['Malian forces', 'Gao', 'civilians']
    """
    line = re.sub(r"\s*\([^()]*\)", "", " ".join(sentence.split()))
    found = [(m.start(), m[0]) for m in _THEMES.finditer(line)]
    for name in dict.fromkeys(name_runs(line)):
        for match in re.finditer(rf"(?<![\w-]){re.escape(name)}(?!\w)", line):
            if topic := _topic(name, line[: match.start()], line[match.end() :], text):
                found.append((match.start(), topic))
    return list(dict.fromkeys(topic for _, topic in sorted(found)))


def _topic(name: str, before: str, after: str, text: str) -> str:
    """Return a name as one asks about it, "" where that is not sure.

    It has to stand after a preposition, so that what follows is not its verb.
    """
    has_the = before.endswith("the ")
    before = before.removesuffix("the ")
    if not _BEFORE.search(before) or _PART_OF_A_NAME.search(before):
        return ""
    if (
        set(name.split()) & set(MONTHS)
        or re.search(r"\d", name)
        or after.startswith(("’s", "'s", "-"))
    ):
        return ""
    if _INITIALS.search(name):  # the names of a text come without their last dot
        name, after = f"{name}.", after.removeprefix(".")
    is_followed = re.match(rf" (?!{_FUNCTION})[a-z]", after)
    if ADJECTIVE.search(name):
        return _with_nouns(name, after, has_the=has_the)
    if re.match(r" [A-Z\d]", after) or (has_the and is_followed):
        return ""
    return with_the(name, text)


def _with_nouns(name: str, after: str, *, has_the: bool) -> str:
    nouns = re.match(rf"(?: (?!{_FUNCTION})[a-z]+){{1,2}}(?=[,.;:”\"]|$| {_FUNCTION})", after)
    if not nouns or not _PLURAL.search(nouns[0]) or any(map(base, nouns[0].split())):
        return ""
    return f"the {name}{nouns[0]}" if has_the else f"{name}{nouns[0]}"


def with_the(name: str, text: str) -> str:
    """Return a name with the article that it mostly has: "the Wagner Group", but "Mali"."""
    if name.split()[-1] in _WITH_THE and not _WITHOUT.search(name):
        return f"the {name}"
    alone = rf"{re.escape(name)}(?!\w|[’']s\b| [A-Z]| (?!{_FUNCTION})[a-z])"
    with_it = len(re.findall(rf"\b[Tt]he {alone}", text))
    return f"the {name}" if 2 * with_it > len(re.findall(rf"(?<!\w){alone}", text)) else name
