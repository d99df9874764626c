"""Who calls the API: a program, or the page in a browser; never a page of another origin."""

from typing import Annotated

from fastapi import Depends, HTTPException, Request

from web.guard.origins import is_foreign
from web.visitors import known

PROGRAM = "programs"  # no browser's name: those have 32 characters
"""Who owns what programs keep that say nothing of whose they are: all that reach the address."""


def owner(request: Request) -> str:
    """Return whose briefs and answers these are: a user's, a browser's, or the programs'."""
    return known(request) or PROGRAM


def refuse_foreign(request: Request) -> None:
    """Refuse what a page of another origin sends, also where no guard stands before the API.

    Raises:
        HTTPException: 403.
    """
    if is_foreign(request):
        raise HTTPException(403, "A page of another origin asks this. Ask from a program instead.")


Owner = Annotated[str, Depends(owner)]
