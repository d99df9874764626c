"""What one could ask next: only what the library answers, which is tried before it is offered."""

from collections.abc import Iterator, Sequence

from qa.candidates import Candidate, candidates
from qa.declining import SHOW_ANSWER
from qa.proposing import about, in_turn, proposals
from qa.selection import content_weights
from web.engine import Engine
from web.records import Record

_OF_A_NAME = ("person", "acronym")
_PASSAGES, _TRIED, _OFFERED = 8, 6, 3
_PLAIN = 2  # "What does the report say about X?"


def follow_ups(engine: Engine, record: Record, asked: Sequence[str] = ()) -> list[str]:
    """Return up to three questions that the passages around an answer answer, and it does not.

    Each is asked as far as its evidence; the model is not asked. Questions of different shapes
    come first. `asked` are those of the conversation, which are not offered again.
    """
    hits = engine.library.search(f"{record['resolved']} {record['answer']}", _PASSAGES)
    text = "\n".join(hit.passage.text for hit in hits)
    new = [c for c in candidates(hits, engine.library) if not _is_shown(c, record)]
    quotes = " ".join(piece["quote"] for piece in record["evidence"])
    known = set(content_weights(f"{record['resolved']} {record['answer']} {quotes}"))
    old = [set(content_weights(q)) for q in (record["question"], record["resolved"], *asked)]
    found: list[str] = []
    tried = 0
    for question, sentence in _in_turn(new, text, known):
        if len(found) == _OFFERED or tried == _TRIED:
            break
        if _is_new(question, old):
            tried += 1
            if _is_answered(engine, question, sentence):
                found.append(question)
    return found


def _in_turn(
    new: Sequence[Candidate], text: str, known: set[str]
) -> Iterator[tuple[str, Candidate | None]]:
    """Yield questions with the sentence that should answer each; plain ones come last."""
    made = proposals(new, text)
    # Who or what somebody has not read of, they do not ask for.
    made = [
        p for p in made if p.shape not in _OF_A_NAME or known & set(content_weights(p.question))
    ]
    for proposal in in_turn(made, known):
        yield proposal.question, new[proposal.nth]
    plain = [q for q in about(new, text) if not known & set(content_weights(q))]
    yield from ((question, None) for question in plain[:_PLAIN])


def _is_new(question: str, old: Sequence[set[str]]) -> bool:
    words = set(content_weights(question))
    return not any(words <= before for before in old)


def _is_shown(sentence: Candidate, record: Record) -> bool:
    return any(
        piece["document_id"] == sentence.passage.document_id
        and piece["start"] < sentence.end
        and sentence.start < piece["end"]
        for piece in record["evidence"]
    )


def _is_answered(engine: Engine, question: str, sentence: Candidate | None) -> bool:
    """Return whether the library answers a question, with that sentence where one is given."""
    for answer in engine.stream({"question": question, "history": [], "patient": True}):
        if answer.state == "searching":
            continue
        if answer.declined or answer.answerability < SHOW_ANSWER:
            return False
        return sentence is None or any(
            c.document.id == sentence.passage.document_id
            and c.evidence.start < sentence.end
            and sentence.start < c.evidence.end
            for c in answer.citations
        )
    return False
