"""One client: a browser with its cookies that does one thing after the other, drawn by chance.

It writes down what it sends and what is acknowledged, so that both can be compared afterwards.
"""

import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.endurance.ledger import Ledger, Value
from benchmarks.visitor import Visitor

QUESTION = "Who led the second coup in Mali?"  # which the model words
_TIMEOUT_S = 300.0
_HERE = {"X-Sahel-Brief": "1"}
# The server closes what was not used for five seconds; a request that it meets is reset. Browsers
# send that again, this client does not, and so lets go first.
_LIMITS = httpx.Limits(keepalive_expiry=2.0)
_DOCUMENTS, _ITEMS = 3, 4  # that a client keeps at most: the library and briefs stay small
_TURNS = 100  # after which a client without a login is somebody else: nobody asks for ever
_KEPT = 400  # of somebody with a login, who stays the same: 500 conversations are listed
_ANSWER = re.compile(r"#answer-[0-9a-f]+-([0-9a-f]+)")
_PROBLEM = re.compile(r'class="problem"[^>]*>([^<]*)')
_FORMATS = ("docx", "pdf", "md", "json")


class Unexpected(Exception):
    """The application answered what it should not have. The message says what."""


@dataclass(frozen=True, slots=True)
class Login:
    """The name and password of a user."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Done:
    """Something that was done, from `began` to `ended` (`time.monotonic`); `wrong` says what was
    not as it should be.
    """

    kind: str
    began: float
    ended: float
    wrong: str = ""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


class Client:
    """A browser that uses the page and its API. One thread uses it."""

    def __init__(
        self,
        url: str,
        name: str,
        questions: Sequence[str],
        dice: random.Random,
        login: Login | None,
    ) -> None:
        """Take where the application is, what to ask of it, and by which chance."""
        self._url, self.name, self._questions = url, name, questions
        self._dice, self._login = dice, login
        self._numbers = iter(range(1, 1_000_000))
        self.browser = httpx.Client()
        self._tab: Visitor | None = None
        self.past: list[tuple[httpx.Client, Ledger]] = []
        self._kinds: dict[str, tuple[int, Callable[[], None]]] = {
            "ask": (5, self._ask),
            "converse": (4, self._converse),
            "search": (4, self._search),
            "add": (2, self._add),
            "remove": (1, self._remove),
            "brief": (4, self._edit_brief),
            "export": (1, self._export),
            "page": (2, self._load),
            "leave": (2, self._leave),
            **({"sign in": (1, self._sign_in_again)} if login else {}),
        }
        self._begin()

    def step(self) -> Done:
        """Do one thing and say how it went."""
        kinds = list(self._kinds)
        kind = self._dice.choices(kinds, [self._kinds[k][0] for k in kinds])[0]
        began = time.monotonic()
        wrong = ""
        try:
            self._kinds[kind][1]()
        except (Unexpected, httpx.HTTPError, RuntimeError) as error:
            wrong = f"{type(error).__name__}: {error}"
            self._tab = None
        return Done(kind, began, time.monotonic(), wrong)

    def pause(self, mean_s: float) -> float:
        """Return for how long to do nothing."""
        return min(self._dice.expovariate(1 / mean_s), 5 * mean_s) if mean_s else 0.0

    def lost(self, titles: Sequence[str]) -> list[str]:
        """Return what of all that was acknowledged is not as it should be, in words.

        `titles` are those of all documents of the library.
        """
        found = self._ledger.lost_documents(titles)
        for word in [v.known for v in self._ledger.documents.values() if v.known in titles]:
            sent = {"query": word, "limit": 3}
            hits = _patiently(self.browser, "POST", "/v1/search", json=sent)["passages"]
            if word not in [hit["document"] for hit in hits]:
                found.append(f"{word} is not found by its name")
        for browser, ledger in [*self.past, (self.browser, self._ledger)]:
            found += ledger.lost_turns(_records(browser))
            found += ledger.lost_brief(_patiently(browser, "GET", "/v1/briefs/current"))
        return [f"{self.name}: {what}" for what in found]

    def titles(self) -> list[str]:
        """Return the titles of all documents of the library."""
        found = self._json("GET", "/v1/documents?limit=1000")["documents"]
        return [info["title"] for info in found]

    def until_worded(self, limit_s: float) -> None:
        """Wait until the language model words answers.

        Raises:
            RuntimeError: it did not come.
        """
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            sent = {"question": QUESTION, "fresh": True}
            answer = self._json("POST", "/v1/ask", json=sent)
            if any(s["status"] == "supported" for s in answer["sentences"]):
                return
            time.sleep(0.2)
        raise RuntimeError("The language model did not come: start app.py once to fetch it.")

    def acknowledged(self) -> dict[str, int]:
        """Return how much was acknowledged that must not be lost, by kind."""
        ledgers = [ledger for _, ledger in self.past] + [self._ledger]
        return {
            kind: sum(ledger.acknowledged[kind] for ledger in ledgers)
            for kind in self._ledger.acknowledged
        }

    def close(self) -> None:
        """Close the browser, and those of who it was before."""
        for browser, _ in [*self.past, (self.browser, self._ledger)]:
            browser.close()

    def _begin(self) -> None:
        """Open the page for the first time: a new browser, which the application does not know."""
        self.browser, self._ledger = self._new_browser(), Ledger()
        self._tab = None

    def _new_browser(self) -> httpx.Client:
        browser = httpx.Client(
            base_url=self._url, timeout=_TIMEOUT_S, headers=_HERE, limits=_LIMITS
        )
        if self._login:
            sent = {"name": self._login.name, "password": self._login.password}
            answer = browser.post("/login", data=sent)
            if answer.status_code != 303:
                raise Unexpected(f"POST /login: {answer.status_code}")
        if (answer := browser.get("/")).status_code != 200:
            raise Unexpected(f"GET /: {answer.status_code}")
        return browser

    def _question(self) -> str:
        return self._dice.choice(self._questions)

    def _ask(self) -> None:
        if not self._login and len(self._ledger.turns) >= _TURNS:
            self.past.append((self.browser, self._ledger))
            documents = self._ledger.documents  # they belong to everybody
            self._ledger.documents = defaultdict(Value)
            self._begin()
            self._ledger.documents = documents
        question = self._question()
        keep = len(self._ledger.turns) < _KEPT and self._dice.random() < 0.5
        if keep:
            self._ledger.asked[question] += 1
        with closing(self._events(question, keep=keep)) as events:
            name, data = "", ""
            for name, data in events:  # noqa: B007 - the last counts
                pass
        if name != "done":
            raise Unexpected(f"POST /v1/ask ended with {name or 'nothing'}: {data}")
        if keep:
            self._ledger.turns[json.loads(data)["id"]] = question

    def _converse(self) -> None:
        question = self._question()
        self._tab = self._tab or Visitor(self._url, self.browser)
        self._ledger.asked[question] += 1
        shown = ""
        for message in self._tab.messages(question):
            if found := _ANSWER.search(message):  # it is shown whole: it must be there from now on
                self._ledger.turns[found[1]] = question
                shown = found[1]
            if wrong := _PROBLEM.search(message):
                raise Unexpected(f"the page says {wrong[1]!r} to {question!r}")
        if not shown:
            raise Unexpected(f"no answer was shown to {question!r}")

    def _leave(self) -> None:
        """Go in the middle of an answer: a program's connection, or the page's tab."""
        question = self._question()
        if self._dice.random() < 0.5:
            with closing(self._events(question, keep=False)) as events:
                next(events, None)
            return
        self._ledger.asked[question] += 1
        tab = Visitor(self._url, self.browser)
        with closing(tab.messages(question)) as messages:
            for message in messages:
                if '"card' in message:
                    break

    def _search(self) -> None:
        self._json("POST", "/v1/search", json={"query": self._question()})

    def _add(self) -> None:
        """Add a document, or another version of one that is there."""
        known = [name for name, value in self._ledger.documents.items() if value.known]
        again = len(known) >= _DOCUMENTS or (known and self._dice.random() < 0.3)
        name = self._dice.choice(known) if again else f"well {self.name}n{next(self._numbers)}"
        title = f"{name} v{next(self._numbers)}"
        litres, depth = self._dice.randrange(100, 900), self._dice.randrange(10, 90)
        text = (
            f"# {title}\n\nThe well {title} was dug by the people of {self.name}. It gives "
            f"{litres} litres a day and is {depth} metres deep.\n"
        )
        value = self._ledger.documents[name]
        value.send(title)
        sent = {"file": (f"{name}.md", text.encode())}
        job = self._json("POST", "/v1/documents", 202, files=sent)["job"]
        while (found := self._json("GET", f"/v1/jobs/{job}"))["state"] not in ("done", "failed"):
            time.sleep(0.1)
        if found["state"] == "failed":
            raise Unexpected(f"{title} was not added: {found['message']}")
        value.acknowledge(title)

    def _remove(self) -> None:
        known = [(name, v) for name, v in self._ledger.documents.items() if v.known and not v.sent]
        if not known:
            return
        _, value = self._dice.choice(known)
        for info in self._json("GET", "/v1/documents?limit=1000")["documents"]:
            if info["title"] == value.known:
                value.send("")
                self._json("DELETE", f"/v1/documents/{info['id']}")
                value.acknowledge("")
                return
        raise Unexpected(f"{value.known} is not in the library")

    def _edit_brief(self) -> None:
        """Add an answer, comment on one, take one out, or give the brief a title."""
        ledger, here = self._ledger, "/v1/briefs/current"
        brief = self._json("GET", here)
        items = brief["items"]
        free = [key for key in ledger.turns if key not in ledger.items]
        what = self._dice.choice(["add", "add", "comment", "title", "take out"])
        if what == "title":
            title = f"Brief {next(self._numbers)} of {self.name}"
            ledger.title.send(title)
            self._json("PATCH", here, json={"title": title})
            ledger.title.acknowledge(title)
        elif items and (what == "take out" or len(items) >= _ITEMS):
            item = items[0]
            ledger.gone.setdefault(item["answer"], False)
            self._json("DELETE", f"{here}/items/{item['id']}")
            ledger.gone[item["answer"]] = True
        elif free and what == "add":
            answer = self._dice.choice(free)
            ledger.items[answer].send("")
            self._json("POST", f"{here}/items", 201, json={"answer": answer})
            ledger.added.add(answer)
        elif items:
            item, comment = self._dice.choice(items), f"Comment {next(self._numbers)}"
            ledger.items[item["answer"]].send(comment)
            self._json("PATCH", f"{here}/items/{item['id']}", json={"comment": comment})
            ledger.items[item["answer"]].acknowledge(comment)

    def _export(self) -> None:
        here = "/v1/briefs/current"
        if self._json("GET", here)["items"]:  # an empty one is refused
            self._take(f"{here}/export?format={self._dice.choice(_FORMATS)}")

    def _load(self) -> None:
        """Load the page as a browser does."""
        for path in ("/", "/config", "/theme.css", "/library", "/conversations", "/brief"):
            self._take(path)
        documents = self._json("GET", "/v1/documents")["documents"]
        answer = self.browser.get(f"/documents/{self._dice.choice(documents)['id']}")
        if answer.status_code not in (200, 404):  # another client may have removed it
            raise Unexpected(f"GET {answer.url.path}: {answer.status_code}")

    def _sign_in_again(self) -> None:
        """Sign in in another browser, look at the page there, and sign out."""
        with self._new_browser() as other:
            if (answer := other.post("/logout")).status_code != 303:
                raise Unexpected(f"POST /logout: {answer.status_code}")

    def _events(self, question: str, *, keep: bool) -> Generator[tuple[str, str]]:
        """Ask and yield the events as (name, data); closing it closes the connection."""
        sent = {"question": question, "stream": True, "keep": keep}
        with self.browser.stream("POST", "/v1/ask", json=sent) as answer:
            if answer.status_code != 200:
                answer.read()
                raise Unexpected(f"POST /v1/ask: {answer.status_code} {answer.text[:200]}")
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, line.removeprefix("data: ")

    def _take(self, path: str) -> None:
        if (answer := self.browser.get(path)).status_code != 200:
            raise Unexpected(f"GET {path}: {answer.status_code} {answer.text[:200]}")

    def _json(
        self,
        method: str,
        path: str,
        expected: int = 200,
        **sent: Any,
    ) -> dict[str, Any]:
        answer = self.browser.request(method, path, **sent)
        if answer.status_code != expected:
            raise Unexpected(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        found: dict[str, Any] = answer.json()
        return found


def _records(browser: httpx.Client) -> Iterator[dict[str, Any]]:
    """Yield all answers that are kept for a browser."""
    for conversation in _patiently(browser, "GET", "/conversations"):
        yield from _patiently(browser, "GET", f"/conversations/{conversation['id']}")


def _patiently(browser: httpx.Client, method: str, path: str, **sent: Any) -> Any:
    """Return what is answered, after having waited where this were too many requests a minute."""
    while (answer := browser.request(method, path, **sent)).status_code == 429:
        time.sleep(float(answer.headers["Retry-After"]))
    return answer.raise_for_status().json()
