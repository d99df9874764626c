"""What a brief is in the API."""

from pydantic import BaseModel, ConfigDict, Field

CURRENT = "current"
"""The id of the one brief that each caller has."""


class BriefItem(BaseModel):
    """An answer in a brief."""

    id: str
    answer: str = Field(description="The id of the answer.")
    title: str
    comment: str
    question: str
    declined: bool
    text: str = Field(description="The answer as plain text, or why it was declined.")


class BriefHead(BaseModel):
    """A brief without its answers."""

    id: str = Field(examples=[CURRENT])
    title: str
    version: int = Field(description="Counts its changes.")
    answers: int = Field(description="How many are in it.")


class WholeBrief(BriefHead):
    """A brief."""

    items: list[BriefItem]


class BriefList(BaseModel):
    """All briefs of whoever calls."""

    briefs: list[BriefHead]


class NewItem(BaseModel):
    """Which answer is added."""

    model_config = ConfigDict(extra="forbid")
    answer: str = Field(
        min_length=1, max_length=200, description="Its id: ask with `keep` to get one."
    )
