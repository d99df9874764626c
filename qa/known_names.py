"""Names in a question that the library never mentions, the surest sign of no answer, or only
in another spelling.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from index.text import stem, words
from index.types import Library
from qa.figures import aliases, names, same_root, spelled_out

# "goyta" and "goita" are 0.8 alike, "macron" and "malian" 0.67.
_ALIKE = 0.8
_MIN_TYPO_CHARS = 5
# A page. On single paragraphs of SQuAD 2.0 36 of 702 answerable questions had an unknown name, and
# 63 of 798 impossible ones.
_MIN_CHARS = 3000
_SEARCHED = 40  # passages that may spell a name another way; reading a whole library takes minutes
_PARTICLES = (" ", " de ", " al ", " van ", " von ", " of ", " of the ")


@dataclass(frozen=True, slots=True)
class Names:
    """A question with its names spelled as in the library, and the first one unknown to it."""

    question: str
    unknown: str = ""


def resolve_names(question: str, library: Library) -> Names:
    """Spell the names in a question as the library does; say which it never mentions.

    A few paragraphs may not even name their topic: of such a library nothing is said to be unknown.
    A name is a run of capitalised words. It is unknown if its last word is: for "Assimi Macron"
    it does not help that somebody else is called Assimi.
    """
    resolved = question
    for run in name_runs(question):
        *_, (last, _) = names(f"x {run}")  # as if inside a sentence
        if _mentioned(last, library, question):
            continue
        for part in last.split("-"):
            if _mentioned(part, library, question):
                continue
            spelling = _other_spelling(part, library)
            if not spelling:
                if sum(d.characters for d in library.documents()) < _MIN_CHARS:
                    continue
                return Names(question, unknown=run)
            resolved = re.sub(rf"\b{re.escape(part)}\b", spelling, resolved)
    return Names(resolved)


def name_runs(text: str) -> list[str]:
    """Return the names of a text, each with all its words.

    >>> name_runs("When did Royce de Melo leave the UN?")
    ['Royce de Melo', 'UN']
    """
    runs: list[tuple[int, int]] = []
    for _, (start, end) in names(text):
        if runs and text[runs[-1][1] : start] in _PARTICLES:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return [text[s:e] for s, e in runs]


def _mentioned(name: str, library: Library, question: str) -> bool:
    if library.frequency(name) > 0 or any(library.frequency(a) > 0 for a in aliases(name)):
        return True
    if name.isupper():
        found = library.search(question, _SEARCHED)
        return any(spelled_out(name, hit.passage.text) for hit in found)
    own = stem("".join(words(name)))
    return any(same_root(own, other) for other in library.words_like(own[:4]))


def _other_spelling(name: str, library: Library) -> str:
    """Return a name of the library that differs by a typing error, as it is written there."""
    own = "".join(words(name))
    if len(own) < _MIN_TYPO_CHARS:
        return ""
    alike = {
        other: SequenceMatcher(None, own, other).ratio() for other in library.words_like(own[:1])
    }
    best = max(alike, key=lambda other: alike[other], default="")
    if not best or alike[best] < _ALIKE:
        return ""
    for hit in library.search(best, _SEARCHED):
        for word, _ in names(hit.passage.text):
            for part in word.split("-"):
                if stem("".join(words(part))) == best:
                    return part
    return ""
