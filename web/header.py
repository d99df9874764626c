"""The line at the top: what is in the library, as of when, and how far the language model is."""

from collections.abc import Sequence

from index.types import DocumentInfo
from qa.output import date_words
from qa.types import ModelStatus
from web.cards import text

_UNTIL = {"failed": "Answers", "away": "Until it answers, answers"}


def header(documents: Sequence[DocumentInfo] | None, status: ModelStatus | None) -> str:
    """Return the header as HTML. `documents` is None while the library is being opened."""
    return (
        '<div class="bar"><h1>Sahel Brief</h1>'
        f'<p class="as-of">{library_line(documents)}</p></div>{_model(status)}'
    )


def library_line(documents: Sequence[DocumentInfo] | None) -> str:
    """Return how new the library is and how many documents it has, in words of its own alone."""
    if documents is None:
        return "the library is being opened"
    dates = [d.as_of for d in documents if d.as_of]
    as_of = f"as of {date_words(max(dates))} · " if dates else "no as-of date · "
    return f"{as_of}{'1 document' if len(documents) == 1 else f'{len(documents)} documents'}"


def _model(status: ModelStatus | None) -> str:
    if status is None or status.state == "ready":
        return _sent_to(status.remote) if status and status.remote else ""
    progress = ""
    until = _UNTIL.get(status.state, "Until it is ready, answers")
    meanwhile = "are quotations from the report"
    if status.fallback:
        meanwhile = f"are worded by {text(status.fallback)}, on this machine"
    if status.total_bytes and status.state in ("fetching", "checking"):
        done, total = status.done_bytes / 1e6, status.total_bytes / 1e6
        left = "" if status.seconds_left is None else f", {_seconds(status.seconds_left)} left"
        progress = (
            f' <progress max="{total:.0f}" value="{done:.0f}"></progress> '
            f"{done:,.0f} of {total:,.0f} MB{left}"
        )
    return (
        f'<p class="model {status.state}" role="status">{text(status.message)} '
        f"{until} {meanwhile}.{progress}</p>{_sent_to(status.remote) if status.remote else ''}"
    )


def _sent_to(remote: str) -> str:
    """Return what leaves this machine, which nobody expects who knows the page as it comes."""
    return (
        f'<details class="sent"><summary>Questions are sent to {text(remote)}.</summary>'
        "<p>With each question go the sentences that were found for it, and no more of your "
        "documents. What is only typed, the rest of the conversation, names of files and who asks "
        "stay here. A question in French is sent twice, to be translated. Without --model, "
        "nothing leaves this machine.</p></details>"
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
