"""Where a Chroma server is and how it is spoken to, from a URL and what must not be in one."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from index.types import BriefError

_TENANT, _DATABASE = "default_tenant", "default_database"  # Chroma's own names
_PORTS = {"http": 80, "https": 443}
_FORM = (
    "Give it as http://HOST:PORT or https://HOST:PORT, with ?tenant=NAME&database=NAME where these "
    "are not Chroma's own: --chroma or SAHEL_BRIEF_CHROMA."
)


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """A server. `url` is without the names; `token` is sent as Authorization: Bearer, "" for none.

    `ca` is a file of the certificates that its own must come from, None for the system's.
    """

    url: str
    tenant: str = _TENANT
    database: str = _DATABASE
    token: str = field(default="", repr=False)
    ca: Path | None = None

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine."""
        return _is_loopback(urlsplit(self.url).hostname or "")


def chroma_server(url: str, *, token: str = "", ca: str | Path | None = None) -> ChromaServer:
    """Return the server that a URL names.

    >>> chroma_server("http://localhost:8000?database=briefs")
    ChromaServer(url='http://localhost:8000', tenant='default_tenant', database='briefs', ca=None)

    Raises:
        BriefError: it is no such URL, has a secret in it, the token would travel in clear, or the
            file of certificates is not there.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise BriefError(f"The address of the Chroma server cannot be read. {_FORM}") from error
    if parts.username or parts.password:  # not repeated: it may be a password
        raise BriefError(
            "The address of the Chroma server has a name or password in it. Put a token into "
            "SAHEL_BRIEF_CHROMA_TOKEN instead."
        )
    names = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not parts.hostname or not port or parts.fragment or names.keys() - {"tenant", "database"}:
        raise BriefError(f"The address of the Chroma server, {url}, is none. {_FORM}")
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise BriefError("SAHEL_BRIEF_CHROMA_TOKEN has a character that no token has.")
    if token and parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise BriefError(
            f"SAHEL_BRIEF_CHROMA_TOKEN would travel unencrypted to {parts.hostname}. Put TLS in "
            "front of the Chroma server and give its address as https://…"
        )
    path = Path(ca).expanduser() if ca else None
    if path and not path.is_file():
        raise BriefError(f"SAHEL_BRIEF_CHROMA_CA names {path}, which is no file.")
    return ChromaServer(
        f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}",
        names.get("tenant") or _TENANT,
        names.get("database") or _DATABASE,
        token,
        path,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
