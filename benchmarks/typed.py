"""Measure what somebody waits for who types a question, beside one whose question is put in whole.

    python -m benchmarks.typed [--questions FILE] [--number 20] [--words-per-minute 52]

Types into the page in Chromium, key by key, as fast as people type: pauses between keys are drawn
from a log-normal distribution with the mean and spread of 168,000 people (238 and 112 ms at 52
words a minute: Dhakal et al., Observations on Typing from 136 Million Keystrokes, CHI 2018). Each
question is followed by one that is put in whole. Each is asked by somebody new, and none twice.
Needs the test extra, Chromium and the weights. Some 8 minutes.
"""

import argparse
import json
import math
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.chromium import chromium
from benchmarks.machine import ROOT, machine
from benchmarks.page import Row, add_report, summary
from benchmarks.serving import serving
from benchmarks.visitor import Seen

# At 52 words of five characters a minute.
_WORDS, _MEAN_MS, _SPREAD_MS = 52.0, 238.0, 112.0
_LIMIT_MS = 120_000
# Notes when a card first shows something, milliseconds after the key that asks was pressed.
_WATCH = """
window.seen = {};
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Enter') window.seen = { asked: performance.now() };
}, true);
new MutationObserver(() => {
  const card = [...document.querySelectorAll('[data-testid=bot] .card')].at(-1);
  if (!card || !window.seen.asked) return;
  const now = performance.now() - window.seen.asked;
  const is = (...names) => names.some((name) => card.classList.contains(name));
  if (is('evidence', 'answering')) window.seen.evidence ??= now;
  if (is('answering', 'done')) window.seen.first_word ??= now;
  if (is('done')) window.seen.total ??= now;
}).observe(document, { subtree: true, childList: true, attributes: true });
"""


def main() -> None:
    """Measure, print a table, and write the same as JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=Path, default=ROOT / "tests/report-questions.jsonl")
    parser.add_argument("--number", type=int, default=20, help="questions of each way")
    parser.add_argument("--words-per-minute", type=float, default=_WORDS)
    parser.add_argument("--model", default="1.5b", help="as for app.py")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    args = parser.parse_args()
    lines = [json.loads(line) for line in args.questions.read_text("utf-8").splitlines()]
    questions = [line["question"] for line in lines if not line["history"]]
    random.Random(4).shuffle(questions)  # noqa: S311 - as `benchmarks.page`
    about: Row = machine() | {"model": args.model, "words_per_minute": args.words_per_minute}
    with tempfile.TemporaryDirectory() as folder:
        add_report(Path(folder))
        with serving(Path(folder), args.model) as app, chromium() as browser:
            app.wait()
            asked = questions[: 2 * args.number + 2]
            about |= measure(browser, app.url, asked, args.words_per_minute)
    for name, value in about.items():
        print(f"{name:<18}{value}")
    if args.json:
        args.json.write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def measure(
    browser: Browser, url: str, questions: Sequence[str], words_per_minute: float
) -> dict[str, Row]:
    """Return a summary of those that were typed and of those that were put in whole, in turn.

    The first of each is not counted: some things are only ever slow once.
    """
    draw = random.Random(5)  # noqa: S311 - the same pauses each time
    found: dict[str, list[Seen]] = {"whole": [], "typed": []}
    for n, question in enumerate(questions):
        way = list(found)[n % 2]
        page = browser.new_context().new_page()
        page.add_init_script(_WATCH)
        page.goto(url)
        page.wait_for_selector("#viewer .block", timeout=_LIMIT_MS)
        page.focus("#ask textarea")
        if way == "typed":
            keys(page, question, _MEAN_MS * _WORDS / words_per_minute, draw)
        else:
            page.fill("#ask textarea", question)
        page.keyboard.press("Enter")
        page.wait_for_function("window.seen.total", timeout=_LIMIT_MS)
        times: dict[str, float] = page.evaluate("window.seen")
        shown = times.get("evidence")
        found[way].append(Seen(shown, shown, times["first_word"], times["total"], ""))
        page.context.close()
    return {way: summary(seen[1:]) for way, seen in found.items()}


def keys(page: Page, text: str, mean_ms: float, draw: random.Random) -> None:
    """Type a text with pauses whose mean is given; their spread keeps its share of it."""
    variance = math.log(1 + (_SPREAD_MS / _MEAN_MS) ** 2)
    for key in text:
        page.keyboard.type(key)
        time.sleep(draw.lognormvariate(math.log(mean_ms) - variance / 2, math.sqrt(variance)) / 1e3)


if __name__ == "__main__":
    main()
