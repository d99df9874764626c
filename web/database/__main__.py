"""The database from the command line: bring it up to date, look at it, copy it to another."""

import argparse
import sys
from pathlib import Path

from sqlalchemy import URL

from index.access import require_folder
from index.settings import data_folder
from index.types import BriefError
from web.database import add_database_argument, chosen_database, open_database
from web.database.address import parsed
from web.database.version import CURRENT, version_of


def main() -> int:
    """Run one command and return the exit status: 0, or 1 where something is wrong."""
    args = _parser().parse_args()
    try:
        return _copy(args) if args.command == "copy" else _run(args)
    except BriefError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m web.database", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    upgrade = commands.add_parser(
        "upgrade", help="make its tables those of this version, which app.py does by itself"
    )
    current = commands.add_parser("current", help="say which version its tables have")
    check = commands.add_parser("check", help="say in which way its tables are not as they should")
    for command in (upgrade, current, check):
        command.add_argument("--data", metavar="DIR", help="the data folder, as for app.py")
        add_database_argument(command)
    copy = commands.add_parser("copy", help="copy all of a database to an empty one")
    for name, help_ in (("from", "where it is"), ("to", "an empty database")):
        copy.add_argument(
            f"--{name}",
            dest=f"{name}_",
            metavar="URL",
            required=True,
            help=f"{help_}: postgresql://…, sqlite:///FILE, or @FILE that has the URL",
        )
    return parser


def _run(args: argparse.Namespace) -> int:
    folder = data_folder(args.data)
    where = chosen_database(args.database, folder)
    if args.command == "upgrade":
        require_folder(folder)
    elif isinstance(where, Path) and not where.exists():
        raise BriefError(f"There is no file {where} yet. It is made at the first start of app.py.")
    sessions = open_database(where, upgrade=args.command == "upgrade")
    with sessions.engine.connect() as connection:
        version = version_of(connection)
        if args.command != "check":
            print(f"{where}: version {version or 'none yet'}, of {CURRENT} here")
            return 0
        from web.database.everything import TABLES
        from web.database.migrating import differences

        found = differences(connection, TABLES)
    for difference in found:
        print(difference)
    if found:
        print(f"To bring it up to date: python -m web.database upgrade (it is {version or 'none'})")
    return 1 if found else 0


def _copy(args: argparse.Namespace) -> int:
    from web.database.copying import copy

    source, target = parsed(args.from_), parsed(args.to_)
    for name, count in copy(source, target):
        print(f"{count:8} {name}")
    print(f"copied: start app.py with --database {_url(target)}")
    return 0


def _url(where: Path | URL) -> str:
    """Return what `--database` takes, without a password."""
    return f"sqlite:///{where}" if isinstance(where, Path) else str(where)


if __name__ == "__main__":
    sys.exit(main())
