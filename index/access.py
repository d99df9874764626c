"""Who may open a library when: many readers, or one process that changes it.

Two processes on one embedded Chroma, one of them writing, corrupt each other's reads (Chroma
1.5.9), so a change needs the folder alone. With the vectors on a server readers are in nobody's
way, and changes of several processes take turns. The operating system frees a killed holder.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from weakref import WeakKeyDictionary

from filelock import ReadWriteLock, Timeout

from index.dense import OnProgress
from index.library import DiskLibrary
from index.passages import MAX_CHARS
from index.reading import read_document
from index.store import Store
from index.types import BriefError, Embedder
from index.vectors.address import ChromaServer

_LOCK = "library.lock"
_WAIT_S = 5.0
_LOCKS = WeakKeyDictionary[DiskLibrary, ReadWriteLock]()  # of those that are open for reading
# Another process's first start may be indexing; that takes seconds, or minutes after a crash.
_FIRST_START_WAIT_S = 600.0
_TURN_S = 600.0  # that a change waits for those of others, where the vectors are on a server
_SAID_AFTER_S = 1.0


class InUse(BriefError):
    """Another process has the library open."""


@contextmanager
def reading(
    folder: Path,
    embedder: Embedder,
    *,
    passage_chars: int = MAX_CHARS,
    server: ChromaServer | None = None,
    bundled: Sequence[Path] = (),
    mend: bool = True,
    on_notice: Callable[[str], None] = lambda text: None,
    on_progress: OnProgress | None = None,
) -> Iterator[DiskLibrary]:
    """Open a library for search, whole and not empty: mended and given `bundled` where needed.

    Its vectors are in the folder, or on a `server`. Without `mend` it is opened as it is.

    Raises:
        BriefError: the folder or the server cannot be used, or is being changed for longer than 10
            minutes.
    """
    lock = _lock(folder)

    def opened() -> DiskLibrary:
        return DiskLibrary(folder, embedder, passage_chars, server=server)

    def held() -> AbstractContextManager[None]:
        return nullcontext() if server else _held(lock.read_lock, folder, _FIRST_START_WAIT_S)

    needs_change = False
    if mend:
        with held():
            library = opened()
            try:
                needs_change = not library.documents() or not library.is_whole()
            finally:
                library.close()
    if needs_change:
        with changing(
            folder,
            embedder,
            passage_chars=passage_chars,
            server=server,
            wait_s=_FIRST_START_WAIT_S,
            on_notice=on_notice,
            on_progress=on_progress,
        ) as own:
            if not own.documents():
                for path in bundled:
                    on_notice(f"Indexing {path.name}, once.")
                    own.add(read_document(path), str(path.resolve()), on_progress)
    with held():
        library = opened()
        _LOCKS[library] = lock
        try:
            yield library
        finally:
            library.close()


def embedder_of(folder: Path) -> str:
    """Return the name of the embedder that a library was indexed with, "" if it never was.

    Raises:
        BriefError: the folder cannot be used.
    """
    require_folder(folder)
    if not (path := folder / "library.sqlite3").exists():
        return ""
    store = Store(path)
    try:
        return store.meta("embedder")
    finally:
        store.close()


@contextmanager
def alone(library: DiskLibrary) -> Iterator[None]:
    """Take the right to change a library that is open for reading.

    Only in the thread that opened it; its other threads go on searching meanwhile.

    Raises:
        BriefError: another process has it open, or the disk is full. It stays open for reading.
    """
    lock = _LOCKS[library]
    shared = library.is_shared
    if not shared:
        lock.release()
    try:
        with _held(lock.write_lock, library.folder, _TURN_S if shared else _WAIT_S, shared=shared):
            library.refresh()
            try:
                if shared and not library.is_whole():  # another process was killed, or the server
                    library.mend()
                yield
                library.settle()
            except (OSError, sqlite3.Error) as error:
                raise _unusable(library.folder, error) from error
    finally:
        if not shared:
            lock.acquire_read(_FIRST_START_WAIT_S)


@contextmanager
def changing(
    folder: Path,
    embedder: Embedder,
    *,
    passage_chars: int = MAX_CHARS,
    server: ChromaServer | None = None,
    wait_s: float | None = None,
    mend: bool = True,
    on_notice: Callable[[str], None] = lambda text: None,
    on_progress: OnProgress | None = None,
) -> Iterator[DiskLibrary]:
    """Open a library to change it, with nobody else in it, or with a `server` nobody else who does.

    Raises:
        BriefError: another process has it for longer than `wait_s`: 5 s, with a server 10 minutes.
    """
    wait_s = wait_s or (_TURN_S if server else _WAIT_S)
    with _held(_lock(folder).write_lock, folder, wait_s, shared=bool(server), on_notice=on_notice):
        library = DiskLibrary(folder, embedder, passage_chars, server=server)
        try:
            if mend and not library.is_whole():
                if library.documents():
                    on_notice("The search index is not whole. It is made so from what is stored.")
                library.mend(on_progress)
            yield library
            library.settle()
        except (OSError, sqlite3.Error) as error:
            raise _unusable(folder, error) from error
        finally:
            library.close()


def require_folder(folder: Path) -> None:
    """Make the data folder. Raises `BriefError` where it cannot be made or written to."""
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)  # nobody else on this machine reads it
        (folder / _LOCK).touch()
    except OSError as error:
        raise _unusable(folder, error) from error


def _lock(folder: Path) -> ReadWriteLock:
    require_folder(folder)
    return ReadWriteLock(folder / _LOCK, is_singleton=False)


@contextmanager
def _held(
    acquire: Callable[..., AbstractContextManager[None]],
    folder: Path,
    wait_s: float,
    *,
    shared: bool = False,
    on_notice: Callable[[str], None] = lambda text: None,
) -> Iterator[None]:
    held = acquire(timeout=min(wait_s, _SAID_AFTER_S))
    try:
        held.__enter__()
    except Timeout:
        on_notice("Another process has the library. This waits until that is done.")
        held = acquire(timeout=wait_s)
        try:
            held.__enter__()
        except Timeout:
            raise InUse(_in_use(folder, shared)) from None
    try:
        yield
    finally:
        held.__exit__(None, None, None)


def _in_use(folder: Path, shared: bool) -> str:
    if shared:
        return f"Another process has been changing the library in {folder} all the time. Try again."
    return (
        f"The library in {folder} is in use by another process, such as a running app.py. "
        "Stop that first and try again, or use another data folder: --data DIR."
    )


def _unusable(folder: Path, error: OSError | sqlite3.Error) -> BriefError:
    return BriefError(
        f"The data folder {folder} cannot be used ({error}). Make room or give "
        "yourself write permission there, or choose another folder: --data DIR or SAHEL_BRIEF_DATA."
    )
