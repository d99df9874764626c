"""A draft becomes an answer while it grows: each sentence is checked as soon as it is complete."""

import re
from collections.abc import Sequence
from dataclasses import replace

from index.text import sentence_spans, stem, stem_set, words
from index.types import Passage
from qa.checking import attributed, carried_by, said_beyond, wording
from qa.figures import counted, figures, name_known, names, without_figures
from qa.prompt import evidence_line
from qa.selection import FUNCTION_WORDS, asks_for_number
from qa.types import Answer, AnswerSentence, Evidence

# Chosen by hand, not yet measured.
_SURE = 0.8
_ENDED = re.compile(r"[.!?][\"'”’)\]]*\Z")
_ALWAYS_LARGE = ("I", "May", "Will")  # for all that one knows of the last two
_YES_OR_NO = frozenset(
    "is are was were do does did has have had can could will would should may might must".split()
)


class DraftChecker:
    """Follows a growing draft and checks each sentence as soon as it is complete."""

    def __init__(
        self, question: str, evidence: Sequence[Evidence], found: Sequence[Passage] = ()
    ) -> None:
        """Take a question, the evidence for it, and the passages that were found for it."""
        self._question = question
        self._evidence = evidence
        self._lines = [evidence_line(e) for e in evidence]
        self._granted = [_granted(question, e) for e in evidence]
        self._assumed = [
            stem_set(without_figures(question)) - stem_set(f"{line} {granted}")
            for line, granted in zip(self._lines, self._granted, strict=True)
        ]
        self._counted = set() if asks_for_number(question) else counted(question)
        if self._counted:  # but no number that is asked for, which the question may only suggest
            passages = {p.text for p in [*found, *(e.passage for e in evidence)]}
            self._counted &= {pair for text in passages for pair in counted(text)}
        self._done = 0  # characters of the draft that are checked
        self._text = ""
        self._share = 0.0  # of a sentence's wording, the most so far that one piece has
        self.nearest = 0  # that piece: what to quote where nothing is carried

    def follow(self, answer: Answer, text: str) -> Answer:
        """Return the answer with the sentences that are complete in `text`, and the rest as draft.

        The rest is held back from its first figure or name on that no evidence has.
        """
        self._text = text
        spans = sentence_spans(text[self._done :])
        for start, end in spans[:-1]:
            answer = self._checked(answer, text[self._done + start : self._done + end])
        if len(spans) > 1:
            self._done += spans[-1][0]
        rest = text[self._done :]
        return replace(
            answer, state="answering", draft=rest if self._is_safe(rest) else answer.draft
        )

    def finish(self, answer: Answer, *, whole: bool = True) -> Answer:
        """Return the answer with the last sentence checked, and without a draft.

        Of one that is not `whole`, a last sentence without its end is removed: the rest may have
        denied what it says.
        """
        rest = self._text[self._done :].strip()
        if rest and not whole and not _ENDED.search(rest):
            removed = AnswerSentence(f"{rest} …", (), "removed")
            return replace(answer, sentences=(*answer.sentences, removed), draft="")
        return replace(self._checked(answer, rest) if rest else answer, draft="")

    def _is_safe(self, draft: str) -> bool:
        evidence = " ".join([*self._lines, *self._granted])
        # The last word may be incomplete: "15" may become "15,000".
        complete = draft.rpartition(" ")[0]
        return figures(complete) <= figures(evidence) | self._known(complete) and all(
            name_known(name, evidence) for name, _ in names(complete)
        )

    def _known(self, text: str) -> frozenset[float]:
        """Return the figures of a text that count what they count in the question and a passage.

        Asked about "the four hostages", an answer may speak of them where the evidence has "the
        hostages" and a passage that was found has "four hostages".
        """
        if not self._counted:  # as with most questions, and a draft is looked at word by word
            return frozenset()
        return frozenset(figure for figure, _ in counted(text) & self._counted)

    def _checked(self, answer: Answer, text: str) -> Answer:
        chosen, verdict = carried_by(
            text,
            self._lines,
            granted=self._granted,
            assumed=self._assumed,
            known=self._known(text),
        )
        shares = [wording(text, line) for line in self._lines]
        if shares and max(shares) > self._share:
            self._share, self.nearest = max(shares), shares.index(max(shares))
        if not verdict.passed or not _says_more(text, self._question):
            return replace(
                answer, sentences=(*answer.sentences, AnswerSentence(text, (), "removed"))
            )
        numbers = tuple(sorted(i + 1 for i in chosen))
        speaker = next((self._evidence[i].speaker for i in chosen if self._evidence[i].speaker), "")
        if speaker and not attributed(text, speaker):
            text = f"According to {speaker}, {_lower_first(text)}"
        sentence = AnswerSentence(text, numbers, "supported")
        return replace(answer, sentences=(*answer.sentences, sentence))


def _granted(question: str, evidence: Evidence) -> str:
    """Return the words of a question that a sentence may use beside those of the evidence.

    Those that the passage around it has: "it" in the evidence may be the mission that the passage
    and the question call by its name. And, where selection is sure that the evidence answers this
    very question, those that ask for it: who "leads" a firm is its "president".
    """
    around = f"{evidence.passage.section} {evidence.passage.text}"
    have = stem_set(around)
    named = {w for name, _ in names(question) for w in words(name)}
    sure = evidence.probability >= _SURE
    return " ".join(
        w
        for w in words(question)
        if stem(w) in have or (sure and w not in named and not w.isdigit())
    )


def _says_more(text: str, question: str) -> bool:
    """Return whether a sentence says anything that the question does not, if it asks for more
    than yes or no: "Groups do things in Mali" is no answer to what they do there.
    """
    asks = words(question)
    if not asks or asks[0] in _YES_OR_NO:
        return True
    return bool(said_beyond(question, text))


def _lower_first(text: str) -> str:
    first = text.split(" ", 1)[0]
    if first in _ALWAYS_LARGE:
        return text
    # "He" and "A" are none of a name, "US" is.
    common = first.lower() in FUNCTION_WORDS and first == first.capitalize()
    plain = common or (first.isalpha() and not names(f"x {first}"))
    return text[:1].lower() + text[1:] if plain else text
