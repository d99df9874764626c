"""`POST /v1/search`: passages for a query, without a language model."""

from typing import Any

from fastapi import APIRouter

from qa.engine import restricted
from qa.output import found_json
from qa.schema import Found
from web.api import shapes
from web.api.problems import responses
from web.documents import opened
from web.engine import Opening


def searching_routes(opening: Opening) -> APIRouter:
    """Return the route. `opening` gives the engine, None while the library is being opened."""
    router = APIRouter(tags=["documents"])

    @router.post(
        "/search",
        summary="Find passages",
        description="By words and by meaning, best first. No language model is asked.",
        response_model=Found,
        responses=responses(400, 403, 422, 500, 503),
    )
    def search(sent: shapes.Search) -> dict[str, Any]:
        library = restricted(opened(opening).library, sent.documents, sent.since)
        return found_json(library, sent.query, sent.limit)

    return router
