"""An answer from several documents: which says what, the newer first."""

from dataclasses import replace

from qa.declining import logit
from qa.types import Answer, AnswerSentence, Citation

# As likely as not, the evidence of a document that no sentence cites states the answer as well.
# Or it does about as likely as what is cited (in logits): where documents disagree, either could
# have been. Of 45 answers to questions of `tests/library-questions.jsonl` that adds to one.
_LIKELY, _AS_LIKELY = 0.5, 0.5


def by_source(answer: Answer) -> Answer:
    """Return an answer that says which document says what, if more than one does.

    A document whose evidence is likely to state the answer, but which the model passed over, is
    quoted: where documents disagree, both are shown, and the reader decides.
    """
    citations = {c.n: c for c in answer.citations}
    shown = [s for s in answer.sentences if s.status != "removed" and s.citations]
    heard = {citations[n].document.id for s in shown for n in s.citations}
    cited = [logit(citations[n].evidence.probability) for s in shown for n in s.citations]
    least = min(logit(_LIKELY), min(cited, default=0.0) - _AS_LIKELY)
    for citation in answer.citations:
        document = citation.document
        if document.id not in heard and logit(citation.evidence.probability) >= least:
            heard.add(document.id)
            text = " ".join(citation.evidence.text.split())
            shown.append(AnswerSentence(text, (citation.n,), "quoted"))
    if len(heard) < 2:
        return answer

    def newest(sentence: AnswerSentence) -> Citation:
        return max((citations[n] for n in sentence.citations), key=lambda c: c.document.as_of)

    shown.sort(key=lambda s: newest(s).document.as_of, reverse=True)
    named = [
        replace(s, source=newest(s).document.title, as_of=newest(s).document.as_of) for s in shown
    ]
    removed = [s for s in answer.sentences if s.status == "removed"]
    return replace(answer, sentences=(*named, *removed))
