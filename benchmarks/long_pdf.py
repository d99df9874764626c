"""Add a PDF of many pages from the command line: pages per second, and the most memory it takes.

    python -m benchmarks.long_pdf [--pages 200,2000] [--json FILE]

The pages are made of the report's sentences, some 2,000 characters on each. A process of its own
for each size adds one to an empty library. 2,000 pages take three minutes on two idle cores.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.embedding import REPORT, passages, sentences
from benchmarks.machine import ROOT, machine, memory_mb


def main() -> None:
    """Make and add them, print a table, and write the same as JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", default="200,2000", help="how many, of each file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    args = parser.parse_args()
    rows = [measure(int(pages)) for pages in args.pages.split(",")]
    print(
        "| pages | MB of the file | pages/s | passages | most memory, MB |\n|---|---|---|---|---|"
    )
    for row in rows:
        print(f"| {' | '.join(str(value) for value in row.values())} |")
    if args.json:
        args.json.write_text(json.dumps(machine() | {"files": rows}, indent=1) + "\n", "utf-8")


def measure(pages: int) -> dict[str, Any]:
    """Return the figures of one file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "long.pdf", pages)
        command = [sys.executable, "-m", "index", "add", str(folder / "long.pdf")]
        command += ["--data", str(folder / "data")]
        began, most = time.perf_counter(), 0.0
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        while process.poll() is None:
            most = max(most, memory_mb(process.pid, most=True))
            time.sleep(0.05)
        took = time.perf_counter() - began
        said = process.stdout.read() if process.stdout else ""
        if process.returncode:
            raise SystemExit(f"It could not be added: {said}")
        told = subprocess.check_output(
            [sys.executable, "-m", "index", "list", "--json", "--data", str(folder / "data")],
            cwd=ROOT,
            text=True,
        )
        (document,) = json.loads(told)
        return {
            "pages": document["pages"],
            "file_mb": round((folder / "long.pdf").stat().st_size / 1e6, 1),
            "pages_per_s": round(pages / took, 1),
            "passages": document["passages"],
            "most_mb": round(most),
        }


def make(path: Path, pages: int) -> None:
    """Write a PDF with two paragraphs on each page."""
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer

    style = getSampleStyleSheet()["BodyText"]
    flow: list[Any] = []
    for n, text in enumerate(passages(sentences([REPORT]), 2 * pages)):
        flow += [Paragraph(text, style), Spacer(1, 12)]
        flow += [PageBreak()] if n % 2 else []
    SimpleDocTemplate(str(path)).build(flow)


if __name__ == "__main__":
    main()
