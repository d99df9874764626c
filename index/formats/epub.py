"""E-books: the chapters of an EPUB in reading order, with their headings."""

import posixpath
import zipfile
from typing import Any
from urllib.parse import unquote

from index.formats import markup
from index.formats.archive import open_zip, read_member
from index.formats.writing import Writing, iso_date
from index.types import BriefError, Extracted


def extract(data: bytes, name: str) -> Extracted:
    """Return the text of an e-book.

    Raises:
        BriefError: damaged, protected, or without text.
    """
    with open_zip(data, name) as archive:
        if "META-INF/rights.xml" in archive.namelist():
            raise _unreadable(name, "is protected against copying")
        package_path = _xml(archive, "META-INF/container.xml", name).xpath(
            "string(//*[local-name()='rootfile']/@full-path)"
        )
        package = _xml(archive, package_path, name)
        out, missing = Writing(), []
        for href in _spine(package):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(package_path), href))
            try:
                page = _html(read_member(archive, archive.getinfo(path)))
            except (KeyError, BriefError):
                missing.append(href)
                continue
            for body in page.xpath("//body")[:1]:
                markup.write(body, out)
    if out.is_empty:
        raise _unreadable(name, "has no text")
    return out.extracted(
        title=_field(package, "title"),
        author=_field(package, "creator"),
        as_of=iso_date(_field(package, "date")),
        source=_field(package, "publisher"),
        notices=[f"These chapters could not be read: {', '.join(missing)}."] if missing else [],
    )


def _spine(package: Any) -> list[str]:
    """Return the files of the chapters in order, without the table of contents."""
    items = {
        item.get("id"): unquote(item.get("href", ""))
        for item in package.xpath("//*[local-name()='manifest']/*[local-name()='item']")
        if "nav" not in item.get("properties", "").split()
    }
    order = [i.get("idref") for i in package.xpath("//*[local-name()='itemref']")]
    return [items[i] for i in order if i in items]


def _field(package: Any, field: str) -> str:
    values = package.xpath(f"//*[local-name()='metadata']/*[local-name()='{field}']/text()")
    return str(values[0]) if values else ""


def _xml(archive: zipfile.ZipFile, path: str, name: str) -> Any:
    from lxml import etree

    try:
        data = read_member(archive, archive.getinfo(path))
        # No entities and no network: a bomb or a spy would come in by these.
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        return etree.fromstring(data, parser)
    except (KeyError, etree.XMLSyntaxError, BriefError):
        raise _unreadable(name, "is damaged") from None


def _html(data: bytes) -> Any:
    from lxml import etree

    # The HTML parser knows named entities and forgives; chapters are often not well-formed.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    page = etree.fromstring(data, parser)
    return page if page is not None else etree.Element("html")


def _unreadable(name: str, why: str) -> BriefError:
    return BriefError(f"{name} {why}. Open it in an e-book reader, save it as PDF and add that.")
