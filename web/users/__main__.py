"""Users from the command line: add, list, remove, password, token, revoke."""

import argparse
import getpass
import sys
from pathlib import Path

from index.access import require_folder
from index.settings import data_folder
from index.types import BriefError
from web.database import add_database_argument, chosen_database, open_database
from web.guard.audit import AUDIT, Audit
from web.users.store import Users

_CHANGES = ("add", "remove", "password", "token", "revoke")


def main() -> int:
    """Run one command and return the exit status: 0, or 1 where something failed."""
    args = _parser().parse_args()
    try:
        folder = data_folder(args.data)
        require_folder(folder)
        _run(args, folder)
        if args.command in _CHANGES:
            # Who has the folder may do all of this: the name of their account is all there is.
            about = {"name": args.name, "role": getattr(args, "role", None)}
            Audit(folder / AUDIT).write(f"user {args.command}", f"account {_account()}", **about)
    except BriefError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m web.users", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    add = commands.add_parser("add", help="add a user; the password is asked for, or read (stdin)")
    remove = commands.add_parser("remove", help="remove a user, who is signed out everywhere")
    remove.add_argument(
        "--forget", action="store_true", help="and delete their conversations and their brief"
    )
    password = commands.add_parser("password", help="change a password and end its sessions")
    token = commands.add_parser("token", help="print a new token for programs, once")
    revoke = commands.add_parser("revoke", help="end all tokens of a user")
    listing = commands.add_parser("list", help="list the users with their roles and tokens")
    for command in (add, remove, password, token, revoke):
        command.add_argument("name", metavar="NAME")
    add.add_argument(
        "--role",
        choices=("read", "add", "admin"),
        required=True,
        help="read: ask and search; add: change the library too; admin: see audit and metrics too",
    )
    for command in (add, remove, password, token, revoke, listing):
        command.add_argument("--data", metavar="DIR", help="the data folder, as for app.py")
        add_database_argument(command)
    return parser


def _run(args: argparse.Namespace, folder: Path) -> None:
    sessions = open_database(chosen_database(args.database, folder))
    users = Users(sessions)
    if args.command == "list":
        found = users.all()
        for user, tokens in found:
            print(f"{user.name}  {user.role}  {_tokens(tokens)}")
        if not found:
            print("There are no users. Add one: python -m web.users add NAME --role admin")
    elif args.command == "add":
        users.add(args.name, args.role, _password())
        print(f"added: {args.name}, who may {args.role}")
    elif args.command == "password":
        users.set_password(args.name, _password())
        print(f"changed: {args.name} signs in again everywhere; tokens stay (revoke ends them)")
    elif args.command == "remove":
        removed = users.remove(args.name)
        if args.forget:
            from web.users.forgetting import forget

            forget(sessions, removed.id)
            print(f"removed: {args.name}, with conversations and brief")
        else:
            print(f"removed: {args.name}; what they kept stays, out of everybody's reach")
    elif args.command == "token":
        print(users.new_token(args.name))
    else:
        print(f"revoked: {_tokens(users.revoke(args.name))} of {args.name}")


def _tokens(count: int) -> str:
    return "1 token" if count == 1 else f"{count} tokens"


def _password() -> str:
    """Return a password from the terminal, asked twice, or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise BriefError("These are two different passwords. Try again.")
    return first


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return "unknown"


if __name__ == "__main__":
    sys.exit(main())
