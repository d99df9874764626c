"""How the page is guarded: from options. Login is needed as soon as it is meant for others."""

import argparse
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from index.types import BriefError
from web.database import DATABASE, Where, open_database
from web.guard.audit import AUDIT
from web.guard.origins import LOCAL
from web.users.store import Users

_ANY = ("0.0.0.0", "::")  # noqa: S104 - what is compared with, not bound to


@dataclass(frozen=True, slots=True)
class Guarding:
    """Who may come in and how much they may ask for.

    Without `hosts` any name is served; `addresses` says that any IP address is as well. Without
    `audit` nothing is written down. None for a limit means that there is none.
    """

    login: bool = False
    hosts: frozenset[str] | None = None
    addresses: bool = False
    audit: Path | None = None
    questions_per_minute: int | None = None
    megabytes_per_hour: int | None = None


def add_guard_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say who may come in."""
    parser.add_argument(
        "--login", action="store_true", help="ask for a name and a password on loopback as well"
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that the page is reached by, beside localhost; may be given again",
    )
    parser.add_argument(
        "--behind-proxy",
        nargs="?",
        const="127.0.0.1",
        metavar="ADDRESS",
        help="believe the X-Forwarded-For and -Proto of a proxy at that address (127.0.0.1)",
    )
    parser.add_argument(
        "--questions-per-minute", type=int, default=60, metavar="N", help="of each user (60)"
    )
    parser.add_argument(
        "--megabytes-per-hour", type=int, default=20_000, metavar="N", help="of each user (20000)"
    )


def guarding(args: argparse.Namespace, data: Path, database: Where | None = None) -> Guarding:
    """Return how the page is guarded, with what `args` has of `host` and these options.

    Login is needed with `--login`, off loopback, behind a proxy, and with `--allowed-host`: in
    all of these cases the page is not this machine's user's alone. Without `database` users are in
    the data folder.

    Raises:
        BriefError: login is needed and there is no user, or a limit is none.
    """
    for option in ("questions_per_minute", "megabytes_per_hour"):
        if getattr(args, option) < 1:
            raise BriefError(f"--{option.replace('_', '-')} is a number from 1 on.")
    outside = args.host not in LOCAL
    login = bool(args.login or outside or args.behind_proxy or args.allowed_host)
    if login and not Users(open_database(database or data / DATABASE)).all():
        raise BriefError(
            f"Nobody may sign in yet, and this page needs it. Add a user: python -m web.users add "
            f"NAME --role admin --data {data}"
        )
    own = {args.host} if outside and args.host not in _ANY else set()
    return Guarding(
        login=login,
        hosts=LOCAL | own | frozenset(args.allowed_host),
        addresses=outside,
        audit=data / AUDIT,
        questions_per_minute=args.questions_per_minute,
        megabytes_per_hour=args.megabytes_per_hour,
    )


def warnings(args: argparse.Namespace, data: Path) -> list[str]:
    """Return what others could read: the data folder, or what travels in clear."""
    found = []
    if data.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) and sys.platform != "win32":
        found.append(f"Other users of this machine may enter {data}. To end that: chmod 700 {data}")
    if args.host not in LOCAL and not args.behind_proxy:
        found.append(
            "Passwords and answers travel unencrypted. Put a proxy with TLS in front of this page "
            "and start it with --behind-proxy."
        )
    return found
