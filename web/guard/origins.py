"""Where a request comes from: the name that it was sent to, and the page that sent it.

A page of another site may lead here by a link, and do nothing else. A name that is not served is
refused, so that another site's name that is made to point here (DNS rebinding) reads nothing.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_FORWARDED = (b"x-forwarded-", b"x-real-", b"forwarded")


class Hosts:
    """The names that are served; `addresses` says whether any IP address is one as well."""

    def __init__(self, names: frozenset[str], *, addresses: bool) -> None:
        """Take them without ports."""
        self._names, self._addresses = frozenset(n.casefold() for n in names), addresses

    def serve(self, host: str) -> bool:
        """Return whether a Host header, with its port or without, names what is served.

        >>> Hosts(LOCAL, addresses=False).serve("localhost:7860")
        True
        """
        name = _name(host)
        # An address needs no DNS, which is what rebinding changes.
        return name in self._names or (self._addresses and _is_address(name))


def is_foreign(request: HTTPConnection) -> bool:
    """Return whether another site's page sent a request that is more than a link to a page."""
    headers, method = request.headers, request.scope.get("method", "GET")
    origin = headers.get("origin")
    if origin is not None and origin.casefold() != own_origin(request).casefold():
        return True
    # Programs send neither; browsers send one or both, with whatever changes something.
    if headers.get("sec-fetch-site") in (None, "same-origin", "none"):
        return False
    leads_here = (
        headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )
    return not (leads_here and method in ("GET", "HEAD"))


def own_origin(request: HTTPConnection) -> str:
    """Return the origin of what a request was sent to, as a browser names it."""
    scheme = "https" if request.scope["scheme"] in ("https", "wss") else "http"
    return f"{scheme}://{request.headers.get('host', '')}"


def without_forwarded(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return headers without those of proxies: uvicorn has taken from them what may be believed."""
    return [(name, value) for name, value in headers if not name.lower().startswith(_FORWARDED)]


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").casefold().rstrip(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
