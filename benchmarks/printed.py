"""Measure printed pages: pictures, where quotations stand, and what a PDF costs on disk.

    python -m benchmarks.printed [FILE.pdf …] [--pages 2000] [--sample 40]

Without files those of tests/data, and one of so many pages that is made here. A quotation is a
sentence; it is right where pdfium finds in its boxes the letters of it and no others (that is asked
of pages that are not turned or cropped). A minute on two idle cores.
"""

import argparse
import io
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pypdfium2
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

from index.formats.pictures import page_sizes, picture
from index.printed import OnPage, quotations
from index.reading import read_bytes, read_document
from index.store import Store
from index.text import paragraph_spans, sentence_spans
from index.types import BriefError, Document, Original

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data"
REPORT = ROOT / "reports" / "sahel-security-report.md"
WIDTH_PX = 1200
Result = TypeVar("Result")


def main() -> None:
    """Measure each file and print a row on it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.pdf")
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--sample", type=int, default=40, help="pages and sentences of each file")
    args = parser.parse_args()
    print(
        "| file | pages | MB | more on disk, MB | sizes, ms | picture p50 / p95, ms | kB "
        "| quotation p50 / p95, ms | quotations right |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for path in args.files or sorted(DATA.glob("*.pdf")):
        try:
            document = read_document(path)
        except BriefError:  # the encrypted one of tests/data
            continue
        print(f"| {path.name} | {row(document, args.sample)} |", flush=True)
    if not args.files:
        document = read_bytes(made(args.pages), "made.pdf")
        print(f"| made here | {row(document, args.sample)} |", flush=True)


def row(document: Document, most: int) -> str:
    """Return the figures of one document, between the bars of a table."""
    dice = random.Random(7)  # noqa: S311 - no secret
    original = document.original
    sizes, sizes_ms = timed(partial(page_sizes, original))
    numbers = range(1, len(sizes) + 1)
    pictures = [
        timed(partial(picture, original, n, width_px=WIDTH_PX))
        for n in dice.sample(numbers, min(most, len(numbers)))
    ]
    spans = sentence_spans(document.text)
    spans = dice.sample(spans, min(most, len(spans)))
    found = [timed(partial(quotations, document, original, [span])) for span in spans]
    right = sum(
        in_boxes(bytes(original), pages) == letters(document.text[start:end])
        for (start, end), ([pages], _) in zip(spans, found, strict=True)
    )
    kilobytes = statistics.median(len(data) for data, _ in pictures) / 1000
    with_it, without = on_disk(document, original), on_disk(document, b"")
    return (
        f"{len(sizes):,} | {len(original) / 1e6:.1f} | {(with_it - without) / 1e6:.1f} "
        f"| {sizes_ms:.0f} | {shares(ms for _, ms in pictures)} | {kilobytes:.0f} "
        f"| {shares(ms for _, ms in found)} | {right} of {len(spans)}"
    )


def timed(act: Callable[[], Result]) -> tuple[Result, float]:
    """Return what comes of it and how many milliseconds it took."""
    begun = time.perf_counter()
    return act(), (time.perf_counter() - begun) * 1000


def shares(values: Iterable[float]) -> str:
    """Return the median and what 19 of 20 are below of."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):.0f} / {ordered[int(0.95 * (len(ordered) - 1))]:.0f}"


def letters(text: str) -> str:
    """Return what is compared."""
    return "".join(c for c in text.casefold() if c.isalnum())


def in_boxes(data: bytes, pages: list[OnPage]) -> str:
    """Return the letters that pdfium finds in boxes."""
    found = []
    with pypdfium2.PdfDocument(data) as file:
        for number, boxes in pages:
            wide, tall = file[number - 1].get_size()
            text = file[number - 1].get_textpage()
            found += [
                text.get_text_bounded(x * wide, (1 - foot) * tall, right * wide, (1 - top) * tall)
                for x, top, right, foot in boxes
            ]
    return letters("".join(found))


def on_disk(document: Document, original: Original) -> int:
    """Return how many bytes a store takes that has this document alone, without passages."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.sqlite3"
        store = Store(path)
        store.insert(replace(document, original=original), "/a.pdf", [])
        store.close()
        return path.stat().st_size


def made(pages: int) -> bytes:
    """Return a PDF with the text of the report on each page, numbered."""
    text = REPORT.read_text("utf-8")
    style = getSampleStyleSheet()["BodyText"]
    paragraphs = [text[s:e] for s, e in paragraph_spans(text) if e - s > 200][:6]
    out = io.BytesIO()
    story = []
    for number in range(1, pages + 1):
        story += [Paragraph(f"{number}. {paragraph}", style) for paragraph in paragraphs]
        story.append(PageBreak())
    SimpleDocTemplate(out).build(story)
    return out.getvalue()


if __name__ == "__main__":
    main()
