"""What a document is in the API, and what is said of one that is being added."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from web.changing import Facts as PageFacts

_ISO = "An ISO date, possibly shortened to month or year, or empty."


class Part(BaseModel):
    """A stretch of a document, from `start` to the next of its kind."""

    start: int = Field(description="Counts characters of the document's text.")
    label: str = Field(examples=["page 3"])
    kind: Literal["heading", "page", "slide"]


class Document(BaseModel):
    """What is known of a document."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "d98964d537d72066",
                    "title": "Mali after MINUSMA: the Sahel security situation",
                    "as_of": "2023-09",
                    "source": "",
                    "author": "",
                    "notices": [],
                    "pages": 4,
                    "characters": 9120,
                    "aside": 0,
                    "passages": 21,
                    "parts": [{"start": 120, "label": "1. Summary", "kind": "heading"}],
                }
            ]
        }
    )

    id: str = Field(description="The beginning of the SHA-256 of its text.")
    title: str
    as_of: str = Field(description=_ISO)
    source: str
    author: str
    notices: list[str] = Field(description="What could not be read, in words.")
    pages: int
    characters: int = Field(description="Of its text.")
    aside: int = Field(description="How many spans of it are set aside as no evidence.")
    passages: int
    parts: list[Part] = Field([], description="Its headings and pages; not in lists.")


class Documents(BaseModel):
    """Some of the documents of the library, and how many there are."""

    total: int
    documents: list[Document]


class Facts(PageFacts):
    """What can be changed of a document; what is absent or null stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"as_of": "2023-09"}]})


class Removed(BaseModel):
    """What was removed."""

    id: str
    title: str


class Started(BaseModel):
    """A file has arrived."""

    job: str = Field(description="By which it is followed: `GET /v1/jobs/{job}`.")


class Member(BaseModel):
    """What became of one document of a file."""

    name: str = Field(description="Of a file in an archive, else empty.")
    outcome: Literal["added", "replaced", "unchanged", "edited", "duplicate", "failed"]
    message: str
    document: Annotated[str, Field(description="Its id, where it is in the library.")]
    notices: list[str]


class Job(BaseModel):
    """How far a file is: `done` of `total` passages of its document `nth` of `of`."""

    id: str
    state: Literal["reading", "waiting", "indexing", "done", "failed"]
    name: str
    nth: int
    of: int
    done: int
    total: int
    message: str = Field(description="At the end: what became of it, in words.")
    document: str = Field(description="At the end: the id of the last that is in the library.")
    members: list[Member]
