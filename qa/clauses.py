"""The main clause of a plain sentence: who did what, and when. What is not plain has none."""

import re
from dataclasses import dataclass

from index.text import MONTHS
from qa.selection import FUNCTION_WORDS
from qa.verbs import base, is_participle

_MONTH = rf"(?:{'|'.join(MONTHS)})"
DATE = rf"(?:\d{{1,2}} {_MONTH} \d{{4}}|{_MONTH} \d{{1,2}}, \d{{4}}|{_MONTH} \d{{4}}|(?:19|20)\d\d)"
_WHEN = re.compile(rf"\b(?:[Oo]n|[Ii]n) (?P<date>{DATE})(?![\w–-])")
_ANY_DATE = re.compile(rf"{DATE}|\b{_MONTH}\b|\b\d{{1,2}} {_MONTH}\b")
_ASIDE = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])")
_ITEM = re.compile(r"^\s*[-*•] (?:\w+ \d{1,2} [–—-] )?")
# Where a clause may be cut so that what stands before is whole.
_CUT = re.compile(
    r",(?!\d)|;| [–—] | (?:which|who|whom|whose|that|while|whereas|after|before|when|where|as|but"
    r"|because|since|until|following|killing|injuring|wounding|leaving|causing|including|resulting|amid"
    r"|despite|although|though|and|or|if|so|with|(?<!more )(?<!less )(?<!fewer )than)\b"
)
_REASON = re.compile(r",? (?:because|due to|owing to)\b")
_PAIRED = re.compile(r"\b(?:both|between|either|neither|from)\b")
_SPOKEN = re.compile(r"[“”\"«»‘:?!|]")
_ADVERB = frozenset(
    "then also later first subsequently finally again soon already still initially officially "
    "reportedly formally immediately eventually publicly successfully".split()
)
_FINITE = frozenset("was were is are had has have will would could can may must did does".split())
_BE = frozenset("was were is are".split())
# Words that point at something outside of the sentence, or at whoever speaks.
DEIXIS = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those|such|there"
    r"|here|we|us|our|i|my|me|you|your|one|same|other|others|another|former|latter|both|each|all"
    r"|some|many|few|several|none|also|ago|now|today|yesterday|himself|itself|themselves)\b"
)
_IN_SUBJECT = frozenset("a an the of in for de van von al ag el".split())
_SUBJECT_WORDS = 7


@dataclass(frozen=True, slots=True)
class Clause:
    """`subject` `verb` `rest` is what a sentence says first, `date` (or "") when it was.

    `verb` is a form of "to be" before a participle, or a verb in the past. `reason` tells that the
    sentence goes on to say why. `dated` is the date with its preposition: "in June 2021".
    """

    subject: str
    verb: str
    rest: str
    dated: str = ""
    reason: bool = False

    @property
    def passive(self) -> bool:
        """Whether something was done to the subject."""
        return self.verb in _BE


def plain(sentence: str) -> str:
    """Return a sentence as one line without brackets, "" where somebody is quoted in it."""
    line = _ASIDE.sub("", " ".join(sentence.split())).replace("**", "")
    line = _ITEM.sub("", line).replace("*", "").strip().rstrip(".")
    return "" if _SPOKEN.search(line) or not line[:1].isalnum() else line


def dated(line: str) -> str:
    """Return the date that a plain sentence gives, with its preposition; "" for none or several."""
    found = _WHEN.search(line)
    if not found or len(_ANY_DATE.findall(line)) != 1:
        return ""
    return found[0][0].lower() + found[0][1:]


def main_clause(sentence: str) -> Clause | None:
    """Return the main clause of a sentence, None where it is not plain.

    >>> main_clause("On 5 May 2013, Ann Lee then led a second coup, which failed.")
    Clause(subject='Ann Lee', verb='led', rest='a second coup', dated='on 5 May 2013', reason=False)
    >>> main_clause("It was bad.") is None
    True
    """
    line = plain(sentence)
    when = _WHEN.search(line) if dated(line) else None
    date = dated(line)
    if when and when.start() == 0:
        line = line[when.end() :].lstrip(" ,")
    elif when:
        line = f"{line[: when.start()].rstrip(' ,')} \0{line[when.end() :]}"
    reason = _REASON.search(line)
    spoken = cut(line)
    if "\0" in line and not spoken.endswith("\0"):  # the date is that of something else
        date = ""
    words = spoken.replace("\0", " ").split()
    for n, word in enumerate(words[: _SUBJECT_WORDS + 1]):
        if n and (word in _BE or base(word)):
            break
    else:
        return None
    subject = [w for w in words[:n] if w not in _ADVERB]
    rest = [w for w in words[n + 1 :] if w not in _ADVERB or word not in _BE]
    clause = Clause(
        " ".join(subject),
        word,
        " ".join(rest),
        date,
        bool(reason and cut(line[: reason.start()]) == spoken),
    )
    return clause if _is_whole(clause, subject, rest) else None


def cut(line: str) -> str:
    """Return a line up to where it goes on with another clause, a list or an aside.

    >>> cut("were killed in Gao, where the army had left")
    'were killed in Gao'
    """
    found = _CUT.search(line)
    return (line[: found.start()] if found else line).strip()


def _is_whole(clause: Clause, subject: list[str], rest: list[str]) -> bool:
    said = f"{clause.subject} {clause.rest}"
    if not subject or DEIXIS.search(said.lower()) or _PAIRED.search(said):
        return False
    if not all(map(_may_name, subject)) or subject[0].lower() in ("a", "an"):
        return False
    if clause.passive:
        if re.search(r" to \w+$", clause.rest):  # "were sent to assist": whom, it says no more
            return False
        return (
            bool(rest)
            and is_participle(rest[0])
            and not any(base(w) or w in _FINITE for w in rest[1:])
        )
    # "Forces backed by France attacked": the first of two verbs is no verb.
    return rest[:1] != ["by"] and not any(base(w) or w in _FINITE for w in rest)


def _may_name(word: str) -> bool:
    if word.lower() in _IN_SUBJECT:
        return True
    if word.lower() in FUNCTION_WORDS or word[0].isdigit():
        return False
    return not word.islower() or (word.isalpha() and not word.endswith(("ing", "ly", "ed")))
