"""The library from the command line."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from index.access import changing, reading
from index.adding import add_all
from index.embedding import SentenceEmbedder
from index.inspection import contents, diagnose, export, find
from index.outcomes import outcome
from index.settings import LibrarySettings, add_library_arguments, library_settings
from index.store import EDITABLE
from index.types import BriefError, Document


def main() -> int:
    """Run one command and return the exit status: 0, or 1 where something failed."""
    args = _parser().parse_args()
    try:
        status: int = args.run(args, library_settings(args))
    except BriefError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nStopped. What was done stays done; the same command goes on from here.",
            file=sys.stderr,
        )
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m index", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    add = commands.add_parser("add", help="add files, folders with what is in them, or - (stdin)")
    add.add_argument("paths", nargs="+", metavar="PATH")
    edit = commands.add_parser("edit", help="change what is said of a document")
    edit.add_argument("id", metavar="ID", help="an id, its beginning, or a file name")
    for command in (add, edit):
        command.add_argument("--title", help="in place of the file's own")
        command.add_argument("--author")
        command.add_argument("--source", help="who published it")
        command.add_argument("--as-of", help="the date of the facts: 2023, 2023-09, 2023-09-15")
    remove = commands.add_parser("remove", help="remove documents")
    remove.add_argument("ids", nargs="+", metavar="ID", help="an id, its beginning, or a file name")
    listing = commands.add_parser("list", help="list the documents")
    show = commands.add_parser("show", help="show a document: its passages, what was set aside")
    show.add_argument("id", metavar="ID", help="an id, its beginning, or a file name")
    exporting = commands.add_parser("export", help="write documents as Markdown into a folder")
    exporting.add_argument("folder", type=Path, metavar="FOLDER")
    exporting.add_argument("ids", nargs="*", metavar="ID", help="all where none is named")
    doctor = commands.add_parser("doctor", help="say what is wrong with the library, if anything")
    rebuild = commands.add_parser("rebuild", help="split and embed all documents anew")

    for command in (listing, show, doctor, remove, exporting):
        command.add_argument("--json", action="store_true", help="one JSON value")
    runs = {
        add: _add, edit: _edit, remove: _remove, listing: _list, show: _show,
        exporting: _export, doctor: _doctor, rebuild: _rebuild,
    }  # fmt: skip
    for command, run in runs.items():
        command.set_defaults(run=run)
        add_library_arguments(command)
    return parser


def _of(settings: LibrarySettings) -> dict[str, Any]:
    """Return what `reading` and `changing` are told of a library."""
    return {
        "folder": settings.data,
        "embedder": SentenceEmbedder(settings.embedder),
        "passage_chars": settings.passage_chars,
        "server": settings.chroma,
        "on_notice": lambda words: print(words, file=sys.stderr),
    }


def _given(args: argparse.Namespace) -> dict[str, str]:
    return {key: getattr(args, key) for key in EDITABLE if getattr(args, key) is not None}


def _add(args: argparse.Namespace, settings: LibrarySettings) -> int:
    if args.title and len(args.paths) > 1:
        raise BriefError("--title names one document. Add the files one at a time to name each.")
    failed = []
    with (
        _bar("mending") as bar,
        changing(**_of(settings), on_progress=bar) as library,
    ):
        for result in add_all(library, args.paths, given=_given(args), progress=_page_bar):
            if result.error:
                failed.append(result.error)
            elif result.added and (document := result.document):
                count = library.store.count_passages(document.id)
                lines = outcome(result.added, document, count, result.name)
                if len(lines) > 1 and document.aside:
                    lines = (*lines, f"see all of it with: python -m index show {document.id}")
                print("\n  ".join(lines), flush=True)
    for message in failed:
        print(f"error: {message}", file=sys.stderr)
    return 1 if failed else 0


def _edit(args: argparse.Namespace, settings: LibrarySettings) -> int:
    if not (given := _given(args)):
        raise BriefError("Nothing to change. Give --title, --author, --source or --as-of.")
    with changing(**_of(settings)) as library:
        document = find(library, args.id)
        library.edit(document.id, **given)
        print(f"edited: “{library.document(document.id).title}”")
    return 0


def _remove(args: argparse.Namespace, settings: LibrarySettings) -> int:
    with changing(**_of(settings)) as library:
        removed = []
        for wanted in args.ids:
            document = find(library, wanted)
            library.remove(document.id)
            removed.append({"id": document.id, "title": document.title})
            if not args.json:
                print(f"removed: “{document.title}”", flush=True)
    if args.json:
        print(json.dumps(removed, ensure_ascii=False, indent=2))
    return 0


def _list(args: argparse.Namespace, settings: LibrarySettings) -> int:
    with reading(**_of(settings)) as library:
        rows = [asdict(info) for info in library.documents()]
    if args.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        date = row["as_of"] or "no date"
        by = ", ".join(filter(None, (row["author"], row["source"])))
        print(f"{row['id']}  {date:10}  {row['passages']:6} passages  {row['title']}  ({by})")
    if not rows:
        print("The library is empty. Add a file: python -m index add FILE")
    return 0


def _show(args: argparse.Namespace, settings: LibrarySettings) -> int:
    with reading(**_of(settings)) as library:
        found = contents(library, find(library, args.id))
    if args.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    for key in ("title", "author", "source", "as_of", "path", "pages", "characters"):
        if found[key]:
            print(f"{key.replace('_', ' ')}: {found[key]}")
    for notice in found["notices"]:
        print(f"note: {notice}")
    for passage in found["contents"]:
        print(f"\n[{passage['place']}]\n{passage['text']}")
    if found["aside"]:
        print("\nSet aside as no part of the text:")
        print("\n".join(f"- {text}" for text in found["aside"]))
    return 0


def _export(args: argparse.Namespace, settings: LibrarySettings) -> int:
    with reading(**_of(settings)) as library:
        chosen = [find(library, wanted) for wanted in args.ids] or library.documents()
        written = [str(path) for path in export(library, chosen, args.folder)]
    print(json.dumps(written, ensure_ascii=False, indent=2) if args.json else "\n".join(written))
    return 0


def _doctor(args: argparse.Namespace, settings: LibrarySettings) -> int:
    with reading(**_of(settings), mend=False) as library:
        found = diagnose(library)
    problems = found["problems"]
    if args.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        print(f"{found['documents']} documents, {found['passages']} passages, {found['embedder']}")
        for problem in problems:
            print(f"problem: {problem}")
        print("To mend it: python -m index rebuild" if problems else "All is well.")
    return 1 if problems else 0


def _rebuild(args: argparse.Namespace, settings: LibrarySettings) -> int:
    with changing(**_of(settings), mend=False) as library:
        with _bar("rebuilding") as bar:
            library.rebuild(bar)
        print(f"rebuilt: {library.store.count_passages()} passages, with {settings.embedder}")
    return 0


class _bar(tqdm):  # type: ignore[type-arg]
    """A progress bar with rate and time left, that hides outside a terminal."""

    def __init__(self, title: str, unit: str = " passages", total: int | None = None) -> None:
        self._all = total
        super().__init__(desc=title, unit=unit, disable=None, leave=False, delay=0.3)

    def __call__(self, done: int, total: int) -> None:
        self.total = self._all or total
        self.update(done * self.total // total - self.n)


def _page_bar(name: str, document: Document) -> _bar:
    return _bar(name, unit=" pages", total=document.info.pages)


if __name__ == "__main__":
    sys.exit(main())
