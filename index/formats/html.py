"""Web pages: the article without navigation, adverts and scripts. Never touches the network."""

import re
from typing import Any

from index.formats import markup
from index.formats.plain import decode
from index.formats.writing import Writing, iso_date
from index.types import BriefError, Extracted

_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE
)
# As of what a browser shows nobody; trafilatura leaves out what has display:none. Not opacity and
# visibility: what scripts let appear while one scrolls is saved with these.
_HIDDEN = re.compile(
    r"font-size\s*:\s*0(?![.\d])|(?:left|top|text-indent)\s*:\s*-\d{3}", re.IGNORECASE
)


def extract(data: bytes, name: str) -> Extracted:
    """Return the article of a web page, with its headings, lists and tables.

    Raises:
        BriefError: there is no article in it.
    """
    found = _article(_decoded(data, name))
    if found is None or found.body is None or not "".join(found.body.itertext()).strip():
        raise BriefError(
            f"{name} has no article in it that can be read; pages that scripts fill in are empty "
            "when saved. Print the page as PDF and add that."
        )
    out = Writing()
    if found.title and not found.body.xpath(".//head[@rend='h1']"):
        out.heading(1, found.title)
    markup.write(found.body, out)
    return out.extracted(
        title=found.title or "",
        author=found.author or "",
        as_of=iso_date(found.date),
        source=found.sitename or found.hostname or "",
    )


def _article(page: str) -> Any:
    """Return what trafilatura finds in a page, with its headings.

    trafilatura 2.3 takes only the paragraphs where neither `article` nor `main` is marked. Such a
    page is tried again as one article, which is believed where it has the same text and headings.
    """
    from lxml import etree

    tree = _tree(page)
    if tree is None:
        return None
    found = _extraction(_tree(page))
    marked = tree.xpath("//article | //main | //*[@role='main']")
    if found is None or marked or found.body.xpath(".//head") or not tree.xpath("//body//h2"):
        return found
    for body in tree.xpath("//body")[:1]:
        article = etree.SubElement(body, "article")
        article.text, body.text = body.text, None
        article.extend(child for child in list(body) if child is not article)
    whole = _extraction(tree)
    if whole is None or _size(whole) > 1.25 * _size(found):
        return found
    return whole


def _tree(page: str) -> Any:
    """Return a page without what it hides, None where there is none."""
    from trafilatura.utils import load_html

    tree = load_html(page)
    for element in tree.xpath("//body//*[@style or @hidden]") if tree is not None else ():
        if "hidden" in element.attrib or _HIDDEN.search(element.get("style")):
            element.drop_tree()
    return tree


def _extraction(tree: Any) -> Any:
    import trafilatura

    return trafilatura.bare_extraction(
        tree, favor_recall=True, include_comments=False, with_metadata=True
    )


def _size(found: Any) -> int:
    return len("".join(found.body.itertext()))


def _decoded(data: bytes, name: str) -> str:
    declared = _CHARSET.search(data[:4096])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        try:
            return data.decode(declared[1].decode("ascii"))
        except (LookupError, UnicodeError):
            pass  # a wrong declaration is no better than none
    return decode(data, name)
