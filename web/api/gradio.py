"""`/ask` of Gradio's own API, for `gradio_client`: the same as `POST /v1/ask`, in Gradio's way."""

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
from gradio import events
from pydantic import ValidationError

from index.types import BriefError
from web.api.asking import answer_json, question_of
from web.api.following import Following
from web.api.shapes import Ask
from web.engine import OPENING, Opening
from web.guard.rates import Rates, counted_as
from web.guard.waiting import wait_words


def add_ask(opening: Opening, following: Following, rates: Rates) -> None:
    """Add the endpoint. Called inside the page's `Blocks`.

    Args:
        opening: gives the engine, None while the library is still being opened.
        following: what measures questions.
        rates: how many somebody may ask.
    """
    events.api(ask_with(opening, following, rates), api_name="ask")


def ask_with(
    opening: Opening, following: Following, rates: Rates
) -> Callable[..., Iterator[dict[str, Any]]]:
    """Return what answers; apart from the page, whose types Gradio reads."""

    def ask(
        question: str,
        history: list[list[str | None]] = [],  # noqa: B006 - Gradio copies it into its description
        documents: list[str] = [],  # noqa: B006
        since: str = "",
        event: gr.Request | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Answer a question as far as that has come; the last is the whole answer.

        Args:
            question: what is asked.
            history: earlier turns, oldest first, each [question, answer or null].
            documents: ids of the documents to ask; none for all.
            since: leave out what is older: an ISO date, possibly shortened.
            event: who asks, which Gradio fills in.
        """
        try:
            turns = [{"question": q, "answer": a} for q, a in history]
            sent = Ask.model_validate(
                {"question": question, "history": turns, "documents": documents, "since": since}
            )
        except ValidationError as error:
            wrong = error.errors()[0]
            raise gr.Error(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}.") from error
        except (TypeError, ValueError) as error:
            raise gr.Error("The history is not a list of [question, answer or null].") from error
        if event and (who := event.request) and (wait := rates.question(counted_as(who))):
            raise gr.Error(wait_words(wait))
        if (engine := opening()) is None:
            raise gr.Error(f"{OPENING} Try again in a few seconds.")
        try:
            for seen in following.follow(engine, question_of(sent)):
                yield answer_json(seen)
        except BriefError as error:
            raise gr.Error(str(error)) from error

    return ask
