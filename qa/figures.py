"""The figures and names in a sentence, so that two sentences can be compared by them."""

import re

from text_to_num import alpha2digit

from index.text import MONTHS, Span, stem, stems

_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_FIGURE = re.compile(
    r"(?<![\w.])(\d{1,3}(?:[, ]\d{3})+|\d+)(\.\d+)?(?:st|nd|rd|th|s)?"
    r"(?:[ -]?(hundred|thousand|million|billion|trillion|k|m|bn))?\b",
    re.I,
)
_SHORT_SCALES = {"k": 1e3, "m": 1e6, "bn": 1e9}
# Text2num leaves the smallest alone, because "one" is mostly not a figure; these are.
_SMALL = {"two": 2.0, "three": 3.0, "twice": 2.0, "half": 0.5, "halved": 0.5}
_WORD = re.compile(
    r"United (?:States(?: of America)?|Nations|Kingdom)\b|European Union\b|[^\W\d_][\w’'.-]*"
)
_COUNTED = re.compile(r"[ -]([a-z][\w’'-]*)")
_MONTH = "|".join(MONTHS)
_YEAR = r"(?<![\d.,])(?:1[89]|20)\d\d(?![\d]|,\d)"
# A year is one beside a month, after a preposition, or if it counts nothing.
_DATE = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTH})\b(?:,? {_YEAR})?"
    rf"|\b(?:{_MONTH})\W+\d{{1,2}}\b(?!,?\d)(?:,? {_YEAR})?"
    rf"|\b(?:{_MONTH}|(?i:in|of|since|by|from|until|before|after|during|early|late|mid))\W+{_YEAR}"
    rf"|{_YEAR}(?! [a-z])"
)
_VAGUELY = re.compile(
    r"\b(?:none|nobody|most|many|few|several|dozens?|scores|hundreds|thousands|millions|billions"
    r"|doubled?|majority|minority)\b",
    re.I,
)
_ISO_DATE = re.compile(r"\b(\d{4})-(0[1-9]|1[0-2])-(\d\d)(?:T[\d:.+Z-]*)?")
_MONTH_SHORT = re.compile(r"(?<!\w)(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?(?= ?\d)")
_YEARS = re.compile(r"\b((?:1[89]|20)\d\d)[-–/](\d\d)\b(?![-–/\d])")


def figures(text: str) -> set[float]:
    """Return the figures in a text, in digits or in words.

    >>> sorted(figures("More than three hundred of 15,000 left in June 2021."))
    [300.0, 2021.0, 15000.0]
    """
    spelled = _in_digits(text)
    found = {value for value, _ in _values(spelled)}
    if not re.search(r"\b1\b", text):
        found.discard(1.0)  # "one of them" is no figure
    return found


def tells_number(text: str, but: set[float]) -> bool:
    """Return whether a text tells how many: in figures that are no dates and not in `but`, or
    vaguely ("several").

    >>> [tells_number(t, {2023.0}) for t in ("On May 3, 2023, mines fell.", "Six fell.", "A few.")]
    [False, True, True]
    """
    rest = _in_digits(_DATE.sub(" ", text))
    return bool({value for value, _ in _values(rest)} - but) or bool(_VAGUELY.search(text))


def counted(text: str) -> set[tuple[float, str]]:
    """Return the figures in a text, each with the stem of the word after it, which it counts.

    >>> sorted(counted("Four hostages were freed by 20 soldiers."))
    [(4.0, 'hostag'), (20.0, 'soldier')]
    """
    spelled = _in_digits(text)
    after = [(value, _COUNTED.match(spelled, end)) for value, end in _values(spelled)]
    return {(value, stem(match[1])) for value, match in after if match}


def _values(spelled: str) -> list[tuple[float, int]]:
    """Return the figures of a text that is in digits, each with its end."""
    small = ((_SMALL[m[0]], m.end()) for m in _WORD.finditer(spelled) if m[0] in _SMALL)
    return [*((_value(m), m.end()) for m in _FIGURE.finditer(spelled)), *small]


def without_figures(text: str) -> str:
    """Return the lower-case text without its figures, to compare what is counted."""
    return _FIGURE.sub(" ", _in_digits(text))


def _in_digits(text: str) -> str:
    # Digits first: text2num 3.1 would read "1.5 million" as 1.5 and 1,000,000.
    plain = _FIGURE.sub(lambda m: f"{_value(m):.15g}", _dates_in_words(text).lower())
    # "fifteen-member": it reads a number only between spaces.
    converted: str = alpha2digit(re.sub(r"(?<=[a-z])-(?=[a-z])", " ", plain), "en")
    return converted


def _dates_in_words(text: str) -> str:
    """Return a text with its dates in one form: "2018-11-10, 2018–19" → "10 November 2018, …"."""
    text = _ISO_DATE.sub(lambda m: f"{int(m[3])} {MONTHS[int(m[2]) - 1]} {m[1]}", text)
    text = _MONTH_SHORT.sub(
        lambda m: next(month for month in MONTHS if month.startswith(m[1][:3])), text
    )
    return _YEARS.sub(_both_years, text)


def _both_years(match: re.Match[str]) -> str:
    later = match[1][:2] + match[2]
    return f"{match[1]} {later}" if later > match[1] else match[0]


def _value(match: re.Match[str]) -> float:
    number = float(re.sub(r"[, ]", "", match[1]) + (match[2] or ""))
    scale = (match[3] or "").lower()
    return number * (_SCALES.get(scale) or _SHORT_SCALES.get(scale) or 1.0)


def names(text: str) -> list[tuple[str, Span]]:
    """Return the capitalised words and acronyms of a text with their spans.

    The first word of a sentence counts only if something else than its place makes it a name:
    another capital in it, a capitalised neighbour, or a second mention.

    >>> [n for n, _ in names("Army chiefs met Assimi Goita. The UN left.")]
    ['Assimi', 'Goita', 'UN']
    """
    found: list[tuple[str, Span]] = []
    tokens = list(_WORD.finditer(text))
    if text.isupper() and len(tokens) > _SHOUTED:  # which of them are names, nobody knows
        return found
    for i, token in enumerate(tokens):
        if not token[0][0].isupper():
            continue
        word = re.sub(r"(?:[’']s|[’'.-]+)\Z", "", token[0])
        slipped = word.capitalize() in _OPENERS and not word.isupper() and word not in _OPENERS
        if word == "I" or slipped:  # "WHat"
            continue
        before = text[: token.start()].rstrip(" “\"'(‘[")
        first = not before or before[-1] in '.!?:\n”"'
        telling = any(c.isupper() for c in word[1:]) or (
            i + 1 < len(tokens)
            and tokens[i + 1][0][:1].isupper()
            and tokens[i + 1][0] != "I"
            and text[token.end() : tokens[i + 1].start()] == " "
            and word not in _OPENERS
        )
        if not first or telling:
            span = (token.start(), token.start() + len(word))
            found.append((word.replace(".", "") if _INITIALS.fullmatch(word) else word, span))
    return found


_SHOUTED = 3  # words in capitals that may yet be one name
_INITIALS = re.compile(r"(?:[A-Z]\.)+[A-Z]")
# A capitalised first word before a name that is no part of it.
_OPENERS = frozenset(
    (
        "A About According After All Although An And Are As At Because Before Both But By Can "
        "Could Did Do Does During For From Had Has Have How If In Is It Its List May Name "
        "Neither Of On Once Since So Summarise Summarize Tell That The Then There These They "
        "This Those Through To Under Until Was Were What When Where Which While Who Whom "
        "Whose Why Will With Without Would Compare Describe Explain Give Show Army Former "
        "President Does"
    ).split()
)

# The same thing by two names, as folded stems.
_SAME = [
    {"usa", "american", "america", "washington"},
    {"uk", "british", "britain"},
    {"french", "franc"},
    {"dutch", "netherland"},
]


def aliases(name: str) -> set[str]:
    """Return other names of the same thing, as folded stems: "U.S." → {"american", …}."""
    own = " ".join(stems(name))
    return next((same - {own} for same in _SAME if own in same), set())


# Neighbours, not one country with an ending.
_APART = ({"niger", "nigerien"}, {"nigeria", "nigerian"})
_PEOPLE = re.compile(r"(?:ese?|ians?|ans?|ish)\Z")


def same_root(a: str, b: str) -> bool:
    """Return whether one folded word is the other with an ending: mali and malian, but not niger
    and nigeria.
    """
    if any(a in one and b in other for one, other in (_APART, _APART[::-1])):
        return False
    if (
        min(len(a), len(b)) >= 4
        and abs(len(a) - len(b)) <= 3
        and (a.startswith(b) or b.startswith(a))
    ):
        return True
    return _people_of(a, b) or _people_of(b, a)


def _people_of(people: str, country: str) -> bool:
    """Return whether the one is named after the other: chinese and china, italian and italy."""
    root = _PEOPLE.sub("", people)
    return root != people and len(root) >= 4 and root == re.sub(r"[aeoy]+\Z", "", country)


def spelled_out(acronym: str, text: str) -> bool:
    """Return whether a text spells out an acronym: HRW in "Human Rights Watch"."""
    if not (acronym.isupper() and 2 <= len(acronym) <= 8 and acronym.isalpha()):
        return False
    between = r"\w*[\s-]+(?:(?:of|the|for|and|in|on)\s+)*"
    return re.search(r"\b" + between.join(acronym) + r"\w", text) is not None


def name_known(name: str, text: str) -> bool:
    """Return whether a name occurs in a text, also as an adjective, acronym or common alias.

    >>> name_known("Malian", "The army of Mali"), name_known("US", "the United States")
    (True, True)
    """
    have = stems(_dates_in_words(text))
    joined = f" {' '.join(have)} "
    if any(f" {alias} " in joined for alias in aliases(name)) or spelled_out(name, text):
        return True
    return all(
        f" {own} " in joined or any(same_root(own, h) for h in have)
        for own in stems(name)
        if len(own) > 1
    )
