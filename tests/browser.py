"""A page served on this machine and a headless Chromium to look at it with."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from benchmarks.chromium import chromium as headless
from benchmarks.chromium import chromium_path
from benchmarks.serving import free_port
from tests.conftest import needs


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    port = free_port()
    # A page that is still open holds a connection, for which it would be waited ten seconds.
    config = uvicorn.Config(
        app, "127.0.0.1", port, log_level="warning", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@contextmanager
def chromium() -> Iterator[Browser]:
    needs("Chromium", bool(chromium_path()), "install your system's package chromium")
    with headless() as browser:
        yield browser


def opened(browser: Browser, url: str, **context: object) -> tuple[Page, list[str]]:
    """Open the page in a context of its own; return it with what went wrong in it so far."""
    page = browser.new_context(**context).new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: wrong.append(r.url) if "127.0.0.1" not in r.url else None)
    page.goto(url)
    page.wait_for_selector("#viewer .block", timeout=60_000)
    return page, wrong


def ask(page: Page, question: str) -> None:
    page.fill("#ask textarea", question)
    page.press("#ask textarea", "Enter")


def finished(page: Page, nth: int = 0, timeout_ms: int = 60_000) -> str:
    """Wait for an answer to be finished and return its text."""
    card = page.locator("[data-testid=bot] .card").nth(nth)
    page.wait_for_function(
        "n => document.querySelectorAll('[data-testid=bot] .card')[n]?.classList.contains('done')",
        arg=nth,
        timeout=timeout_ms,
    )
    return card.inner_text()


def marked(page: Page) -> str:
    """Return the words of the citation that was followed, once they are marked in the viewer."""
    page.wait_for_selector("#viewer mark.chosen")
    return "".join(page.locator("#viewer mark.chosen").all_inner_texts())
