"""Files and removed documents on their way into the library, and how far each has come."""

import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from index.changes import Changes, sharing_python
from index.library import DiskLibrary
from index.outcomes import outcome
from index.types import BriefError, Document

_KEPT = 1000  # jobs whose end can still be asked for, as many as files are dropped at once
_READ_AT_ONCE = 2

log = logging.getLogger(__name__)


class Item(NamedTuple):
    """One of `of` documents of a job, or why there is none, and the path under which it is kept.

    `name` is that of a file in an archive, "" for what is by itself.
    """

    document: Document | BriefError
    path: str
    name: str = ""
    of: int = 1


Work = Callable[[], Iterable[Item]]
"""Reads the documents one after the other. Raises `BriefError` where it cannot go on."""


@dataclass(frozen=True, slots=True)
class Member:
    """What became of one document: an outcome of `index.library.Added`, or "failed".

    `message` says it, or why it is not in; `document` is its id, `notices` what there is to know.
    """

    name: str
    outcome: str
    message: str
    document: str = ""
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """How far a job has come: `done` of `total` passages of its document `nth` of `of`, `name`.

    At the end `message` says in words what became of it all and `members` of each. It has failed
    where none of them is in; `document` is the id of the last that is.
    """

    id: str
    state: Literal["reading", "waiting", "indexing", "done", "failed"] = "reading"
    name: str = ""
    nth: int = 1
    of: int = 1
    done: int = 0
    total: int = 0
    message: str = ""
    document: str = ""
    members: tuple[Member, ...] = ()


class Jobs:
    """Reads documents in threads of their own and hands each to the library's one for changes."""

    def __init__(self) -> None:
        """Begin with none."""
        self._jobs: dict[str, Job] = {}
        self._reading = threading.Semaphore(_READ_AT_ONCE)

    def find(self, job_id: str) -> Job | None:
        """Return how far a job is, None where there is none of that id."""
        return self._jobs.get(job_id)

    def start(self, work: Work, changes: Changes, on_end: Callable[[bool], None]) -> str:
        """Return the id of a new job at once; `on_end` is told whether it has succeeded."""
        job = Job(uuid.uuid4().hex)
        self._jobs[job.id] = job
        for old in list(self._jobs)[:-_KEPT]:
            self._jobs.pop(old, None)
        run = threading.Thread(target=self._run, args=(job, work, changes, on_end), daemon=True)
        run.start()
        return job.id

    def _run(self, job: Job, work: Work, changes: Changes, on_end: Callable[[bool], None]) -> None:
        members: list[Member] = []
        with _told(members, ""):
            items = iter(work())
            while item := self._next(items):
                job = replace(job, name=item.name, nth=len(members) + 1, of=item.of)
                with _told(members, item.name):
                    if isinstance(item.document, BriefError):
                        raise item.document
                    self._jobs[job.id] = replace(job, state="waiting")
                    add = self._adding(job, item.document, item)
                    members.append(changes.put(add).result())
        ended = _ended(job, members)
        on_end(ended.state == "done")
        self._jobs[job.id] = ended

    def _next(self, items: Iterator[Item]) -> Item | None:
        # Before the library is taken: questions and others go on meanwhile.
        with self._reading, sharing_python():
            return next(items, None)

    def _adding(self, job: Job, document: Document, item: Item) -> Callable[[DiskLibrary], Member]:
        def progress(done: int, total: int) -> None:
            self._jobs[job.id] = replace(job, state="indexing", done=done, total=total)

        def add(library: DiskLibrary) -> Member:
            self._jobs[job.id] = replace(job, state="indexing")
            added = library.add(document, item.path, progress)
            stays = added.like if added.outcome in ("duplicate", "unchanged", "edited") else None
            kept = stays or document
            passages = library.store.count_passages(kept.id)
            first, *notices = outcome(added, document, passages, item.name)
            return Member(item.name, added.outcome, first, kept.id, tuple(notices))

        return add


@contextmanager
def _told(members: list[Member], name: str) -> Iterator[None]:
    """Make of what goes wrong a member that says so."""
    try:
        yield
    except BriefError as error:
        members.append(Member(name, "failed", str(error)))
    except Exception:
        # Told in the log alone: its words may quote what nobody should see.
        log.exception("A document could not be added")
        words = "Something went wrong here. See the log of app.py."
        members.append(Member(name, "failed", f"{name}: {words}" if name else words))


def _ended(job: Job, members: list[Member]) -> Job:
    kept = [m for m in members if m.outcome != "failed"]
    message = f"{len(kept)} of {len(members)} files in it are in the library"
    return replace(
        job,
        state="done" if kept else "failed",
        message=members[0].message if len(members) == 1 else message,
        document=kept[-1].document if kept else "",
        members=tuple(members),
    )
