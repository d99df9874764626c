"""Elements of HTML, and of trafilatura's simpler XML, become paragraphs, items, rows, headings."""

import re
from typing import Any

from index.formats.writing import Writing

_ITEMS, _ROWS, _CELLS = {"li", "item"}, {"tr", "row"}, {"td", "th", "cell"}
_SKIPPED = {"script", "style", "noscript", "template", "nav", "svg", "iframe", "object", "audio"}
_INLINE = set(
    "a abbr b bdi bdo big cite code del dfn em font hi i ins kbd mark q ref s samp small span "
    "strike strong sub sup time tt u var wbr".split()
)
_HEADING = re.compile(r"h([1-6])\Z")


def write(element: Any, out: Writing) -> None:
    """Write the content of an lxml element: "<p>One<p>two" → two paragraphs."""
    _Walk(out).through(element)


class _Walk:
    def __init__(self, out: Writing) -> None:
        self._out = out
        self._pending = ""
        self._mark = ""

    def through(self, element: Any) -> None:
        self._pending += element.text or ""
        for child in element:
            self._child(child)
            self._pending += child.tail or ""
        if _tag(element) not in _INLINE:
            self._flush()

    def _child(self, child: Any) -> None:
        tag = _tag(child)
        # The number of a note after a full stop would be read as a part of the sentence.
        if not tag or tag in _SKIPPED or "noteref" in (child.get("role", "") + _type(child)):
            return
        if tag in ("br", "lb"):
            self._pending += " "
        elif tag in _INLINE:
            self.through(child)
        else:
            self._flush()
            self._block(child, tag)

    def _block(self, child: Any, tag: str) -> None:
        heading = _HEADING.match(child.get("rend", "h2") if tag == "head" else tag)
        if heading:
            self._out.heading(int(heading[1]), _text(child))
        elif tag in _ROWS:
            self._out.row(_text(cell) for cell in child if _tag(cell) in _CELLS)
        elif tag in _ITEMS:
            self._mark = "- "
            self.through(child)
            self._mark = ""
        else:
            self.through(child)

    def _flush(self) -> None:
        if self._pending.strip():
            self._out.paragraph(self._pending, mark=self._mark)
            self._mark = ""
        self._pending = ""


def _type(element: Any) -> str:
    return str(
        element.get("epub:type", "")
    )  # so written by the HTML parser, which has no namespaces


def _tag(element: Any) -> str:
    """Return the tag without its namespace; comments and the like have none."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _text(element: Any) -> str:
    """Return all text inside, with a space where a block inside it begins or ends."""
    pieces = [element.text or ""]
    for child in element:
        tag = _tag(child)
        if tag and tag not in _SKIPPED:
            gap = "" if tag in _INLINE else " "
            pieces += [gap, _text(child), gap]
        pieces.append(child.tail or "")
    return "".join(pieces)
