"""The files of a ZIP, within bounds: what a header claims is not trusted, nothing is written."""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from index.types import BriefError

MAX_FILES, MAX_BYTES, MAX_FILE_BYTES = 1_000, 500_000_000, 100_000_000
# Text packs 3–20 to 1, a repetitive table perhaps 100 to 1; a bomb 1,000 to 1. Small members are
# let off: their ratio does no harm.
_MAX_RATIO, _RATIO_FROM_BYTES = 200, 10_000_000
_CHUNK_BYTES = 1 << 20
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError)


def open_zip(data: bytes | Path, name: str) -> zipfile.ZipFile:
    """Open a ZIP. Raises `BriefError` where it is none, or damaged."""
    try:
        return zipfile.ZipFile(io.BytesIO(data) if isinstance(data, bytes) else data)
    except _DAMAGED:
        raise BriefError(
            f"{name} is damaged: it cannot be unpacked. Get the file again, or save it anew, and "
            "add that."
        ) from None


def members(data: bytes | Path, name: str = "") -> Iterator[tuple[str, bytes | BriefError]]:
    """Yield the name and content of each file in a ZIP, or the reason why it cannot be read.

    Raises:
        BriefError: it is no ZIP, or damaged, or holds more files or text than is safe.
    """
    name = name or (data.name if isinstance(data, Path) else "The archive")
    with open_zip(data, name) as archive:
        infos = [info for info in archive.infolist() if not _is_passed_over(info)]
        if len(infos) > MAX_FILES:
            raise BriefError(
                f"{name} holds {len(infos):,} files, more than {MAX_FILES:,}. Split it into "
                "smaller archives."
            )
        if not infos:
            raise BriefError(f"{name} holds no files. Add an archive that has files in it.")
        left = MAX_BYTES
        for info in infos:
            inside = _safe_name(info)
            try:
                content = read_member(archive, info, left=left)
                left -= len(content)
            except BriefError as error:
                yield inside, error
            else:
                yield inside, content


def count_files(data: bytes | Path, name: str) -> int:
    """Return how many `members` there are. Raises `BriefError` where it is no ZIP, or damaged."""
    with open_zip(data, name) as archive:
        return sum(not _is_passed_over(info) for info in archive.infolist())


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, *, left: int = MAX_BYTES) -> bytes:
    """Return the content of one file, counting what really comes out.

    Raises:
        BriefError: a link, encrypted, an archive itself, damaged, or larger than is safe.
    """
    name = _safe_name(info)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise BriefError(f"{name} is a link, not a file. Add the file that it points to.")
    if info.flag_bits & 1:
        raise BriefError(f"{name} is encrypted. Unpack the archive with its password and add it.")
    if name.lower().endswith(".zip"):
        raise BriefError(f"{name} is an archive inside an archive. Unpack it and add it by itself.")
    limit = min(MAX_FILE_BYTES, left)
    chunks, size = [], 0
    try:
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                size += len(chunk)
                bomb = size > _RATIO_FROM_BYTES and size > _MAX_RATIO * info.compress_size
                if size > limit or bomb:
                    raise BriefError(
                        f"{name} unpacks to more than is safe ({MAX_FILE_BYTES // 1_000_000} MB a "
                        f"file, {MAX_BYTES // 1_000_000} MB in all). Split it and add the parts."
                    )
                chunks.append(chunk)
    except (*_DAMAGED, RuntimeError):
        raise BriefError(f"{name} is damaged: it cannot be unpacked. Get the file again.") from None
    return b"".join(chunks)


def _is_passed_over(info: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(info.filename.replace("\\", "/")).parts
    hidden = any(part == "__MACOSX" or part.startswith(".") for part in parts if part != "..")
    return info.is_dir() or hidden


def _safe_name(info: zipfile.ZipInfo) -> str:
    """Return a name to show: its path inside the archive, or its base where that leads outside."""
    name = info.filename.replace("\\", "/")
    if not info.flag_bits & 0x800:  # the flag that names are UTF-8, which some programs forget
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or ":" in name:
        return path.name or "file"
    return str(path)
