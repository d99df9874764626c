"""What an answer and a passage are in the API. The names are those of `qa.output.as_json`."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from qa import schema
from qa.schema import Citation
from qa.standalone import MAX_CHARS
from qa.types import Turn

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


class Answer(schema.Answer):
    """An answer, as `python -m qa --json` gives it."""

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


def schemas(*models: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the schemas of models by name, for a description that no route names by itself."""
    return {
        model.__name__: model.model_json_schema(ref_template="#/components/schemas/{model}")
        for model in models
    }
