"""What one could ask next: only what the library answers, which is tried before it is offered."""

from collections import Counter
from collections.abc import Iterator

from index.text import MONTHS
from qa.declining import with_the
from qa.known_names import name_runs
from qa.types import Answer
from web.engine import Engine
from web.records import Record

_PASSAGES, _TRIED, _OFFERED = 6, 6, 3


def follow_ups(engine: Engine, record: Record) -> list[str]:
    """Return up to three questions about what the passages around an answer name and it does not.

    Each is asked as far as its evidence; the model is not asked.
    """
    known = f"{record['question']} {record['resolved']} {record['answer']}"
    hits = engine.library.search(f"{record['resolved']} {record['answer']}", _PASSAGES)
    counted = Counter(name for hit in hits for name in name_runs(hit.passage.text))
    found: list[str] = []
    text = "\n".join(hit.passage.text for hit in hits)
    for question in list(_questions(counted, known, text))[:_TRIED]:
        if _is_answered(engine, question):
            found.append(question)
        if len(found) == _OFFERED:
            break
    return found


def _questions(counted: Counter[str], known: str, text: str) -> Iterator[str]:
    distinct: list[str] = []
    for name, _ in counted.most_common():
        if name in MONTHS or any(word in known for word in name.split()):
            continue
        if not any(name in other or other in name for other in distinct):
            distinct.append(name)
            yield f"What does the report say about {with_the(name, text)}?"


def _is_answered(engine: Engine, question: str) -> bool:
    for answer in engine.stream({"question": question, "history": []}):
        if answer.state != "searching":
            return not answer.declined and _has_evidence(answer)
    return False


def _has_evidence(answer: Answer) -> bool:
    return bool(answer.citations or answer.sentences)
