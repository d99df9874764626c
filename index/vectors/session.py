"""The connection to a Chroma server: how long it is waited for, and what goes wrong in words."""

import ssl

import httpx

from index.vectors.address import ChromaServer

# A search must not keep a question waiting: there are words to search by. What moves many vectors
# may take longer.
_SEARCH_S, _MOVE_S, _CONNECT_S = 5.0, 60.0, 3.0
_MOVES = ("/upsert", "/add", "/get", "/delete")
_STATUS = {
    401: "wants another token. Set SAHEL_BRIEF_CHROMA_TOKEN to the one that it knows.",
    403: "does not let this token in there. Set SAHEL_BRIEF_CHROMA_TOKEN to one that may, or name "
    "another tenant and database: --chroma URL?tenant=NAME&database=NAME",
    502: "is not there behind what stands in front of it. See whether it runs: chroma run.",
    404: "has nothing at that address that speaks Chroma's API, version 2. See to the address "
    "(--chroma), and run Chroma of version 1 there: chroma run.",
}


class Answered(httpx.HTTPError):
    """It answered with a status that means failure, and not in Chroma's own words."""

    def __init__(self, status: int) -> None:
        """Take the status."""
        super().__init__(f"HTTP {status}")
        self.status = status


class _Session(httpx.Client):
    def send(self, request: httpx.Request, **how: object) -> httpx.Response:
        limit_s = _MOVE_S if request.url.path.endswith(_MOVES) else _SEARCH_S
        request.extensions["timeout"] = httpx.Timeout(limit_s, connect=_CONNECT_S).as_dict()
        return super().send(request, **how)  # type: ignore[arg-type]


def session(server: ChromaServer) -> httpx.Client:
    """Return a connection that nothing in the environment leads elsewhere."""
    headers = {"Content-Type": "application/json"}
    if server.token:
        headers["Authorization"] = f"Bearer {server.token}"
    trusted = ssl.create_default_context(cafile=server.ca) if server.url[:5] == "https" else False
    return _Session(
        headers=headers,
        verify=trusted,
        trust_env=False,
        event_hooks={"response": [_look]},
    )


def in_words(error: httpx.HTTPError, server: ChromaServer) -> str:
    """Return what is wrong and what helps."""
    at = f"The Chroma server at {server.url}"
    if isinstance(error, Answered):
        return f"{at} {_STATUS.get(error.status, f'failed with HTTP {error.status}. See its log.')}"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return (
            f"{at} has a certificate that is not trusted ({error}). Name the file of the "
            "certificate that it comes from: SAHEL_BRIEF_CHROMA_CA."
        )
    if isinstance(error, httpx.TimeoutException):
        return f"{at} does not answer in time. See whether it is overloaded, and try again."
    return (
        f"{at} cannot be reached ({error}). See whether it runs and whether the address is right "
        "(--chroma); without --chroma the vectors are kept in the data folder."
    )


def _look(response: httpx.Response) -> None:
    """Raise `Answered` for a failure, but for those that Chroma itself puts into words."""
    if response.is_success:
        return
    response.read()
    try:
        in_chroma_words = isinstance(response.json().get("error"), str)
    except (ValueError, AttributeError):
        in_chroma_words = False
    status = response.status_code
    if status in (401, 403) or status > 500 or not in_chroma_words:
        raise Answered(404 if status == 501 else status)  # which older versions say of today's API
