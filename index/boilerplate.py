"""Tells what a document says from what its publisher says to the reader: appeals, links, notices.

What is set aside can never be evidence, so a line stays unless it can hardly be anything else.
`index/navigation.py` and `index/buttons.py` know lines that are no text, `index/appeals.py`
sentences that speak to the reader, `index/orders.py` those that speak to a language model.
"""

import re
from collections import Counter

from index.appeals import APPEAL, OPENER, appeal, has_figures, is_reported, may_appeal
from index.navigation import heads_links, is_copyright, is_navigation, is_origin
from index.orders import is_disguised, is_order, orders_clearly, without_long_quotations
from index.text import Span, paragraph_spans, sentence_spans, words

_MAX_WORDS = 90  # of a paragraph that is an appeal as a whole
_MAX_CHARS = 1000  # likewise, with links
_LABEL_WORDS = 30  # of "Related: …" and of lines of navigation
_QUESTION_WORDS = 12  # of one that leads up to an appeal
_TITLE_WORDS, _TITLES = 20, 10  # of the title of another piece, and how many a list of them has
_WRAPPED_CHARS = 120  # a text with longer lines than this is not wrapped
_SENTENCE_ENDS = (".", "!", "?", ".”", ".’", '."', ".'", "!”", "?”", ")")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_URL = re.compile(r"https?://\S+")
_MARKS = " \t\n*_>•·|»›«→←▶+-–—.!…:"
_EDITOR = re.compile(r"\A(?:editor.?s.? note|ed\. note|note to readers|p\.?s\.)\s*[:–—-]\s*", re.I)
_NUMBERED = re.compile(r"\d{1,3}[.)]\s")
_LISTED = re.compile(r"\A[-*+•]\s+")
_HEADING = re.compile(r"#{1,6}\s")
_ROW = re.compile(r"\|.*\|\Z", re.S)


def boilerplate_spans(text: str, start: int = 0) -> tuple[Span, ...]:
    r"""Return the spans of what is no part of a document: appeals, links, notices, orders.

    A span is a whole paragraph, a whole line of one where the line break is none that wraps, or a
    sentence that is an appeal beyond doubt inside a paragraph. Headings and rows of tables stay.

    >>> boilerplate_spans("Gao fell.\n\nSubscribe to our newsletter.\n\nTroops left.")
    ((11, 39),)
    """
    wrapped = all(len(line) <= _WRAPPED_CHARS for line in text[start:].splitlines())
    lines = [
        (start + s + a, start + s + b)
        for s, e in paragraph_spans(text[start:])
        for a, b in _lines(text[start + s : start + e], wrapped=wrapped)
    ]
    plain = [_plain(text[s:e]) if e - s <= _MAX_CHARS else "" for s, e in lines]
    times = Counter(line.casefold() for line in plain)
    found: list[Span] = []
    titles = 0  # that may still follow
    for (s, e), line in zip(lines, plain, strict=True):
        if _is_label(line):
            found.append((s, e))
            titles = _TITLES if heads_links(line.strip(_MARKS)) else titles
        elif titles and _is_title(line):
            found.append((s, e))
            titles -= 1
        else:
            titles = _TITLES if heads_links(line.strip(_MARKS + "#")) else 0
            needed = APPEAL - (times[line.casefold()] > 1)
            found += [(s + a, s + b) for a, b in _appeals(text[s:e], needed=needed)]
    return _joined([*found, *_orders(text, start)])


def _orders(text: str, start: int) -> list[Span]:
    """Return the spans of paragraphs with an order to a language model in them.

    What stands around an order is as little to be trusted: it may be what is to be said. So is what
    stands below one; a heading itself stays, which is no evidence anyway.
    """
    found: list[Span] = []
    below = False
    for a, b in paragraph_spans(text[start:]):
        s, e = start + a, start + b
        paragraph = text[s:e]
        if _HEADING.match(paragraph) and "\n" not in paragraph:
            below = orders_clearly(paragraph)
            continue
        if _ROW.match(paragraph):
            pieces = [cell.strip() for cell in paragraph.split("|")]
        else:
            said = without_long_quotations(paragraph)
            pieces = [said[i:j] for i, j in sentence_spans(said)]
        clear = below or orders_clearly(paragraph) or any(map(orders_clearly, pieces))
        if clear or is_disguised(paragraph) or any(map(is_order, pieces)):
            found.append((s, e))
        below = False
    return found


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    """Return spans in order, those as one that overlap."""
    joined: list[Span] = []
    for s, e in sorted(spans):
        if joined and s < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(e, joined[-1][1]))
        else:
            joined.append((s, e))
    return tuple(joined)


def _lines(paragraph: str, *, wrapped: bool) -> list[Span]:
    """Return the spans of lines, those joined whose break only wraps them.

    A break wraps if the first word after it had no room before it; in a text whose lines are not
    wrapped, none does after the end of a sentence.
    """
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", paragraph)]
    width = max(e - s for s, e in lines)
    joined = lines[:1]
    for s, e in lines[1:]:
        before, after = paragraph[joined[-1][0] : joined[-1][1]], paragraph[s:e].lstrip()
        last = before.rsplit("\n", 1)[-1]
        room = len(last) + 1 + len(after.split(maxsplit=1)[0]) <= width
        ends = not wrapped and last.endswith(_SENTENCE_ENDS)
        if (room or ends) and not after[0].islower():
            joined.append((s + len(paragraph[s:e]) - len(after), e))
        else:
            joined[-1] = (joined[-1][0], e)
    return joined


def _plain(line: str) -> str:
    """Return a line as it reads: no link targets, no emphasis, no escapes, single spaces."""
    line = _LINK.sub(lambda m: m[1], line)
    return " ".join(line.replace("**", "").replace("__", "").replace("’", "'").split())


def _is_label(line: str) -> bool:
    """Whether a line is none of the text: a button, a link, a credit, a notice of rights."""
    if _HEADING.match(line) or _NUMBERED.match(line) or _ROW.match(line):
        return False
    bare = _bare(line)
    if not 0 < len(words(bare)) <= _LABEL_WORDS:
        return False
    label = _URL.sub("", bare).strip(_MARKS + "[]")
    ended = line.endswith(".") and not line.endswith("...")
    quoted = line.lstrip("*_ ").startswith(("“", '"'))
    return (is_navigation(label, ended=ended) and not quoted) or _is_notice(bare)


def _is_notice(bare: str) -> bool:
    return is_origin(bare) or (is_copyright(bare) and not is_reported(bare))


def _bare(line: str) -> str:
    return _EDITOR.sub("", _LISTED.sub("", line).strip(_MARKS + "[]"))


def _appeals(paragraph: str, *, needed: int) -> list[Span]:
    """Return the spans of a paragraph that are appeals: all of it, or sentences beyond doubt.

    `needed` are the points that make a sentence an appeal where nothing else is in the paragraph;
    between sentences of a report it takes more.
    """
    line = _plain(paragraph)
    if _HEADING.match(line) or _NUMBERED.match(line) or _ROW.match(line) or not may_appeal(line):
        return []
    listed = bool(_LISTED.match(paragraph))
    spans = sentence_spans(paragraph)
    kinds = [_kind(_plain(paragraph[s:e]), listed=listed, needed=needed) for s, e in spans]
    size = Counter[str]()
    for (s, e), kind in zip(spans, kinds, strict=True):
        size[kind] += len(words(paragraph[s:e]))
    appeals = size["appeal"] + size["clear"]
    several = sum(kind in ("appeal", "clear") for kind in kinds) > 1
    trade = appeals + size["advert"]
    others = size["neutral"] == 0 or (trade > 3 * size["neutral"] and several)
    short = size.total() <= _MAX_WORDS and not size["report"]
    if short and appeals and size["leaning"] <= 3 * trade and others:
        return [(0, len(paragraph))]
    # What leans on an appeal goes with it.
    taken = {i for i, kind in enumerate(kinds) if kind == "clear"}
    for i in (*range(len(kinds)), *reversed(range(len(kinds)))):
        if kinds[i] in ("leaning", "appeal", "advert") and {i - 1, i + 1} & taken:
            taken.add(i)
    return [spans[i] for i in sorted(taken)]


def _kind(sentence: str, *, listed: bool, needed: int) -> str:
    """Return what a sentence is, from "clear" (an appeal anywhere) to part of a "report".

    An "appeal" is one if no report is around it; an "advert" addresses nobody, and needs one.
    """
    bare = _bare(sentence) + (sentence[-1] if sentence[-1] in "!?." else "")
    if is_origin(bare):
        return "clear"
    if is_reported(bare):
        return "report"
    points, addressed = appeal(bare, listed=listed)
    if (points > APPEAL and addressed) or is_copyright(bare):
        return "clear"
    if points >= needed:
        return "appeal" if addressed else "advert"
    if has_figures(bare):
        return "report"
    asks = bare.endswith("?") and len(words(bare)) <= _QUESTION_WORDS
    return "leaning" if addressed or asks or OPENER.match(bare) else "neutral"


def _is_title(line: str) -> bool:
    """Whether a line can be the title of another piece: short, and no full stop ends it."""
    return 0 < len(words(line)) <= _TITLE_WORDS and not (
        line.endswith((".", ":", ";", ",")) or _HEADING.match(line) or _ROW.match(line)
    )
