"""What Word and PowerPoint files have in common: how they fail, and their properties."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from index.formats.archive import MAX_BYTES, open_zip, read_member
from index.formats.writing import iso_date
from index.types import BriefError


def check_size(data: bytes, name: str) -> None:
    """Raise `BriefError` where the text in a file unpacks to more than is safe."""
    left = MAX_BYTES
    with open_zip(data, name) as archive:
        for info in archive.infolist():
            if info.filename.lower().endswith((".xml", ".rels")):
                left -= len(read_member(archive, info, left=left))


@contextmanager
def damage_said(name: str, program: str, *own: type[Exception]) -> Iterator[None]:
    """Turn what the libraries raise for a file that is not whole into a `BriefError`.

    Beside errors of their `own` they let many through: a part is missing, XML does not parse, an
    element is not where it must be. Random damage to the files of the tests gave each of these.
    """
    from lxml.etree import LxmlError

    broken = (KeyError, ValueError, AttributeError, IndexError, TypeError, OSError, LxmlError)
    try:
        yield
    except (*own, *broken, zipfile.BadZipFile, zlib.error, EOFError):
        raise BriefError(
            f"{name} is damaged or no {program} file. Open it in {program}, save it anew and add "
            "that."
        ) from None


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
