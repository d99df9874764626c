"""The cookie of somebody who is signed in: a secret that no script of the page can read.

SameSite is Lax, not Strict: with that, whoever follows a link to a shared conversation from a
message would have to sign in again. What changes something is asked from the page itself alone
(`web/guard/origins.py`), whatever cookies come with it.
"""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from web.users.store import LONGEST_S

_NAME = "sahel_brief_session"


def session_in(request: HTTPConnection) -> str:
    """Return the secret that a request has, "" without one."""
    return request.cookies.get(_name(request), "")


def set_session(request: HTTPConnection, response: Response, secret: str) -> None:
    """Give a browser its secret, in place of any that it had."""
    response.set_cookie(
        _name(request),
        secret,
        max_age=int(LONGEST_S),
        secure=_is_https(request),
        httponly=True,
        samesite="lax",
    )


def end_session(request: HTTPConnection, response: Response) -> None:
    """Have a browser forget its secret."""
    response.delete_cookie(_name(request), secure=_is_https(request), httponly=True, samesite="lax")


def _name(request: HTTPConnection) -> str:
    # A browser takes this name from nobody but this host, over https, for all of its paths.
    return f"__Host-{_NAME}" if _is_https(request) else _NAME


def _is_https(request: HTTPConnection) -> bool:
    return bool(request.scope["scheme"] == "https")
