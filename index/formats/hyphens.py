"""Words that the end of a line divides are made whole, where that is safe."""

import re
from collections import Counter

from index.text import rarity

HYPHEN = "\ufffe"  # where pdfium found a hyphen at the end of a line
_DIVIDED = re.compile(rf"(\w+){HYPHEN}(\w+)")


def joined(before: str, after: str, known: Counter[str]) -> str:
    """Return one line after another, a divided word made whole; `known` counts words of the text.

    The hyphen goes where the joined word occurs in the text, is a common one, or has a half that
    is no word: "secu-rity" → "security", while "fifteen-member" and "al-Qaeda" keep it.
    """
    if not before.endswith(HYPHEN):
        return f"{before} {after}"
    at = before.rfind(" ") + 1
    end = after.find(" ") if " " in after else len(after)
    word = _DIVIDED.sub(lambda m: _whole(m[1], m[2], known), before[at:] + after[:end])
    # A hyphen at the very end divides the word that is still to come.
    return before[:at] + re.sub(f"{HYPHEN}(?=.)", "-", word) + after[end:]


def _whole(first: str, second: str, known: Counter[str]) -> str:
    whole, hyphened = (first + second).lower(), f"{first}-{second}".lower()
    if not second[0].islower() or known[hyphened]:
        return f"{first}-{second}"
    common = rarity(whole) < 1 or known[whole]
    halves = rarity(first.lower()) < 1 and rarity(second.lower()) < 1
    return first + second if common or not halves else f"{first}-{second}"
