"""Measure what is read of files: how many words of each, against another program's reading.

    python benchmarks/formats.py [FILE …]

Without files, those of tests/data. The second reading is pdftotext's for PDF and pandoc's plain
text for the rest, where they are installed; else, for the files of tests/data, the Markdown that
they were made from.
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from index.formats.plain import front_matter
from index.passages import split_passages
from index.reading import read_members
from index.text import words
from index.types import Document

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data"
SOURCES = {
    "report": ROOT / "reports" / "sahel-security-report.md",
    "brief": DATA / "brief.md",
}


def main() -> None:
    """Read each file and print a row on it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    args = parser.parse_args()
    files = args.files or sorted(DATA.glob("*-*"))
    print(
        "| file | pages or slides | headings | passages | ms | words recovered | against | place |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for path in files:
        started = time.perf_counter()
        outcomes = list(read_members(path))
        took_ms = (time.perf_counter() - started) * 1000
        for name, outcome in outcomes:
            label = f"{path.name} {name}".strip()
            if isinstance(outcome, Document):
                print(f"| {label} | {row(outcome, path, took_ms)} |")
            else:
                print(f"| {label} | {outcome} |")


def row(document: Document, path: Path, took_ms: float) -> str:
    """Return the figures of one document, between the bars of a table."""
    passages = split_passages(document)
    for passage in passages:
        if document.text[passage.start : passage.end] != passage.text:
            sys.exit(f"{path.name}: a passage is not verbatim at {passage.start}")
    pages = sum(part.kind != "heading" for part in document.parts)
    headings = sum(part.kind == "heading" for part in document.parts)
    other, program = second_reading(path)
    share = f"{recall(document.text, other):.4f}" if other else "–"
    place = passages[len(passages) // 2].place if passages else "–"
    figures = (pages or "–", headings, len(passages), f"{took_ms:.0f}", share, program, place)
    return " | ".join(map(str, figures))


def recall(text: str, wanted: str) -> float:
    """Return the share of the wanted words that are in a text, each as often as it occurs."""
    have, want = Counter(words(text)), Counter(words(wanted))
    return (have & want).total() / max(1, want.total())


def second_reading(path: Path) -> tuple[str, str]:
    """Return what another program reads of a file, and its name; "" and "–" where none can."""
    commands = {
        ".pdf": ["pdftotext", str(path), "-"],
        ".docx": ["pandoc", "-t", "plain", "--wrap=none", str(path)],
        ".epub": ["pandoc", "-t", "plain", "--wrap=none", str(path)],
        ".html": ["pandoc", "-t", "plain", "--wrap=none", str(path)],
    }
    command = commands.get(path.suffix.lower())
    if command and shutil.which(command[0]):
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode == 0:
            return run.stdout, command[0]
    source = SOURCES.get(path.name.partition("-")[0])
    if source and path.parent == DATA:
        text = source.read_text("utf-8")
        # Marks of Markdown that are no words; the attribute of the speaker notes is one.
        return re.sub(r"(?m)^:::.*$", "", text[front_matter(text)[1] :]), "Markdown"
    return "", "–"


if __name__ == "__main__":
    main()
