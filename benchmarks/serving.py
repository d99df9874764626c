"""The application in a process of its own, as a user starts it, to be measured from outside."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.machine import ROOT

_LIMIT_S = 600.0


class Served:
    """A running application: its address, its process, and when it had come how far."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str, began: float) -> None:
        """Take a process that was started at `began` on the clock of `time.perf_counter`."""
        self.process, self.url, self.began = process, url, began
        self.reached: dict[str, float] = {}

    def wait(self, *, for_model: bool = True) -> None:
        """Wait until the language model is ready, or only until questions are answered.

        Notes down the seconds to each step in `reached`.

        Raises:
            RuntimeError: it ended, its model failed, or it took more than ten minutes.
        """
        last = "model_ready_s" if for_model else "questions_answered_s"
        while last not in self.reached:
            if self.process.poll() is not None or self._since() > _LIMIT_S:
                raise RuntimeError(f"app.py did not come up: {self.reached}")
            if "page_s" not in self.reached:
                self._reach("page_s", self._get("/") is not None)
            elif health := self._get("/healthz"):
                self._reach("questions_answered_s", True)
                state = json.loads(health)["model"]["state"]
                if for_model and state == "failed":
                    raise RuntimeError(f"The language model failed: {health}")
                self._reach("model_ready_s", state == "ready")
            time.sleep(0.02)

    def _reach(self, step: str, reached: bool) -> None:
        if reached:
            self.reached.setdefault(step, round(self._since(), 2))

    def _since(self) -> float:
        return time.perf_counter() - self.began

    def _get(self, path: str) -> str | None:
        try:
            answer = httpx.get(self.url + path, timeout=10)
        except httpx.HTTPError:
            return None
        return answer.text if answer.status_code == 200 else None


def free_port() -> int:
    """Return a port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    data: Path,
    model: str,
    environment: Mapping[str, str] = os.environ,
    *,
    offline: bool = True,
    port: int = 0,
    options: Sequence[str] = (),
) -> Iterator[Served]:
    """Start `app.py` over a data folder and stop it at the end; nothing is fetched if `offline`.

    At any free port where none is given, with more `options` of its own.
    """
    port = port or free_port()
    command = [sys.executable, "app.py", "--no-browser", "--port", str(port)]
    command += ["--offline"] if offline else []
    command += ["--questions-per-minute", "100000"]  # visitors here share one address
    command += ["--data", str(data), "--model", model, *options]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=subprocess.DEVNULL)
    try:
        yield Served(process, f"http://127.0.0.1:{port}", began)
    finally:
        process.terminate()
        process.wait(30)
