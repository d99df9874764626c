"""A visitor of the page without a browser: it asks over Gradio's own protocol, as the page does."""

import json
import time
import uuid
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import httpx

_TIMEOUT_S = 300.0
# What a card of `web/cards.py` is like when something can be seen: its evidence, a first word.
# Where others are waited for, the passages that were found come before evidence.
_EVIDENCE, _ANSWERING, _DONE = '"card evidence', '"card answering', '"card done'
_PASSAGES = 'class="evidence"'


@dataclass(frozen=True, slots=True)
class Seen:
    """Milliseconds from sending a question to what came of it. Evidence is None if declined.

    `passages_ms` is when there was something of the report to read: passages, or at once evidence.
    """

    passages_ms: float | None
    evidence_ms: float | None
    first_word_ms: float
    total_ms: float
    answer: str  # the finished card's HTML


class Visitor:
    """One tab: its questions are one conversation."""

    def __init__(self, url: str, browser: httpx.Client | None = None) -> None:
        """Open the page at `url`, in a browser of its own if none with cookies is given."""
        self._http = browser or httpx.Client(base_url=url, timeout=_TIMEOUT_S)
        self._http.get("/").raise_for_status()  # for the cookie that tells visitors apart
        self._session = uuid.uuid4().hex
        config = self._http.get("/config").raise_for_status().json()
        # The event of the question box; of what it takes only the question and the state matter.
        self._event = next(
            event
            for event in config["dependencies"]
            if any(how == "submit" for _, how in event["targets"])
        )
        self._box = next(i for i, how in self._event["targets"] if how == "submit")
        self._resuming = next(
            event for event in config["dependencies"] if ".conversation()" in str(event.get("js"))
        )

    def ask(self, question: str, conversation: str = "") -> Seen:
        """Ask and wait for the whole answer.

        `conversation` is the id of the one that the tab shows, once it has one.

        Raises:
            RuntimeError: the page refused the question or failed at it.
        """
        began = time.perf_counter()
        passages = evidence = first_word = None
        for message in self.messages(question, conversation):
            now = 1000 * (time.perf_counter() - began)
            if passages is None and _PASSAGES in message and _DONE not in message:
                passages = now
            if evidence is None and _EVIDENCE in message:
                evidence = now
            if first_word is None and (_ANSWERING in message or _DONE in message):
                first_word = now
            if _DONE in message:
                answer = message
        if first_word is None:
            raise RuntimeError(f"No answer came to: {question}")
        return Seen(passages, evidence, first_word, now, answer)

    def pause(self, typed: str) -> None:
        """Do what the page does in a pause of typing, and wait until that has ended."""
        sent = {"question": typed}
        headers = {"X-Sahel-Brief": "1"}
        self._http.post("/prepare", json=sent, headers=headers).raise_for_status()

    def resume(self, conversation: str) -> None:
        """Go on with a conversation that was kept, as the page does when it is opened with it."""
        for _ in self._happens(self._resuming, [conversation], self._resuming["targets"][-1][0]):
            pass

    def messages(self, question: str, conversation: str = "") -> Generator[str]:
        """Ask and yield what the page is sent, as text; closing it closes the tab.

        Raises:
            RuntimeError: the page refused the question or failed at it.
        """
        data: list[Any] = [question, [], None, "", json.dumps({"conversation": conversation})]
        yield from self._happens(self._event, data[: len(self._event["inputs"])], self._box)

    def _happens(self, event: dict[str, Any], data: list[Any], trigger: int) -> Generator[str]:
        sent = {
            "data": data,
            "event_data": None,
            "fn_index": event["id"],
            "trigger_id": trigger,
            "session_hash": self._session,
        }
        self._http.post("/gradio_api/queue/join", json=sent).raise_for_status()
        # No buffer between: what is measured is when a step has arrived.
        with self._http.stream(
            "GET", "/gradio_api/queue/data", params={"session_hash": self._session}
        ) as events:
            for line in events.iter_lines():
                if not line.startswith("data:"):
                    continue
                told: dict[str, Any] = json.loads(line[5:])
                if not told.get("success", True):
                    raise RuntimeError(f"The page failed at {data!r}: {told}")
                yield json.dumps(told, ensure_ascii=False).replace('\\"', '"')
                if told.get("msg") == "process_completed":
                    return

    def close(self) -> None:
        """Close the tab."""
        self._http.close()
