"""An answer as HTML for the conversation. All of it is escaped: documents, questions and what the
model says are untrusted.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from html import escape

from index.types import Hit
from qa.output import date_words, from_words, source_words
from qa.types import Answer, AnswerSentence, Citation

# The conversation is rendered as Markdown, in which these would mean something.
_MARKDOWN = re.compile(r"[\\`*_{}\[\]()#+\-.!|~$:<>]")


def card(answer: Answer, *, stopped: bool = False) -> str:
    """Return an answer, at whatever stage, as one line of HTML without Markdown in it."""
    parts = []
    if answer.resolved != answer.question:
        parts.append(f'<p class="resolved">Understood as: {text(answer.resolved)}</p>')
    if answer.declined:
        parts.append(_declined(answer))
    else:
        parts += [_said(answer, stopped), _evidence(answer.citations), _removed(answer.sentences)]
    if answer.notice:
        parts.append(f'<p class="notice">{text(answer.notice)}</p>')
    if stopped:
        parts.append('<p class="notice">Stopped. What is muted was not checked.</p>')
    parts.append(_meta(answer))
    return f'<div class="card {"done" if stopped else answer.state}">{"".join(parts)}</div>'


def problem(message: str) -> str:
    """Return something that went wrong, in words, as HTML."""
    return f'<div class="card done"><p class="problem" role="alert">{text(message)}</p></div>'


def text(raw: str) -> str:
    """Return untrusted text so that neither HTML nor Markdown means anything in it."""
    line = " ".join(raw.split())
    return _MARKDOWN.sub(lambda m: f"&#{ord(m[0])};", escape(line, quote=False))


def lines(raw: str) -> str:
    """Return untrusted text of several lines as HTML, with their breaks."""
    return "<br>".join(text(line) for line in raw.strip().splitlines())


def link(document_id: str, start: int, end: int) -> str:
    """Return the address of words in a document, which `viewer.js` follows."""
    return f"#cite-{document_id}-{start}-{end}"


def _said(answer: Answer, stopped: bool) -> str:
    citations = {c.n: c for c in answer.citations}
    said = "".join(_sentence(s, citations) for s in answer.sentences if s.status != "removed")
    draft = f'<span class="draft">{text(answer.draft)}</span>' if answer.draft else ""
    if not said and not draft:
        if stopped:
            return ""
        waiting = {"searching": "Searching the report …", "evidence": "Wording an answer …"}
        return f'<p class="waiting">{waiting.get(answer.state, "")}</p>'
    return f'<p class="said">{said}{draft}</p>'


def _sentence(sentence: AnswerSentence, citations: dict[int, Citation]) -> str:
    chips = "".join(_chip(citations[n]) for n in sentence.citations if n in citations)
    if sentence.source:
        whose = f'<span class="source">{text(source_words(sentence))}:</span> '
        return whose + _sentence(replace(sentence, source=""), citations)
    if sentence.status == "quoted":
        words = (
            f'<q class="quoted" title="The words of the document itself">{text(sentence.text)}</q>'
        )
        return f"{words}{chips} "
    return f"<span>{text(sentence.text)}</span>{chips} "


def _chip(citation: Citation) -> str:
    e = citation.evidence
    return (
        f'<a class="chip" href="{link(citation.document.id, e.start, e.end)}">'
        f"&#91;{citation.n}&#93;</a>"
    )


def _evidence(citations: Iterable[Citation]) -> str:
    strips = "".join(_strip(c) for c in citations)
    return f'<ul class="evidence">{strips}</ul>' if strips else ""


def _strip(citation: Citation) -> str:
    e, document = citation.evidence, citation.document
    date = f" · as of {date_words(document.as_of)}" if document.as_of else ""
    speaker = f"{text(e.speaker)} · " if e.speaker else ""
    where = f"{speaker}{text(e.passage.place)} · {text(from_words(document))}{date}"
    return (
        f'<li><a href="{link(document.id, e.start, e.end)}"><span class="n">{citation.n}</span>'
        f'<span class="quote">{text(e.text)}</span><span class="where">{where}</span></a></li>'
    )


def _removed(sentences: Iterable[AnswerSentence]) -> str:
    removed = [s for s in sentences if s.status == "removed"]
    if not removed:
        return ""
    count = "1 sentence was" if len(removed) == 1 else f"{len(removed)} sentences were"
    items = "".join(f"<li><s>{text(s.text)}</s></li>" for s in removed)
    return (
        f'<details class="removed"><summary>{count} removed: the evidence does not carry it'
        f"</summary><ul>{items}</ul></details>"
    )


def _declined(answer: Answer) -> str:
    closest = "".join(_closest(hit) for hit in answer.closest)
    more = f'<p class="where">The closest passages:</p><ul class="evidence">{closest}</ul>'
    instead = "".join(f"<li>{text(question)}</li>" for question in answer.instead)
    ask = f'<p class="where">What one could ask:</p><ul class="instead">{instead}</ul>'
    return (
        f'<p class="declined">{text(answer.reason)}</p>{more if closest else ""}'
        f"{ask if instead else ''}"
    )


def _closest(hit: Hit) -> str:
    p = hit.passage
    words = " ".join(p.text.split())
    short = words if len(words) <= 160 else f"{words[:160].rsplit(' ', 1)[0]} …"
    return (
        f'<li><a href="{link(p.document_id, p.start, p.end)}"><span class="quote">{text(short)}'
        f'</span><span class="where">{text(p.place)}</span></a></li>'
    )


def _meta(answer: Answer) -> str:
    if answer.state != "done":
        return ""
    facts = []
    dates = {c.document.as_of for c in answer.citations if c.document.as_of}
    if answer.sentences and not answer.declined:
        facts.append("checked against the report")
        facts += [f"as of {date_words(d)}" for d in sorted(dates, reverse=True)]
    if answer.timings.total_ms is not None:
        facts.append(f"{max(answer.timings.total_ms / 1000, 0.1):.1f} s")
    return f'<p class="meta">{text(" · ".join(facts))}</p>' if facts else ""
