"""The route that takes a file from the browser into the library, an archive file by file."""

from collections.abc import Iterator
from pathlib import Path

from fastapi import APIRouter, Request

from index.types import BriefError
from web.documents import changeable
from web.engine import Opening
from web.jobs import Item, Jobs
from web.uploads import Places, file_name, most_bytes, own_folder, read, receive, too_large


def add_adding(router: APIRouter, opening: Opening, jobs: Jobs) -> None:
    """Give `router` the route. It answers with the id of a job as soon as the file has arrived."""
    places = Places()

    @router.post("/documents", status_code=202)
    async def add(request: Request, name: str, folder: str = "") -> dict[str, str]:
        _, changes = changeable(opening)
        if not (own_name := file_name(name, folder)):
            raise BriefError("The file has no name. Give it one and add it again.")
        most = most_bytes(own_name)
        # Without a length it may be as long as any.
        size = int(request.headers.get("content-length") or most)
        if size > most:
            raise too_large(own_name)
        places.take(size)
        kept_in = own_folder()

        def end(succeeded: bool) -> None:
            kept_in.cleanup()
            places.give_back(size)

        try:
            path = await receive(request.stream(), Path(kept_in.name), own_name)
        except BaseException:  # too large, or the browser is gone
            end(False)
            raise

        def work() -> Iterator[Item]:
            for member, document, of in read(path, own_name):
                place = f"upload/{own_name}!{member}" if member else f"upload/{own_name}"
                yield Item(document, place, member, of)

        return {"job": jobs.start(work, changes, end)}
