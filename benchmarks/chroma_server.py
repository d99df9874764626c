"""A real Chroma server for tests and measurements."""

import os
import subprocess
import time
from pathlib import Path

import httpx

from benchmarks.serving import free_port


class Chroma:
    """A `chroma run` over a folder, which can be killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        """Take the folder that it keeps its data in; it has a free port of its own."""
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it. Raises `RuntimeError` where it does not answer within 30 seconds."""
        command = ["chroma", "run", "--path", str(self.folder), "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--host", "127.0.0.1"],
            env={**os.environ, "RAYON_NUM_THREADS": "1"},  # as docs/serving.md says
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.url}/api/v2/heartbeat").is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise RuntimeError("chroma run did not come up")

    def kill(self) -> None:
        """End it at once, as a loss of power would."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
