"""What goes wrong in the API, said as `application/problem+json` (RFC 9457)."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException

from index.types import BriefError
from web.engine import OPENING
from web.refusals import status_of

MEDIA_TYPE = "application/problem+json"
RETRY_S = 2
_RETRIED = (429, 503)
_UNREADABLE = "There was an error parsing the body"  # FastAPI's words (0.165)

log = logging.getLogger(__name__)


class Wrong(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Where it stands.", examples=["question"])
    message: str = Field(description="What is wrong.", examples=["Field required"])


class Problem(BaseModel):
    """What went wrong, and what to do about it."""

    type: str = Field("about:blank", description="The status says it all.")
    title: str = Field(description="The status in words.", examples=["Not Found"])
    status: int = Field(description="The HTTP status.", ge=400, le=599, examples=[404])
    detail: str = Field(
        description="What happened, with the remedy.",
        examples=["This document is not in the library any more."],
    )
    errors: list[Wrong] = Field(default=[], description="What is wrong with fields.")


class Missing(BriefError):
    """There is nothing of that id."""


def problem(status: int, detail: str, errors: Sequence[Wrong] = ()) -> Problem:
    """Return what is said of a failure."""
    title = HTTPStatus(status).phrase
    return Problem(
        type="about:blank", title=title, status=status, detail=detail, errors=list(errors)
    )


def problem_of(error: Exception) -> Problem:
    """Return what is said of an exception; of one that nobody expected not its words."""
    if isinstance(error, Missing):
        return problem(404, str(error))
    if isinstance(error, BriefError):
        return problem(status_of(error), str(error))
    if isinstance(error, StarletteHTTPException):
        if error.detail == _UNREADABLE:
            return problem(400, "The body cannot be read. Send JSON in UTF-8.")
        return problem(error.status_code, str(error.detail))
    log.exception("The API could not answer", exc_info=error)
    return problem(500, "Something went wrong here. Try again; see the log of app.py.")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route's description says of these statuses."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}}
        for status in statuses
    }


def say_problems(api: FastAPI) -> None:
    """Have the application say what goes wrong like this."""

    def say(request: Request, error: Exception) -> JSONResponse:
        return answer_problem(error)

    def say_invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for these alone
        wrong = [
            Wrong(field=".".join(map(str, e["loc"][1:] or e["loc"])), message=e["msg"])
            for e in error.errors()
        ]
        first = f"{wrong[0].field}: {wrong[0].message}." if wrong else "It cannot be read."
        return _answer(problem(422, f"{first} See /v1/docs for what is expected.", wrong))

    for kind in (BriefError, HTTPException, StarletteHTTPException, Exception):
        api.add_exception_handler(kind, say)
    api.add_exception_handler(RequestValidationError, say_invalid)


def answer_problem(error: Exception) -> JSONResponse:
    """Return an exception as an answer."""
    return _answer(problem_of(error), getattr(error, "headers", None))


def _answer(said: Problem, headers: Any = None) -> JSONResponse:
    more = dict(headers or {})
    if said.status in _RETRIED:
        more.setdefault("Retry-After", str(RETRY_S))
    return JSONResponse(said.model_dump(), said.status, more, media_type=MEDIA_TYPE)


def opening_problem() -> Problem:
    """Return what is said while the library is being opened."""
    return problem(503, OPENING)
