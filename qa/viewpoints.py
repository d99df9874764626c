"""Whose view a question asks for: "What does Lewis say about China?" is not answered by what
somebody else says about it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.text import stem_set
from qa.candidates import Candidate
from qa.checking import alike
from qa.figures import name_known
from qa.selection import content_weights

_VIEW = (
    r"(?:say|think|tell|add|explain|stress|note|emphasi[sz]e|argue|warn|claim|allege|complain|state"
    r"|caution|insist|conclude|write|fear|expect|believe|find|report|record|regard|see|worry|call"
    r"|point|deny|announce|urge|want|recommend|suggest|propose|predict|mention|describe|advise"
    r"|accuse|blame|praise|criticise|criticize|comment|hope|document)"
)
_NAME = (
    r"(?:the )?(?P<name>(?:[A-Z]+ )?(?:panel|watchdog)|(?:de |van |von |al |el )?"
    r"[A-Z][\w’'-]*\w(?: (?:de |van |von |al |el |of )?[A-Z][\w’'-]*\w)*)"
)
_ASKED = (
    re.compile(rf"\b(?:does|did|do|has|had|would|could|should) {_NAME} (?:\w+ly |also )?{_VIEW}\b"),
    re.compile(rf"\b[Aa]ccording to {_NAME}"),
    re.compile(rf"\b{_NAME}[’']s? (?:view|opinion|words|assessment|warning|advice|fear|concern)"),
)
_ABOUT = re.compile(r"\b(?:about|on|regarding|concerning|of)\s+(?P<topic>.+)\Z")


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Who was asked about, and what about; the topic is "" if the question names none."""

    speaker: str
    topic: str

    def holds(self, candidate: Candidate) -> bool:
        """Return whether a sentence is the speaker’s, or nobody’s but names the speaker."""
        text = candidate.speaker
        if not text or text.lower().startswith("the "):  # "the watchdog": who, its neighbour says
            before = candidate.context if text or candidate.leans_back else ""
            text = f"{text} {before} {candidate.text}"
        short = "".join(word[0] for word in self.speaker.split() if word[0].isupper())
        known_as = [self.speaker.split()[-1], *([short] if len(short) > 2 else [])]
        return any(name_known(name, text) for name in known_as)

    def covered(self, own: Sequence[Candidate]) -> bool:
        """Return whether the speaker's sentences have a word of the topic, if there is one."""
        have = frozenset().union(
            *(stem_set(text) for c in own for text in (c.passage.section, c.text))
        )
        topic = content_weights(self.topic)
        return not topic or any(alike(word, have) for word in topic)


def viewpoint(question: str) -> Viewpoint | None:
    """Return whose view a question asks for, if anybody's.

    >>> viewpoint("What does Andrew Lewis say about China?")
    Viewpoint(speaker='Andrew Lewis', topic='China')
    >>> viewpoint("Who led the coup?") is None
    True
    """
    for pattern in _ASKED:
        if match := pattern.search(question):
            rest = question[match.end() :].strip(" ?.!")
            about = _ABOUT.search(rest)
            return Viewpoint(match["name"], about["topic"] if about else "")
    return None
