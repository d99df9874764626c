"""Measure how soon the page is there: first paint, and the question box ready to type in.

    python -m benchmarks.first_paint [--url URL] [--repeats N] [--json FILE]

Without a URL it serves the bundled report from a temporary folder, without a language model, on
this machine. Each repeat opens the page in a new window: "new" with nothing cached, as on a first
visit, "again" with what the browser kept. Needs the test extra and Chromium. A minute or two.
"""

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext

from benchmarks.chromium import chromium
from benchmarks.machine import machine
from benchmarks.serving import serving

WARM_UPS = 2
# Looks at every frame, so that a time is right to 17 ms.
WATCH = """
window.readyAt = 0;
const look = () => {
  const box = document.querySelector('#ask textarea');
  if (box && !box.disabled && box.offsetHeight) window.readyAt = performance.now();
  else requestAnimationFrame(look);
};
look();
"""
READ = """() => {
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  const loaded = performance.getEntriesByType('resource');
  const [page] = performance.getEntriesByType('navigation');
  return {
    first_paint_ms: paint ? paint.startTime : 0,
    box_ready_ms: window.readyAt,
    page_kb: page.transferSize / 1000,
    requests: loaded.length,
    loaded_kb: loaded.reduce((sum, one) => sum + one.transferSize, 0) / 1000,
  };
}"""


def main() -> None:
    """Measure, print a table, and write the same as JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="a page that is served already")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    args = parser.parse_args()
    about: dict[str, Any] = machine() | {"repeats": args.repeats}
    with served(args.url) as url:
        about |= measure(url, args.repeats)
    for name, value in about.items():
        shown = value if not isinstance(value, dict) else ""
        print(f"{name:<22}{shown}")
        for figure, found in value.items() if isinstance(value, dict) else ():
            print(f"  {figure:<20}median {found['median']:>8.0f}   p95 {found['p95']:>8.0f}")
    if args.json:
        args.json.write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def measure(url: str, repeats: int) -> dict[str, Any]:
    """Return the version of the browser, and for each way of visiting the figures' distribution."""
    with chromium() as browser:
        kept = browser.new_context()
        for _ in range(WARM_UPS):
            visit(kept, url)
        found: dict[str, list[dict[str, float]]] = {"new": [], "again": []}
        for _ in range(repeats):
            empty = browser.new_context()
            found["new"].append(visit(empty, url))
            empty.close()
            found["again"].append(visit(kept, url))
        version = browser.version
    return {"chromium": version, **{way: spread(visits) for way, visits in found.items()}}


def visit(context: BrowserContext, url: str) -> dict[str, float]:
    """Open the page in a new tab and return its figures, milliseconds from the click on."""
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(url)
    page.wait_for_function("window.readyAt && performance.getEntriesByType('paint').length")
    page.wait_for_load_state("load")
    found: dict[str, float] = page.evaluate(READ)
    page.close()
    return found


def spread(visits: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return median and 95th percentile (nearest rank) of each figure."""
    spreads = {}
    for name in visits[0]:
        values = sorted(v[name] for v in visits)
        p95 = values[max(0, -(-95 * len(values) // 100) - 1)]
        spreads[name] = {"median": round(statistics.median(values), 1), "p95": round(p95, 1)}
    return spreads


@contextmanager
def served(url: str | None) -> Iterator[str]:
    """Give the URL of a page that answers questions, served for as long where none is given."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # No weights are there: the page is measured, not the language model.
        environment = {**os.environ, "SAHEL_BRIEF_CACHE": folder}
        with serving(Path(folder), "1.5b", environment) as app:
            app.wait(for_model=False)
            yield app.url


if __name__ == "__main__":
    main()
