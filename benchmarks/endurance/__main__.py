"""Use the application for a long time as many do, kill it, and say what grows and what is lost.

    python -m benchmarks.endurance [--minutes 20] [--clients 16] [--kill 5] [--json FILE]

Starts app.py over a data folder of its own and has clients ask, converse, search, add and remove
documents, edit and export briefs, load the page and leave in the middle of answers, all drawn by a
seed. Each minute it notes what the process holds and how long things take. With `--kill N` each
process is then killed (SIGKILL) N times under load and started again, as a supervisor does.
Whatever was acknowledged must be there afterwards, once. Linux only; the weights must be there,
unless `--quotations` leaves the language model out. Exit status 1 where anything failed, was lost,
or grows.
"""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.endurance.client import Client, Login
from benchmarks.endurance.kills import Kill, failures, kill_under_load
from benchmarks.endurance.load import Load
from benchmarks.endurance.processes import Program, Supervisor, read_programs
from benchmarks.endurance.report import Row, as_rows, by_minute, slopes, table, times
from benchmarks.machine import ROOT, disk_mb, machine
from web.database import DATABASE, open_database
from web.users.store import Users

_PASSWORD = "a password of this benchmark alone"  # noqa: S105 - its users live as long as it does
_MODEL_S = 300.0


def main() -> int:
    """Run it, print the tables, write the figures where asked to; return the exit status."""
    args = arguments().parse_args()
    with tempfile.TemporaryDirectory(prefix="sahel-endurance-") as folder:
        about = machine() | measure(args, Path(folder))
    print(table(about))
    if args.json:
        args.json.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", "utf-8")
    wrong = any(about[what] for what in ("failures", "lost", "tracebacks", "ended", "problems"))
    return int(wrong or any(s["verdict"] == "grows" for s in about["slopes"]))


def measure(args: argparse.Namespace, folder: Path) -> Row:
    """Run everything in a folder and return the figures, times by the names of their units."""
    data = folder / "data"
    data.mkdir(mode=0o700)
    if args.programs:
        url, programs = read_programs(args.programs)
    else:
        url, programs = application(data, args)
    logins = users(data, args.clients + 1) if args.login else []
    nothing = {"SAHEL_BRIEF_CACHE": str(folder / "none")} if args.quotations else {}
    with Supervisor(programs, folder, {**os.environ, **nothing}) as supervisor:
        questions = [
            line["question"]
            for line in map(json.loads, args.questions.read_text("utf-8").splitlines())
            if not line.get("history")
        ]
        clients = [
            Client(
                url, f"c{n}", questions,
                random.Random(f"{args.seed} {n}"),  # noqa: S311 - the same each time
                logins[n] if logins else None,
            )
            for n in range(args.clients)
        ]  # fmt: skip
        asker = Client(url, "asker", questions, random.Random(0), logins[-1] if logins else None)  # noqa: S311
        if not args.quotations:
            asker.until_worded(_MODEL_S)
        found = _used(args, supervisor, clients, asker)
        found["children"] = supervisor.children()
        found["data_mb"] = disk_mb(data)
        for client in (*clients, asker):
            client.close()
    found["tracebacks"] = supervisor.tracebacks()
    found["ended"] = [f"{name} ended by itself, status {n}" for name, n in supervisor.ended]
    found["problems"] = [] if args.programs else doctor(data)
    return found


def _used(
    args: argparse.Namespace, supervisor: Supervisor, clients: Sequence[Client], asker: Client
) -> Row:
    def look() -> list[str]:
        titles = asker.titles()
        return [what for client in clients for what in client.lost(titles)]

    began, step_s = time.monotonic(), args.every
    kills: list[Kill] = []
    with Load(clients, supervisor, pause_s=args.pause, sample_s=step_s / 12) as load:
        time.sleep(60 * args.minutes)
        samples, undisturbed = list(load.samples), list(load.done)
        lost = load.paused(look)
        for _ in range(args.kill):
            for name in supervisor.programs:
                time.sleep(args.between)
                kill = kill_under_load(
                    name, supervisor, load, asker.browser, look, worded=not args.quotations
                )
                kills.append(kill)
                print(f"killed {name}: answered after {kill.answer_s} s", file=sys.stderr)
        if kills:
            time.sleep(args.between)
            lost += [*load.paused(look), *(what for kill in kills for what in kill.lost)]
    rows = by_minute(samples, undisturbed, began, step_s)
    acknowledged = [client.acknowledged() for client in clients]
    return {
        "clients": args.clients,
        "seed": args.seed,
        "model": "none: quotations" if args.quotations else args.model,
        "login": args.login,
        "kinds": {kind: times(undisturbed, kind) for kind in sorted({d.kind for d in undisturbed})},
        "minutes": rows,
        "slopes": as_rows(slopes(rows)),
        "kills": as_rows(kills),
        "acknowledged": {k: sum(a[k] for a in acknowledged) for k in acknowledged[0]},
        "lost": lost,
        "failures": [
            f"{d.kind} after {d.seconds:.1f} s: {d.wrong}" for d in failures(load.done, kills)
        ],
    }


def application(data: Path, args: argparse.Namespace) -> tuple[str, list[Program]]:
    """Return where the application will be, and how it is started: one process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "app.py", "--no-browser", "--offline", "--port", str(port)]
    command += ["--data", str(data), "--model", args.model]
    command += ["--questions-per-minute", "100000"]  # clients here share one address
    command += ["--login"] if args.login else []
    return url, [Program("app", tuple(command), f"{url}/healthz")]


def users(data: Path, count: int) -> list[Login]:
    """Add users who may change the library, and return how they sign in."""
    kept = Users(open_database(data / DATABASE))
    for n in range(count):
        kept.add(f"c{n}", "add", _PASSWORD)
    return [Login(f"c{n}", _PASSWORD) for n in range(count)]


def doctor(data: Path) -> list[str]:
    """Return what is wrong with a library that nobody uses any more."""
    command = [sys.executable, "-m", "index", "doctor", "--json", "--data", str(data)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        return [str(problem) for problem in json.loads(done.stdout)["problems"]]
    except (ValueError, KeyError):
        return [f"doctor failed: {done.stderr.strip()[-300:]}"]


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.endurance", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=20.0, help="before anything is killed")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--pause", type=float, default=2.0, help="of a client, in mean seconds")
    parser.add_argument("--every", type=float, default=60.0, help="a row of the table, in seconds")
    parser.add_argument("--kill", type=int, default=0, metavar="N", help="kills of each process")
    parser.add_argument("--between", type=float, default=20.0, help="seconds of load before a kill")
    parser.add_argument("--model", default="1.5b", help="as for app.py")
    parser.add_argument("--quotations", action="store_true", help="leave the language model out")
    parser.add_argument("--login", action="store_true", help="clients are users who sign in")
    parser.add_argument("--questions", type=Path, default=ROOT / "tests/report-questions.jsonl")
    parser.add_argument(
        "--programs", type=Path, metavar="FILE",
        help="other processes than app.py alone: see benchmarks/endurance/processes.py",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
