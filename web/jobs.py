"""Files and removed documents on their way into the library, and how far each has come."""

import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from index.changes import Changes
from index.library import Added, DiskLibrary
from index.types import BriefError, Document

_KEPT = 500  # jobs whose end can still be asked for
_READ_AT_ONCE = 2

Work = Callable[[], tuple[Document, str]]
"""Gives a document and the path under which it is kept. Raises `BriefError`."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """How far a document has come. `done` and `total` count passages.

    `message` says in words what became of it, or why it is not in. `document` is its id.
    """

    id: str
    state: Literal["reading", "waiting", "indexing", "done", "failed"] = "reading"
    done: int = 0
    total: int = 0
    message: str = ""
    document: str = ""
    notices: tuple[str, ...] = ()


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
        succeeded = False
        try:
            with self._reading:  # before the library is taken: questions and others go on meanwhile
                document, path = work()
            self._jobs[job.id] = replace(job, state="waiting")
            self._jobs[job.id] = changes.put(self._adding(job, document, path)).result()
            succeeded = True
        except BriefError as error:
            self._jobs[job.id] = replace(job, state="failed", message=str(error))
        except Exception:
            # Told in the log alone: its words may quote what nobody should see.
            log.exception("A document could not be added")
            words = "Something went wrong here. See the log of app.py."
            self._jobs[job.id] = replace(job, state="failed", message=words)
        finally:
            on_end(succeeded)

    def _adding(self, job: Job, document: Document, path: str) -> Callable[[DiskLibrary], Job]:
        def progress(done: int, total: int) -> None:
            self._jobs[job.id] = replace(job, state="indexing", done=done, total=total)

        def add(library: DiskLibrary) -> Job:
            self._jobs[job.id] = replace(job, state="indexing")
            added = library.add(document, path, progress)
            stays = added.like if added.outcome in ("duplicate", "unchanged", "edited") else None
            kept = stays or document
            passages = library.store.count_passages(kept.id)
            is_new = added.outcome in ("added", "replaced")
            return replace(
                job,
                state="done",
                done=passages,
                total=passages,
                message=outcome(added, passages),
                document=kept.id,
                notices=document.notices if is_new else (),
            )

        return add


def outcome(added: Added, passages: int) -> str:
    """Return in words what became of a document, as on the command line.

    >>> outcome(Added("added"), 2)
    'added, 2 passages'
    """
    if added.outcome == "duplicate" and added.like:
        return f"duplicate of “{added.like.title}”, which stays as it is"
    count = "1 passage" if passages == 1 else f"{passages} passages"
    said = f"{added.outcome}, {count}"
    if added.like and added.outcome in ("added", "replaced"):
        said += f"; nearly the same as “{added.like.title}” ({added.likeness:.0%})"
    return said.replace("%)", " %)")
