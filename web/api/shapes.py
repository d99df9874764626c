"""What an answer and a passage are in the API. The names are those of `qa.output.as_json`."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from qa.standalone import MAX_CHARS
from qa.types import Status, Turn

_TURNS = 20
_ANSWER_CHARS = 20_000
_DOCUMENTS = 1_000

DocumentId = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[0-9a-f]+$", examples=["5f2c9a…"[:6]])
]
Since = Annotated[
    str,
    Field(
        pattern=r"^(\d{4}(-\d{2}(-\d{2})?)?)?$",
        description="Leave out what is older: an ISO date, possibly shortened to month or year.",
        examples=["2023", "2023-09"],
    ),
]
Documents = Annotated[
    list[DocumentId],
    Field(max_length=_DOCUMENTS, description="Ids of the documents to ask; none for all."),
]


class Earlier(BaseModel):
    """An earlier turn of the conversation, from which a follow-up takes what it needs."""

    model_config = ConfigDict(extra="forbid")
    question: str = Field(min_length=1, max_length=MAX_CHARS, examples=["Who is Royce de Melo?"])
    answer: str | None = Field(
        None, max_length=_ANSWER_CHARS, description="What was answered; null where declined."
    )

    @property
    def turn(self) -> Turn:
        """The same as the engine takes it."""
        return Turn(self.question, self.answer)


class Ask(BaseModel):
    """A question."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"question": "Who led the second coup in Mali?"}]},
    )
    question: str = Field(
        min_length=1,
        max_length=MAX_CHARS,
        description="What is asked, in English or French.",
        examples=["Who led the second coup in Mali?"],
    )
    history: list[Earlier] = Field(
        [], max_length=_TURNS, description="Earlier turns, oldest first, for follow-ups."
    )
    documents: Documents = []
    since: Since = ""
    stream: bool = Field(
        False, description="Answer with events; as does `Accept: text/event-stream`."
    )
    fresh: bool = Field(False, description="Answer anew what was answered before.")
    keep: bool = Field(
        False, description="Keep the answer, so that it can be put into a brief by its `id`."
    )


class Sentence(BaseModel):
    """One sentence of an answer."""

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
    id: str | None = Field(None, description="By which it is kept, where that was asked for.")


class Evidence(BaseModel):
    """The event `evidence`: what was found, before the model has said a word."""

    question: str
    resolved: str
    answerability: float
    evidence: list[Citation]
    evidence_ms: float | None
    before: int = Field(description="How many questions the model answers before this one.")


class Draft(BaseModel):
    """The event `draft`: what the model is saying and nobody has checked yet, as far as it is."""

    text: str


EventName = Literal["evidence", "draft", "sentence", "done", "error"]


class Search(BaseModel):
    """What to find passages for."""

    model_config = ConfigDict(extra="forbid")
    query: str = Field(min_length=1, max_length=MAX_CHARS, examples=["hostages in Mali"])
    documents: Documents = []
    since: Since = ""
    limit: int = Field(8, ge=1, le=100, description="The most passages that are returned.")


class Passage(BaseModel):
    """A passage that was found: `text` is `[start:end]` of the document's text."""

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
    """Passages, best first."""

    query: str
    passages: list[Passage]


def schemas(*models: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the schemas of models by name, for a description that no route names by itself."""
    return {
        model.__name__: model.model_json_schema(ref_template="#/components/schemas/{model}")
        for model in models
    }
