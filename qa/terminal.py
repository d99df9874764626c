"""A terminal to write to: wrapped, dim or not, and without the control characters of documents."""

import re
import textwrap
from collections.abc import Callable
from typing import TextIO

# A terminal takes C0 and C1 as commands; the others turn the order of what follows around.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_WIDTHS = (20, 100)
_DIM, _BOLD, _PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[0m"
_CLEAR = "\r\x1b[K"


def plain(text: str) -> str:
    r"""Return text without what a terminal would obey; tabs become spaces, line ends stay.

    >>> plain("a\x1b[2J\tb\u202e\r\nc")
    'a[2J b\nc'
    """
    return _CONTROLS.sub("", text).replace("\t", " ")


class Screen:
    """Writes lines. What is `dim` or `bold` shows only where there are colours."""

    def __init__(self, out: TextIO, columns: Callable[[], int], *, colours: bool) -> None:
        """Take where to write, what gives its width now, and whether it obeys escape sequences."""
        self._out, self._columns, self._colours = out, columns, colours
        self._passing = False

    def say(
        self, text: str = "", *, indent: str = "", dim: bool = False, bold: bool = False
    ) -> None:
        """Write a paragraph, its lines after the first indented."""
        self.pass_by("")
        lines = textwrap.wrap(plain(text), self._width(), subsequent_indent=indent) or [""]
        style = (_DIM if dim else "") + (_BOLD if bold else "")
        for line in lines:
            self._out.write(f"{self._styled(style, line)}\n")
        self._out.flush()

    def pass_by(self, text: str) -> None:
        """Show the end of what is being written on one line, until something else is said.

        Nothing where there are no colours: what cannot be taken back is not shown.
        """
        if not self._colours or not (text or self._passing):
            return
        line = " ".join(plain(text).split())
        room = self._width() - 2
        shown = line if len(line) <= room else f"…{line[1 - room :]}"
        self._out.write(_CLEAR + (self._styled(_DIM, shown) if shown else ""))
        self._out.flush()
        self._passing = bool(shown)

    def clip(self, text: str, *, lines: int = 1) -> str:
        """Return what fits on so many lines."""
        line, most = " ".join(plain(text).split()), lines * self._width()
        return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"

    def _styled(self, style: str, line: str) -> str:
        return f"{style}{line}{_PLAIN}" if self._colours and style else line

    def _width(self) -> int:
        least, most = _WIDTHS
        return max(least, min(self._columns(), most))
