"""The processes of the application as a supervisor runs them: started in order, watched, started
again when they end. Knows nothing of what they do; a list of others can be given (`read_programs`).
"""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from benchmarks.machine import ROOT, memory_mb

_RESTART_S = 0.1  # what systemd waits before it starts a service again, if it is not told otherwise
_LOOK_S = 0.02
_LIMIT_S = 600.0  # until a process is up


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: a command, and the address at which it is seen that it is up.

    `ready` is an address that answers 200 (`http://…`) or takes connections (`tcp://HOST:PORT`).
    """

    name: str
    command: tuple[str, ...]
    ready: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its children hold: resident megabytes, threads, open files."""

    memory_mb: float
    threads: int
    handles: int


def read_programs(path: Path) -> tuple[str, list[Program]]:
    """Return the address that clients use, and the programs, in the order of their start.

    The file has `{"url": …, "programs": [{"name": …, "command": […], "ready": …}, …]}`.
    """
    told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    programs = [Program(p["name"], tuple(p["command"]), p["ready"]) for p in told["programs"]]
    return str(told["url"]).rstrip("/"), programs


class Supervisor:
    """Runs programs until it is left. A context manager: their output goes to files in `logs`."""

    def __init__(
        self, programs: Sequence[Program], logs: Path, environment: Mapping[str, str] = os.environ
    ) -> None:
        """Take what to run, where its output goes, and with which environment."""
        self.programs = {program.name: program for program in programs}
        self._logs, self._environment = logs, dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ending = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self.ended: list[tuple[str, int]] = []  # by itself, with its status: each is a fault
        self._killed: set[int] = set()

    def __enter__(self) -> "Supervisor":
        """Start all, each once those before it are up."""
        try:
            for name in self.programs:
                self._start(name)
                self.wait(name)
        except BaseException:
            self._end()
            raise
        self._watching.start()
        return self

    def __exit__(self, *error: object) -> None:
        """End all, the last first."""
        self._end()

    def wait(self, name: str) -> None:
        """Wait until a program is up.

        Raises:
            RuntimeError: it took more than ten minutes.
        """
        deadline = time.monotonic() + _LIMIT_S
        while not is_up(self.programs[name].ready):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not come up: see {self._logs}")
            time.sleep(_LOOK_S)

    def kill(self, name: str) -> None:
        """End a program as power or the kernel would (SIGKILL); it is started again."""
        process = self._running[name]
        self._killed.add(process.pid)
        process.kill()

    def usage(self) -> dict[str, Usage]:
        """Return what each program holds at this moment, its children included (Linux only)."""
        return {name: _usage(process.pid) for name, process in self._running.items()}

    def children(self) -> dict[str, int]:
        """Return how many child processes each program has."""
        return {name: len(_family(p.pid)) - 1 for name, p in self._running.items()}

    def tracebacks(self) -> list[str]:
        """Return the last line of each traceback that a program has written."""
        found = []
        for name in self.programs:
            lines = self._log(name).read_text("utf-8", errors="replace").splitlines()
            inside = False
            for line in lines:
                if line.startswith("Traceback"):
                    inside = True
                elif inside and line and not line[0].isspace():
                    found.append(f"{name}: {line}")
                    inside = False
        return found

    def _start(self, name: str) -> None:
        with self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                self.programs[name].command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a group of its own, to be ended as a whole
            )

    def _watch(self) -> None:
        while not self._ending.wait(_LOOK_S):
            for name, process in list(self._running.items()):
                if (status := process.poll()) is None:
                    continue
                if process.pid not in self._killed:
                    self.ended.append((name, status))
                _end_group(process.pid)  # as systemd does: nothing of it may hold its port
                if not self._ending.wait(_RESTART_S):
                    self._start(name)

    def _end(self) -> None:
        self._ending.set()
        if self._watching.is_alive():
            self._watching.join()
        for process in reversed(self._running.values()):
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _end_group(process.pid)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"


def is_up(ready: str) -> bool:
    """Return whether an address answers 200, or takes a connection if it is one of `tcp://`."""
    place = urlsplit(ready)
    try:
        if place.scheme == "tcp":
            socket.create_connection((place.hostname or "", place.port or 0), 5).close()
            return True
        return httpx.get(ready, timeout=10).status_code == 200
    except (OSError, httpx.HTTPError):
        return False


def _end_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _usage(pid: int) -> Usage:
    family = _family(pid)
    threads = handles = 0
    for one in family:
        with suppress(OSError):  # it has just ended
            threads += len(os.listdir(f"/proc/{one}/task"))  # noqa: PTH208 - of the kernel
            handles += len(os.listdir(f"/proc/{one}/fd"))  # noqa: PTH208
    return Usage(round(sum(memory_mb(one) for one in family), 1), threads, handles)


def _family(pid: int) -> list[int]:
    """Return a process and its children, and theirs."""
    found = [pid]
    for one in found:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found
