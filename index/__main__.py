"""The library from the command line: python -m index add FILE…, list, remove ID…, rebuild."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from index.access import changing, reading
from index.embedding import SentenceEmbedder
from index.library import DiskLibrary
from index.reading import read_document
from index.settings import add_library_arguments, library_settings
from index.types import BriefError


def main() -> int:
    """Run one command and return the exit status: 0, or 1 where something failed."""
    args = _parser().parse_args()
    try:
        status: int = args.run(args)
    except BriefError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was done stays done.", file=sys.stderr)
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m index", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="add Markdown or plain text files")
    add.add_argument("files", nargs="+", type=Path, metavar="FILE")
    add.add_argument("--title", default="", help="in place of the file's own")
    add.add_argument("--as-of", default="", help="the date of the facts: 2023, 2023-09, 2023-09-15")
    add.add_argument("--source", default="", help="who published it")
    add.set_defaults(run=_add)
    commands.add_parser("list", help="list the documents").set_defaults(run=_list)
    remove = commands.add_parser("remove", help="remove documents")
    remove.add_argument("ids", nargs="+", metavar="ID", help="an id, its beginning, or a file name")
    remove.set_defaults(run=_remove)
    commands.add_parser("rebuild", help="split and embed all documents anew").set_defaults(
        run=_rebuild
    )
    for command in commands.choices.values():
        add_library_arguments(command)
    return parser


def _add(args: argparse.Namespace) -> int:
    settings = library_settings(args)
    if args.title and len(args.files) > 1:
        raise BriefError("--title names one document. Add the files one at a time to name each.")
    failed = []
    with changing(settings.data, SentenceEmbedder(settings.embedder)) as library:
        for path in args.files:
            try:
                document = read_document(
                    path, title=args.title, as_of=args.as_of, source=args.source
                )
                with _bar(path.name) as bar:
                    outcome = library.add(document, str(path.resolve()), bar)
                count = library.store.count_passages(document.id)
                passages = "1 passage" if count == 1 else f"{count} passages"
                print(f"{outcome}: {path.name} – “{document.title}”, {passages}")
            except BriefError as error:
                failed.append(str(error))
    for message in failed:
        print(f"error: {message}", file=sys.stderr)
    return 1 if failed else 0


def _list(args: argparse.Namespace) -> int:
    settings = library_settings(args)
    with reading(settings.data, SentenceEmbedder(settings.embedder)) as library:
        documents = library.documents()
        for d in documents:
            count = library.store.count_passages(d.id)
            date = d.as_of or "no date"
            print(f"{d.id}  {date:10}  {count:6} passages  {d.title}  ({d.source})")
    if not documents:
        print("The library is empty. Add a file: python -m index add FILE")
    return 0


def _remove(args: argparse.Namespace) -> int:
    settings = library_settings(args)
    with changing(settings.data, SentenceEmbedder(settings.embedder)) as library:
        for wanted in args.ids:
            document_id, title = _find(library, wanted)
            library.remove(document_id)
            print(f"removed: “{title}”")
    return 0


def _find(library: DiskLibrary, wanted: str) -> tuple[str, str]:
    """Return the id and title of the one document meant. Raises `BriefError` where not one."""
    found = [
        d
        for d in library.documents()
        if d.id.startswith(wanted)
        or Path(library.store.path(d.id)) == Path(wanted).resolve()
        or Path(library.store.path(d.id)).name == wanted
    ]
    if len(found) != 1:
        how_many = "more than one document is" if found else "no document is"
        raise BriefError(f"{how_many} called {wanted}. See the ids with: python -m index list")
    return found[0].id, found[0].title


def _rebuild(args: argparse.Namespace) -> int:
    settings = library_settings(args)
    with changing(settings.data, SentenceEmbedder(settings.embedder), mend=False) as library:
        with _bar("rebuilding") as bar:
            library.rebuild(bar)
        print(f"rebuilt: {library.store.count_passages()} passages, with {settings.embedder}")
    return 0


class _bar(tqdm):  # type: ignore[type-arg]
    """A progress bar in passages, with rate and time left, that hides outside a terminal."""

    def __init__(self, title: str) -> None:
        super().__init__(desc=title, unit=" passages", disable=None, leave=False)

    def __call__(self, done: int, total: int) -> None:
        self.total = total
        self.update(done - self.n)


if __name__ == "__main__":
    sys.exit(main())
