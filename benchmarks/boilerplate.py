"""Measure what is set aside: of lines that publishers write, of lines that reports write, of prose.

    python -m benchmarks.boilerplate [FILE …]

The lines are those of tests/data, written for this project after what stands on pages of newspapers
and institutes. Of half of them, which the rules were not made with, 107 of 113 were set aside when
they were first looked at; after that the rules were changed with all of them in view. Files (text,
Markdown, …) are read, and the share of their characters that is set aside is printed, with what it
is: of a report or an encyclopedia it should be nothing.
"""

import argparse
from pathlib import Path

from index.boilerplate import boilerplate_spans
from index.reading import read_document

DATA = Path(__file__).parent.parent / "tests" / "data"
BEFORE, AFTER = "Gao fell to the rebels of the north in June.", "Troops left the town in July."


def main() -> None:
    """Print the share of lines that is set aside, and what is of each file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    args = parser.parse_args()
    for name in ("appeals", "statements"):
        lines = (DATA / f"{name}.txt").read_text("utf-8").splitlines()
        count = sum(map(is_aside, lines))
        print(f"{name}: {count} of {len(lines)} set aside ({count / len(lines):.3f})")
    for path in args.files:
        document = read_document(path)
        size = sum(end - start for start, end in document.aside)
        print(f"{path.name}: {size} of {len(document.text)} characters set aside")
        for start, end in document.aside:
            print(f"    {document.text[start:end]!r}")


def is_aside(line: str) -> bool:
    """Whether more than half of a line is set aside where it stands between others."""
    text = f"{BEFORE}\n\n{line}\n\n{AFTER}"
    start = len(BEFORE) + 2
    stop = start + len(line)
    return sum(min(e, stop) - max(s, start) for s, e in boilerplate_spans(text)) > len(line) / 2


if __name__ == "__main__":
    main()
