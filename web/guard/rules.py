"""Which request needs which role: the one table. What is not in it is not served, to anybody."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from starlette.routing import compile_path

from web.users.store import Role

Need = Literal["nobody", "read", "add", "admin"]
"""The least role that is needed; "nobody" needs none."""

_ROLES: tuple[Need, ...] = ("nobody", "read", "add", "admin")
_MOST_BYTES = 1_000_000  # of a request's body, where a rule has no other
_CHAT_BYTES = 32_000_000  # Gradio sends the conversation as it is shown along with each question


@dataclass(frozen=True, slots=True)
class Rule:
    """What one method of some paths needs.

    `event` is what the audit log calls it, "" for what is not written down. `asks` says that it
    counts as a question. `most_bytes` of its body are taken, None where the route counts itself.
    """

    method: str
    path: str
    need: Need
    event: str = ""
    asks: bool = False
    most_bytes: int | None = _MOST_BYTES


def _all(methods: str, need: Need, *paths: str) -> tuple[Rule, ...]:
    return tuple(Rule(m, p, need) for m in methods.split() for p in paths)


RULES: tuple[Rule, ...] = (
    # Before anybody is known.
    *_all("GET", "nobody", "/healthz", "/favicon.ico", "/robots.txt"),
    *_all("GET POST", "nobody", "/login"),
    *_all("POST", "nobody", "/logout"),
    *_all("GET", "admin", "/metrics", "/audit.jsonl"),
    # The page and what Gradio needs for it.
    *_all("GET", "read", "/", "/config", "/theme.css", "/manifest.json"),
    *_all("GET", "read", "/assets/{path:path}", "/static/{path:path}"),
    *_all("GET", "read", "/gradio_api/queue/data", "/gradio_api/heartbeat/{session}"),
    Rule("POST", "/gradio_api/queue/join", "read", most_bytes=_CHAT_BYTES),
    *_all("POST", "read", "/gradio_api/cancel"),
    # `gradio_client`, and Gradio's own way to ask without it.
    *_all("GET", "read", "/gradio_api/info", "/gradio_api/call/ask/{event}"),
    Rule("POST", "/gradio_api/call/ask", "read", asks=True),
    # The library.
    *_all("GET", "read", "/library", "/jobs/{job}", "/documents", "/documents/{document}"),
    *_all("GET", "read", "/documents/{document}/pages", "/documents/{document}/pages/{number}"),
    *_all("GET", "read", "/documents/{document}/marks"),
    Rule("POST", "/documents", "add", "document added", most_bytes=None),
    Rule("PATCH", "/documents/{document}", "add", "document edited"),
    Rule("DELETE", "/documents/{document}", "add", "document removed"),
    Rule("POST", "/documents/{document}/restore", "add", "document restored"),
    # What is somebody's own.
    *_all("GET", "read", "/conversations", "/shared/{secret}", "/feedback.jsonl"),
    *_all("GET PATCH DELETE", "read", "/conversations/{conversation}"),
    *_all("PUT", "read", "/conversations/{conversation}/shared"),
    *_all("GET", "read", "/conversations/{conversation}/export"),
    *_all("GET", "read", "/answers/{answer}", "/answers/{answer}/next"),
    *_all("PUT", "read", "/answers/{answer}/thumb"),
    *_all("POST", "read", "/prepare"),
    *_all("GET PATCH", "read", "/brief"),
    *_all("GET", "read", "/brief/export"),
    *_all("POST", "read", "/brief/items", "/brief/items/{item}/restore"),
    *_all("PATCH DELETE", "read", "/brief/items/{item}"),
    # For programs.
    Rule("POST", "/v1/ask", "read", asks=True),
    Rule("POST", "/v1/search", "read", asks=True),
    Rule("POST", "/v1/documents", "add", "document added", most_bytes=None),
    Rule("PATCH", "/v1/documents/{document}", "add", "document edited"),
    Rule("DELETE", "/v1/documents/{document}", "add", "document removed"),
    *_all("GET POST PATCH PUT DELETE", "read", "/v1/briefs", "/v1/briefs/{path:path}"),
    *_all("GET", "read", "/v1/{path:path}"),
    Rule("POST", "/mcp", "read", asks=True),
    Rule("POST", "/mcp/{path:path}", "read", asks=True),
    *_all("GET DELETE", "read", "/mcp", "/mcp/{path:path}"),
)


def rule_for(method: str, path: str) -> Rule | None:
    """Return the first rule for a request, None where it is not served.

    >>> rule_for("DELETE", "/documents/1f").need
    'add'
    >>> rule_for("GET", "/gradio_api/proxy=http://a") is None
    True
    """
    wanted = "GET" if method == "HEAD" else method
    for rule, pattern in _patterns():
        if rule.method == wanted and pattern.fullmatch(path):
            return rule
    return None


def may(role: Role | Literal[""], need: Need) -> bool:
    """Return whether a role, "" for somebody who is not known, is enough."""
    return _ROLES.index(role or "nobody") >= _ROLES.index(need)


@cache
def _patterns() -> tuple[tuple[Rule, re.Pattern[str]], ...]:
    return tuple((rule, compile_path(rule.path)[0]) for rule in RULES)
