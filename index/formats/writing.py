"""Builds the text of a file from its paragraphs, and counts where its parts start."""

import re
import unicodedata
from collections.abc import Iterable

from index.types import Extracted, Part, PartKind, Span

# Seen by nobody: soft hyphens, zero-width spaces (not the joiners, which some scripts need), byte
# order marks, control characters. Also the arrow back from a footnote, which says nothing.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\xad\u200b\u2060\ufeff\ufffe\uffff]|\u21a9\ufe0e?")
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_FILE_NAME = re.compile(
    r"(?i)\A(?:microsoft \w+ - .*|untitled.*|(?:document|presentation|slide|page)\s*\d*|"
    r"powerpoint presentation|\S+\.(?:docx?|pptx?|pdf|indd|rtf|odt|txt|html?|md|qxp|tex|dvi))\Z"
)


def clean(text: str) -> str:
    r"""Return one line without what nobody sees: "secu\xadrity ﬁrst" → "security first"."""
    text = _LIGATURE.sub(lambda m: unicodedata.normalize("NFKC", m[0]), _INVISIBLE.sub("", text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def real_title(title: str | None) -> str:
    """Return a title, or "" for what programs put in its place, such as "untitled" or "a.doc"."""
    title = clean(title or "")
    return "" if _FILE_NAME.match(title) else title


def iso_date(date: object) -> str:
    """Return "2023-09-15" of whatever begins so, "" of anything else."""
    match = _ISO_DATE.match(str(date or ""))
    return match[0] if match else ""


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers in words: [3, 7, 8, 9] → "3, 7–9"."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)


class Writing:
    r"""A text that grows by paragraphs, each in one line, with a blank line between them.

    >>> w = Writing()
    >>> w.heading(1, "Mali"); w.paragraph("It is dry."); w.extracted().text
    '# Mali\n\nIt is dry.'
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0
        self._parts: list[Part] = []
        self._aside: list[Span] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written so far."""
        return not self._pieces

    @property
    def next_start(self) -> int:
        """The offset at which the next paragraph will start."""
        return self._size + 2 if self._pieces else 0

    def part(self, label: str, kind: PartKind, *, start: int | None = None) -> None:
        """Begin a part at the next paragraph, or at an offset already written."""
        self._parts.append(Part(self.next_start if start is None else start, label, kind))

    def heading(self, level: int, label: str) -> None:
        """Write a heading marked with `#`, unless it is empty."""
        label = clean(label)
        if any(c.isalnum() for c in label):
            self.part(label, "heading")
            self._write(f"{'#' * max(1, min(level, 6))} {label}")

    def paragraph(self, text: str, *, mark: str = "", aside: bool = False) -> None:
        """Write a paragraph after a mark such as "- ", unless it has no letter and no digit."""
        text = clean(text)
        if any(c.isalnum() for c in text):
            start = self.next_start
            self._write(mark + text)
            if aside:
                self._aside.append((start, self._size))

    def row(self, cells: Iterable[str]) -> None:
        """Write a row of a table, `| a | b |`."""
        cleaned = [clean(cell) for cell in cells]
        if any(cleaned):
            self.paragraph(f"| {' | '.join(cleaned)} |")

    def _write(self, line: str) -> None:
        self._size = self.next_start + len(line)
        self._pieces.append(line)

    def extracted(
        self,
        *,
        title: str = "",
        author: str = "",
        as_of: str = "",
        source: str = "",
        notices: Iterable[str] = (),
    ) -> Extracted:
        """Return what was written, with the metadata of the file."""
        return Extracted(
            "\n\n".join(self._pieces),
            tuple(sorted(self._parts, key=lambda p: (p.start, p.kind == "heading"))),
            real_title(title),
            clean(author),
            as_of,
            clean(source),
            tuple(notices),
            tuple(self._aside),
        )
