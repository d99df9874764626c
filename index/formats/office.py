"""What Word and PowerPoint files have in common: how they fail, and their properties."""

from collections.abc import Callable
from typing import Any

from index.formats.archive import MAX_BYTES, open_zip, read_member
from index.formats.writing import iso_date
from index.types import BriefError


def opened(data: bytes, name: str, program: str, load: Callable[[], Any]) -> Any:
    """Return the file as its library loads it, once its members are known to be of sane size.

    Raises:
        BriefError: damaged, or not what its name says.
    """
    from lxml.etree import LxmlError

    left = MAX_BYTES
    with open_zip(data, name) as archive:
        for info in archive.infolist():
            if info.filename.lower().endswith((".xml", ".rels")):
                left -= len(read_member(archive, info, left=left))
    try:
        return load()
    # What the libraries let through for files that are not whole: a part that is missing, XML
    # that does not parse, an element that is not where it must be.
    except (KeyError, ValueError, AttributeError, IndexError, TypeError, OSError, LxmlError):
        raise damaged(name, program) from None


def damaged(name: str, program: str) -> BriefError:
    """Return the error for a file that is not whole."""
    return BriefError(
        f"{name} is damaged or no {program} file. Open it in {program}, save it anew and add that."
    )


def metadata(file: Any) -> dict[str, str]:
    """Return title, author and date of the core properties, for `Writing.extracted`."""
    properties = file.core_properties
    # LibreOffice and pandoc write no author rather than an empty one; python-docx puts its own
    # name there where the property is missing altogether.
    author = properties.author or ""
    return {
        "title": properties.title or "",
        "author": "" if author in ("python-docx", "python-pptx") else author,
        "as_of": iso_date(properties.created) or iso_date(properties.modified),
    }
