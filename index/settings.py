"""Where the library is and which embedder it uses: from options, the environment, or defaults."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from index.embedding import DEFAULT_EMBEDDER


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """The data folder and the name of the embedder."""

    data: Path
    embedder: str


def add_library_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a library."""
    parser.add_argument(
        "--data", metavar="DIR", help="the data folder (or SAHEL_BRIEF_DATA; default: per user)"
    )
    parser.add_argument(
        "--embedder",
        metavar="NAME",
        help="a sentence-transformers model by name or path (or SAHEL_BRIEF_EMBEDDER); after a "
        "change run: python -m index rebuild",
    )


def library_settings(args: argparse.Namespace) -> LibrarySettings:
    """Return the settings: an option wins over the environment, which wins over the default.

    Also keeps libraries that are imported later from calling out.
    """
    data = args.data or os.environ.get("SAHEL_BRIEF_DATA")
    embedder = args.embedder or os.environ.get("SAHEL_BRIEF_EMBEDDER") or DEFAULT_EMBEDDER
    if embedder == DEFAULT_EMBEDDER:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # onnxruntime 1.32 reports by default
    folder = Path(data).expanduser() if data else user_data_path("sahel-brief", appauthor=False)
    return LibrarySettings(folder, embedder)
