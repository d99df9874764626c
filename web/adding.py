"""The route that takes a file from the browser into the library, an archive file by file."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from fastapi import APIRouter, Request

from index.types import BriefError
from web.documents import changeable
from web.engine import Opening
from web.jobs import Item, Jobs
from web.uploads import Places, file_name, most_bytes, own_folder, read, receive, too_large


class Adding:
    """Takes files in, however they are sent: at once as many as there are places for."""

    def __init__(self, opening: Opening, jobs: Jobs) -> None:
        """Take what gives the engine, and where documents are read and added."""
        self._opening, self._jobs, self._places = opening, jobs, Places()

    def name_of(self, name: str, folder: str = "") -> str:
        """Return under which name a file is kept. Raises `BriefError` where it has none."""
        if not (own_name := file_name(name, folder)):
            raise BriefError("The file has no name. Give it one and add it again.")
        return own_name

    async def take(self, own_name: str, body: AsyncIterator[bytes], size: int | None) -> str:
        """Receive a file and return the id of the job that adds what is in it.

        Args:
            own_name: as `name_of` gives it.
            body: what is in it.
            size: how many bytes that are, None where it is not known.

        Raises:
            BriefError: it is too large, or stops arriving.
            Full: as much is being added as may be at once.
            HTTPException: the library cannot be changed, or is being opened.
        """
        _, changes = changeable(self._opening)
        most = most_bytes(own_name)
        # Without a length it may be as long as any.
        size = most if size is None else size
        if size > most:
            raise too_large(own_name)
        self._places.take(size)
        kept_in = own_folder()

        def end(succeeded: bool) -> None:
            kept_in.cleanup()
            self._places.give_back(size)

        try:
            path = await receive(body, Path(kept_in.name), own_name)
        except BaseException:  # too large, or the browser is gone
            end(False)
            raise

        def work() -> Iterator[Item]:
            for member, document, of in read(path, own_name):
                place = f"upload/{own_name}!{member}" if member else f"upload/{own_name}"
                yield Item(document, place, member, of)

        return self._jobs.start(work, changes, end)


def add_adding(router: APIRouter, adding: Adding) -> None:
    """Give `router` the route. It answers with the id of a job as soon as the file has arrived."""

    @router.post("/documents", status_code=202)
    async def add(request: Request, name: str, folder: str = "") -> dict[str, str]:
        size = request.headers.get("content-length")
        own_name = adding.name_of(name, folder)
        return {"job": await adding.take(own_name, request.stream(), int(size) if size else None)}
