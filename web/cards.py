"""An answer's record as HTML for the conversation. All of it is escaped: documents, questions and
what the model says are untrusted. What can be done with an answer is added by `answers.js`.
"""

import re
from collections.abc import Iterable, Mapping
from html import escape

from qa.output import date_words, from_words, source_words
from web.records import Record

# The conversation is rendered as Markdown, in which these would mean something.
_MARKDOWN = re.compile(r"[\\`*_{}\[\]()#+\-.!|~$:<>]")
# By hand, of the probability that `training.fit` fits; how well that holds is in its data card.
_SURE, _FAIRLY = 0.8, 0.5


def card(record: Record) -> str:
    """Return an answer, at whatever stage, as one line of HTML without Markdown in it."""
    parts = []
    if record["resolved"] != record["question"]:
        parts.append(f'<p class="resolved">Understood as: {text(record["resolved"])}</p>')
    if record["declined"]:
        parts.append(_declined(record))
    else:
        parts += [_said(record), _evidence(record["evidence"]), _removed(record["sentences"])]
        parts += [_passages(record)] if record["state"] == "searching" else []
    parts += [f'<p class="notice">{text(line)}</p>' for line in record["notice"].splitlines()]
    if record["stopped"]:
        parts.append('<p class="notice">Stopped. What is muted was not checked.</p>')
    parts.append(_meta(record))
    state = text(record["state"])
    return f'<div class="card {state}">{"".join(parts)}{_handle(record)}</div>'


def _handle(record: Record) -> str:
    """Return what tells `answers.js` which answer this is: Gradio keeps links, and no data-*."""
    if record["state"] != "done":
        return ""
    thumb = {"up": " up", "down": " down"}.get(record.get("thumb", ""), "")
    which = f"#answer-{record['conversation']}-{record['id']}"
    return f'<a class="record{thumb}" href="{escape(which)}" tabindex="-1"></a>'


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


def _said(record: Record) -> str:
    citations = {c["n"]: c for c in record["citations"]}
    shown = [s for s in record["sentences"] if s["status"] != "removed"]
    said = "".join(_sentence(s, citations) for s in shown)
    draft = f'<span class="draft">{text(record["draft"])}</span>' if record["draft"] else ""
    if not said and not draft:
        if record["stopped"]:
            return ""
        return f'<p class="waiting">{_waiting(record)}</p>'
    return f'<p class="said">{said}{draft}</p>'


def _waiting(record: Record) -> str:
    if record["state"] == "searching":
        return "Searching the report …"
    if record["state"] != "evidence":
        return ""
    before = record.get("before", 0)
    queue = "1 question is" if before == 1 else f"{before} questions are"
    return "Wording an answer …" + (f" {queue} before yours." if before else "")


def _sentence(sentence: Record, citations: Mapping[int, Record]) -> str:
    chips = "".join(_chip(citations[n]) for n in sentence["citations"] if n in citations)
    whose = ""
    if sentence.get("source"):
        words = source_words(sentence["source"], sentence["as_of"])
        whose = f'<span class="source">{text(words)}:</span> '
    if sentence["status"] == "quoted":
        title = "The words of the document itself"
        return f'{whose}<q class="quoted" title="{title}">{text(sentence["text"])}</q>{chips} '
    return f"{whose}<span>{text(sentence['text'])}</span>{chips} "


def _chip(citation: Record) -> str:
    return f'<a class="chip" href="{_link(citation)}">&#91;{citation["n"]}&#93;</a>'


def _link(citation: Record) -> str:
    return link(citation["document_id"], citation["start"], citation["end"])


def _evidence(evidence: Iterable[Record]) -> str:
    strips = "".join(_strip(c) for c in evidence)
    return f'<ul class="evidence">{strips}</ul>' if strips else ""


def _strip(citation: Record) -> str:
    date = f" · as of {date_words(citation['as_of'])}" if citation["as_of"] else ""
    speaker = f"{text(citation['speaker'])} · " if citation["speaker"] else ""
    whence = from_words(citation["document"], citation["author"], citation["source"])
    where = f"{speaker}{text(citation['place'])} · {text(whence)}{date}"
    return (
        f'<li><a href="{_link(citation)}"><span class="n">{citation["n"]}</span>'
        f'<span class="quote">{text(citation["quote"])}</span>'
        f'<span class="where">{where}</span></a></li>'
    )


def _removed(sentences: Iterable[Record]) -> str:
    removed = [s for s in sentences if s["status"] == "removed"]
    if not removed:
        return ""
    count = "1 sentence was" if len(removed) == 1 else f"{len(removed)} sentences were"
    items = "".join(f"<li><s>{text(s['text'])}</s></li>" for s in removed)
    return (
        f'<details class="removed"><summary>{count} removed: the evidence does not carry it'
        f"</summary><ul>{items}</ul></details>"
    )


def _declined(record: Record) -> str:
    instead = "".join(
        f'<li><a class="ask" href="#ask">{text(q)}</a></li>' for q in record["instead"]
    )
    ask = f'<p class="where">What one could ask:</p><ul class="instead">{instead}</ul>'
    return (
        f'<p class="declined">{text(record["reason"])}</p>{_passages(record)}'
        f"{ask if instead else ''}"
    )


def _passages(record: Record) -> str:
    closest = "".join(_closest(passage) for passage in record["closest"])
    passages = f'<p class="where">The closest passages:</p><ul class="evidence">{closest}</ul>'
    return passages if closest else ""


def _closest(passage: Record) -> str:
    words = " ".join(passage["quote"].split())
    short = words if len(words) <= 160 else f"{words[:160].rsplit(' ', 1)[0]} …"
    where = " · ".join(filter(None, (passage["place"], passage["document"])))
    return (
        f'<li><a href="{_link(passage)}"><span class="quote">{text(short)}</span>'
        f'<span class="where">{text(where)}</span></a></li>'
    )


def _meta(record: Record) -> str:
    if record["state"] != "done":
        return ""
    facts = []
    if record["sentences"] and not record["declined"]:
        facts += ["checked against the report", _confidence(record)]
        dates = {c["as_of"] for c in record["evidence"] if c["as_of"]}
        facts += [f"as of {date_words(d)}" for d in sorted(dates, reverse=True)]
    if record.get("cached"):  # records of before it was kept have no word of it
        facts.append("answered before")
    if (total_ms := record["timings"]["total_ms"]) is not None:
        facts.append(f"{max(total_ms / 1000, 0.1):.1f} s")
    return f'<p class="meta">{text(" · ".join(facts))}</p>' if facts else ""


def _confidence(record: Record) -> str:
    if record["answerability"] >= _SURE:
        return "high confidence"
    if record["answerability"] >= _FAIRLY:
        return "fair confidence"
    return "low confidence: read the evidence"
