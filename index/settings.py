"""Where the library is and which embedder it uses: from options, the environment, or defaults."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from index.access import embedder_of
from index.embedding import BUILT_IN, DEFAULT_EMBEDDER
from index.passages import MAX_CHARS
from index.types import BriefError
from index.vectors.address import ChromaServer, chroma_server

_PASSAGE_CHARS = (200, 10_000)  # less than a sentence says nothing; more is no longer a place


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """The data folder, the name of the embedder, and the most characters of a passage.

    `chroma` is the server that keeps the vectors, None where the data folder does.
    """

    data: Path
    embedder: str
    passage_chars: int = MAX_CHARS
    chroma: ChromaServer | None = None


def add_library_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a library."""
    parser.add_argument(
        "--data", metavar="DIR", help="the data folder (or SAHEL_BRIEF_DATA; default: per user)"
    )
    parser.add_argument(
        "--embedder",
        metavar="NAME",
        help=f"{' or '.join(BUILT_IN)}, or a sentence-transformers model by name or path (or "
        "SAHEL_BRIEF_EMBEDDER; default: what the library was indexed with); for another run: "
        "python -m index rebuild --embedder NAME",
    )
    parser.add_argument(
        "--passage-chars",
        metavar="N",
        help=f"the most characters of a passage (or SAHEL_BRIEF_PASSAGE_CHARS; {MAX_CHARS}); after "
        "a change run: python -m index rebuild",
    )
    parser.add_argument(
        "--chroma",
        metavar="URL",
        help="a Chroma server that keeps the vectors, so that several processes may share the data "
        "folder: http://HOST:PORT, with ?tenant=T&database=D where these are not Chroma's own (or "
        "SAHEL_BRIEF_CHROMA; its token: SAHEL_BRIEF_CHROMA_TOKEN)",
    )


def library_settings(args: argparse.Namespace) -> LibrarySettings:
    """Return the settings: an option wins over the environment, which wins over the default.

    Also keeps libraries that are imported later from calling out.

    Raises:
        BriefError: the size of passages is none, the data folder cannot be used, or the Chroma
            server is not named rightly, or would be sent something with `--offline`.
    """
    data = data_folder(args.data)
    embedder = chosen_embedder(args.embedder or os.environ.get("SAHEL_BRIEF_EMBEDDER"), data)
    keep_to_this_machine(embedder)
    return LibrarySettings(data, embedder, _passage_chars(args), _chroma_server(args))


def chosen_embedder(given: str | None, data: Path) -> str:
    """Return the name of an embedder: as given, else what the library in `data` was indexed with.

    Raises:
        BriefError: the data folder cannot be used.
    """
    return given or embedder_of(data) or DEFAULT_EMBEDDER


def keep_to_this_machine(embedder: str) -> None:
    """Keep libraries that are imported from here on from calling out."""
    if embedder in BUILT_IN:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")


def data_folder(given: str | None) -> Path:
    """Return the data folder: as given, else the environment's, else the one of this user."""
    data = given or os.environ.get("SAHEL_BRIEF_DATA")
    return Path(data).expanduser() if data else user_data_path("sahel-brief", appauthor=False)


def _chroma_server(args: argparse.Namespace) -> ChromaServer | None:
    if not (url := args.chroma or os.environ.get("SAHEL_BRIEF_CHROMA")):
        return None
    server = chroma_server(
        url,
        token=os.environ.get("SAHEL_BRIEF_CHROMA_TOKEN", ""),
        ca=os.environ.get("SAHEL_BRIEF_CHROMA_CA"),
    )
    if getattr(args, "offline", False) and not server.is_here:
        raise BriefError(
            f"--offline sends nothing, and the Chroma server {server.url} is on another machine. "
            "Leave one of them out."
        )
    return server


def _passage_chars(args: argparse.Namespace) -> int:
    given = args.passage_chars or os.environ.get("SAHEL_BRIEF_PASSAGE_CHARS") or str(MAX_CHARS)
    low, high = _PASSAGE_CHARS
    if not given.isdecimal() or not low <= int(given) <= high:
        raise BriefError(
            f"Passages of {given} characters cannot be made. Give a number from {low} to {high}: "
            "--passage-chars or SAHEL_BRIEF_PASSAGE_CHARS."
        )
    return int(given)
