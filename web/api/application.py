"""The API put together: an application of its own below `/v1`, with a description of it."""

from importlib.resources import files
from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

from web.adding import Adding
from web.api.asking import asking_routes
from web.api.briefs import brief_routes
from web.api.callers import refuse_foreign
from web.api.documents import document_routes
from web.api.following import Following
from web.api.problems import Problem, Wrong, say_problems
from web.api.searching import searching_routes
from web.api.shapes import Draft, Evidence, schemas
from web.brief.store import Briefs
from web.conversations import Conversations
from web.engine import Opening
from web.jobs import Jobs
from web.removed import Bin

_HERE = Path(__file__).parent
_ABOUT = """
Questions about security reports, answered with citations that are checked.

`start` and `end` count characters (code points) of a document's text, so that `text[start:end]` is
what is quoted. What goes wrong is said as `application/problem+json`; while the library is being
opened, and where too much is asked at once, with `Retry-After`.
"""


def api(
    opening: Opening,
    *,
    conversations: Conversations,
    briefs: Briefs,
    following: Following,
    jobs: Jobs,
    adding: Adding,
    bin_: Bin,
) -> FastAPI:
    """Return the application to be mounted at `/v1`.

    Args:
        opening: gives the engine, None while the library is still being opened.
        conversations: where answers are kept.
        briefs: where briefs are kept.
        following: what counts questions.
        jobs: where what takes long is done.
        adding: what takes files in.
        bin_: where removed documents are kept for a while.
    """
    own = FastAPI(
        title="Sahel Brief",
        version="1",
        description=_ABOUT,
        docs_url=None,  # its default loads from elsewhere
        redoc_url=None,
        separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,  # which generated clients show
        dependencies=[Depends(refuse_foreign)],
    )
    own.include_router(asking_routes(opening, following))
    own.include_router(searching_routes(opening))
    own.include_router(document_routes(opening, jobs, adding, bin_))
    own.include_router(brief_routes(briefs, conversations))
    say_problems(own)
    _describe(own)

    @own.get("/docs", include_in_schema=False)
    def docs() -> FileResponse:
        return FileResponse(_HERE / "docs.html", media_type="text/html")

    @own.get("/docs/start.js", include_in_schema=False)
    def start() -> FileResponse:
        return FileResponse(_HERE / "start.js", media_type="text/javascript")

    # Swagger UI itself: what FastAPI would have the browser load from elsewhere.
    own.mount("/docs/files", StaticFiles(directory=str(files("fastapi_offline") / "static")))
    return own


def _describe(own: FastAPI) -> None:
    """Put into the description what no route names by itself."""
    described = own.openapi

    def with_more() -> dict[str, object]:
        schema = described()
        schema["components"]["schemas"] |= schemas(Problem, Wrong, Evidence, Draft)
        return schema

    own.openapi = with_more  # type: ignore[method-assign]
