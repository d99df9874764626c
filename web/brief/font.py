"""The font of the PDF, and words for what it lacks. It has Latin with all its letters for African
languages, Greek and Cyrillic; a character that it lacks would be a box that says nothing.
"""

import unicodedata
from functools import cache
from itertools import groupby
from pathlib import Path

from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

NAME = "SahelBrief"
_FOLDER = Path(__file__).parent / "fonts"
_FILES = (("Regular", 0, 0), ("Bold", 1, 0), ("Italic", 0, 1))
_SAME = str.maketrans({"≤": "<=", "≥": ">=", "→": "->", "←": "<-", "−": "–"})
_SCRIPTS = {
    "CJK": "Chinese characters", "HIRAGANA": "Japanese", "KATAKANA": "Japanese",
    "HANGUL": "Korean", "TIFINAGH": "Tifinagh", "NKO": "N’Ko",
}  # fmt: skip


@cache
def register() -> frozenset[int]:
    """Make the font known to reportlab, once, and return the code points of all its files."""
    known: list[set[int]] = []
    for style, bold, italic in _FILES:
        font = TTFont(f"{NAME}-{style}", str(_FOLDER / f"NotoSans-{style}.ttf"))
        pdfmetrics.registerFont(font)
        addMapping(NAME, bold, italic, font.fontName)
        known.append(set(font.face.charToGlyph))
    addMapping(NAME, 1, 1, f"{NAME}-Bold")
    return frozenset(set.intersection(*known))


def printable(text: str) -> str:
    """Return a text with words in the place of what the font lacks.

    >>> printable("Goïta (غويتا) 😀")
    'Goïta ([1 word in Arabic]) [grinning face]'
    """
    known = register()
    text = unicodedata.normalize("NFC", text).translate(_SAME)
    if all(ord(c) in known for c in text):
        return text
    runs = [(kind, "".join(run)) for kind, run in groupby(text, lambda c: _kind(c, known))]
    merged: list[tuple[str, str]] = []
    for n, (kind, run) in enumerate(runs):
        between = n and n + 1 < len(runs) and run.isspace() and runs[n - 1][0] == runs[n + 1][0]
        if merged and merged[-1][0] not in ("", "symbol") and (between or kind == merged[-1][0]):
            merged[-1] = (merged[-1][0], merged[-1][1] + run)
        else:
            merged.append((kind, run))
    return "".join(_said(kind, run) for kind, run in merged)


def _kind(c: str, known: frozenset[int]) -> str:
    """Return "" for what the font has, "gone" for what is never seen, a script, or "symbol"."""
    if ord(c) in known:
        return ""
    category = unicodedata.category(c)
    if category == "Cf" or "VARIATION SELECTOR" in unicodedata.name(c, ""):
        return "gone"
    if category[0] in "LMN":
        first = unicodedata.name(c, "an unknown script").split()[0]
        return _SCRIPTS.get(first, first.title())
    return "symbol"


def _said(kind: str, run: str) -> str:
    if kind == "":
        return run
    if kind == "gone":
        return ""
    if kind == "symbol":
        return "".join(f"[{unicodedata.name(c, f'character {ord(c):X}').lower()}]" for c in run)
    if kind == _SCRIPTS["CJK"]:
        return f"[{len(''.join(run.split()))} {kind}]"
    words = len(run.split())
    return f"[{words} word{'' if words == 1 else 's'} in {kind}]"
