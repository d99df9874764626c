"""What `qa/output.py` and `qa/excerpts.py` give, as types that other programs can read of."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from qa.types import Status

_QUOTE = "Army Colonel Assimi Goita then led a second coup."
_REPORT = "Mali after MINUSMA: the Sahel security situation"
_AT: dict[str, Any] = {"document_id": "d98964d537d72066", "document": _REPORT, "as_of": "2023-09"}
_CITATION: dict[str, Any] = {
    **_AT, "n": 1, "quote": _QUOTE, "place": "2. Coups, paragraph 1", "start": 1020, "end": 1069,
    "author": "", "source": "", "speaker": "",
}  # fmt: skip
_SENTENCE: dict[str, Any] = {
    "text": "Assimi Goita led it.",
    "status": "supported",
    "citations": [1],
}
_ANSWER: dict[str, Any] = {
    "question": "Who led the second coup in Mali?", "resolved": "Who led the second coup in Mali?",
    "answer": "Goita led it.", "as_of": "2023-09", "declined": False, "reason": "",
    "answerability": 0.93, "sentences": [_SENTENCE], "citations": [_CITATION],
    "timings": {"evidence_ms": 62.1, "first_word_ms": 1310.4, "total_ms": 1890.0},
    "cached": False, "instead": [], "notice": "",
}  # fmt: skip
_PASSAGE: dict[str, Any] = {
    **_AT, "id": "d98964d537d72066-3", "place": "2. Coups, paragraph 1", "start": 1020,
    "end": 1069, "score": 0.71, "text": _QUOTE,
}  # fmt: skip
_EXCERPT: dict[str, Any] = {
    **_AT, "characters": 9120, "start": 1020, "end": 1069, "text": _QUOTE,
    "before": "", "after": "",
}  # fmt: skip


def _like(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


class Sentence(BaseModel):
    """One sentence of an answer."""

    model_config = _like(_SENTENCE)

    text: str
    status: Status = Field(
        description="supported: the model's words, carried by what they cite; quoted: the "
        "document's own words; removed: not part of the answer, because nothing carried it."
    )
    citations: list[int] = Field(description="Numbers of the citations that carry it.")
    source: str = Field("", description="Whose it is, where several documents answer.")
    as_of: str = Field("", description="The date of that document.")


class Citation(BaseModel):
    """What carries a sentence: `text[start:end]` of the document is `quote`."""

    model_config = _like(_CITATION)

    n: int = Field(description="The number by which sentences cite it.")
    quote: str
    document: str = Field(description="The document's title.")
    place: str = Field(description="Page, slide or section.", examples=["3. Coups, paragraph 2"])
    start: int = Field(description="Counts characters of the document's text.")
    end: int
    document_id: str
    as_of: str = Field(description="An ISO date, possibly shortened, or empty.")
    author: str
    source: str
    speaker: str = Field(description="Who says it, where the document attributes it.")


class Times(BaseModel):
    """Milliseconds since the question arrived; null for what did not happen."""

    evidence_ms: float | None
    first_word_ms: float | None
    total_ms: float | None


class Answer(BaseModel):
    """An answer, as `python -m qa --json` gives it."""

    model_config = _like(_ANSWER)

    question: str
    resolved: str = Field(description="The question as it was understood.")
    answer: str = Field(description="The answer as plain text; the reason where declined.")
    as_of: str = Field(description="The date of the newest document cited.")
    declined: bool
    reason: str = Field(description="Why it was declined.")
    answerability: float = Field(ge=0, le=1, description="How sure it is that this is answered.")
    sentences: list[Sentence]
    citations: list[Citation]
    timings: Times
    cached: bool = Field(description="Whether it was given before.")
    instead: list[str] = Field(description="What one could ask where this was declined.")
    notice: str = Field(description="What was different this time.")


class Passage(BaseModel):
    """A passage that was found: `text` is `[start:end]` of the document's text."""

    model_config = _like(_PASSAGE)

    id: str
    document_id: str
    document: str = Field(description="The document's title.")
    as_of: str
    place: str
    start: int
    end: int
    score: float = Field(description="0 to 1, higher is better.")
    text: str


class Found(BaseModel):
    """Passages, best first. `notice` says what was different this time, and is empty otherwise."""

    query: str
    notice: str
    passages: list[Passage]


class Excerpt(BaseModel):
    """A stretch of a document."""

    model_config = _like(_EXCERPT)

    document_id: str
    document: str = Field(description="Its title.")
    as_of: str = Field(description="An ISO date, possibly shortened, or empty.")
    characters: int = Field(description="Of the whole text.")
    start: int
    end: int
    text: str
    before: str = Field(description="What stands before it, as much as was asked for.")
    after: str
