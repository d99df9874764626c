"""Chat models elsewhere: which one is meant, whether its package is here, and its client.

Keys are read by the providers' own packages, from their usual environment variables.
"""

import math
import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import httpx
from langchain_core.language_models import BaseChatModel
from pydantic import ValidationError

from index.types import BriefError

_CHOICE = re.compile(r"([a-z][a-z0-9_]+):(.+)")  # one letter and a colon is a disk of Windows
# What this project has an extra for, or needs anyway ("").
_PACKAGES = {
    "anthropic": ("langchain_anthropic", "anthropic"),
    "azure_openai": ("langchain_openai", ""),
    "mistralai": ("langchain_mistralai", "mistralai"),
    "ollama": ("langchain_ollama", "ollama"),
    "openai": ("langchain_openai", ""),
}
# What a request may go without where a server refuses it.
OPTIONS = frozenset({"logprobs", "top_logprobs", "temperature", "max_completion_tokens"})
# Where clients of providers keep their address.
_ADDRESSES = (
    "root_client.base_url", "_client.base_url", "_client._client.base_url", "client.base_url",
    "base_url", "endpoint",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Provided:
    """A model of a provider; `url` is where to ask, "" for the provider's usual place."""

    provider: str
    model: str
    url: str = ""

    @property
    def choice(self) -> str:
        """How it is named where answers are kept."""
        return f"{self.provider}:{self.model}" + (f" at {host_of(self.url)}" if self.url else "")


def is_provided(choice: str) -> bool:
    """Return whether a choice is of the form PROVIDER:NAME, and no file of this machine.

    >>> [is_provided(c) for c in ("openai:gpt-5", "ollama:qwen2.5:1.5b", "1.5b", "C:/a.gguf")]
    [True, True, False, False]
    """
    return bool(_CHOICE.fullmatch(choice)) and not choice.lower().endswith(".gguf")


def provided(choice: str, url: str = "", *, offline: bool = False) -> Provided:
    """Return the model that is chosen, once its package is known to be here.

    Raises:
        BriefError: no such provider, its package is missing, the URL is none, or with `offline`
            it is not on this machine.
    """
    found = _CHOICE.fullmatch(choice)
    if not found:
        raise BriefError(
            f"--model-url needs the name of the model there: --model openai:NAME, not {choice}."
        )
    chosen = Provided(found[1], found[2], url.rstrip("/"))
    if url:
        _require_url(url)
    _require_package(chosen.provider)
    if offline and not (is_loopback(host_of(url)) if url else chosen.provider == "ollama"):
        raise BriefError(
            f"{choice} is not on this machine, and nothing is sent with --offline. Leave out "
            "--offline, or choose a model that runs here."
        )
    return chosen


def host_of(url: str) -> str:
    """Return host and port of a URL, without a user's name and password."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"


def is_loopback(host: str) -> bool:
    """Return whether a host, with or without its port, is this machine."""
    name = urlsplit(f"//{host}").hostname or ""
    return name in ("localhost", "::1") or name.startswith("127.")


def _require_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        usable = False
    if not usable:
        raise BriefError(f"{url} is no address. Give one such as http://127.0.0.1:8000/v1")
    if parts.username or parts.password:
        raise BriefError(
            "The address of a model holds no password. Put the key into the environment variable "
            "of its provider, such as OPENAI_API_KEY."
        )


def _require_package(provider: str) -> None:
    if provider in _PACKAGES:
        module, extra = _PACKAGES[provider]
        if find_spec(module) is None:
            raise BriefError(
                f"Models of {provider} need a package that is not installed. Run: pip install -e "
                f"'.[{extra}]' -c constraints.txt"
            )
        return
    from langchain.chat_models import init_chat_model

    try:
        init_chat_model("any", model_provider=provider)
    except ImportError as error:
        package = re.search(r"pip install (\S+?)`", str(error))
        raise BriefError(
            f"Models of {provider} need a package that is not installed. Run: pip install "
            f"{package[1] if package else f'langchain-{provider}'}"
        ) from error
    except ValueError as error:
        if "nsupported" in str(error):  # any other is about keys, which come later
            raise BriefError(
                f"There is no provider {provider}. Choose one that LangChain knows, such as "
                f"{', '.join(sorted(_PACKAGES))}."
            ) from error
    except Exception:  # noqa: BLE001 - it is here; what else it lacks is said when it is asked
        return


def connect(
    chosen: Provided, *, without: frozenset[str], max_tokens: int, connect_s: float, read_s: float
) -> BaseChatModel:
    """Return a provider's client, which retries nothing itself.

    Args:
        chosen: the model.
        without: which of `OPTIONS` are left out.
        max_tokens: of an answer.
        connect_s: to reach the server.
        read_s: between two pieces of what it sends.

    Raises whatever the provider raises, mostly that there is no key.
    """
    from langchain.chat_models import init_chat_model

    about: dict[str, Any] = {"model_provider": chosen.provider}
    if chosen.url:
        about["base_url"] = chosen.url
    try:
        bare = init_chat_model(chosen.model, **about)
    except Exception:
        # A server of one's own mostly wants no key, but OpenAI's client does.
        if not chosen.url or chosen.provider != "openai":
            raise
        about["api_key"] = "none"
        bare = init_chat_model(chosen.model, **about)
    timeout = httpx.Timeout(read_s, connect=connect_s)
    wanted: dict[str, Any] = {
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": 10,
        "num_predict": max_tokens,  # Ollama's name for it
        "max_retries": 0,
        "timeout": timeout,
        "async_client_kwargs": {"timeout": timeout},
        "stream_chunk_timeout": None,  # the limits of `qa.remote_chat` are shorter
    }
    if chosen.provider == "openai":  # not all that speak like it know of it; others end with it
        wanted["stream_usage"] = False
    fields = type(bare).model_fields
    known = {*fields, *(f.alias for f in fields.values() if f.alias)}
    name = "max_completion_tokens"  # OpenAI's, which not all that speak like it know
    wanted[name if name in known else "max_tokens"] = max_tokens
    settings = {k: v for k, v in wanted.items() if k in known and k not in without}
    if "top_logprobs" not in settings:
        settings.pop("logprobs", None)
    try:
        client: BaseChatModel = init_chat_model(chosen.model, **about, **settings)
    except ValidationError:  # some take whole seconds alone
        settings["timeout"] = math.ceil(read_s)
        client = init_chat_model(chosen.model, **about, **settings)
    return client


def address_of(chat: BaseChatModel) -> str:
    """Return the URL that a client asks, "" where it does not tell."""
    for path in _ADDRESSES:
        found: Any = chat
        for name in path.split("."):
            found = getattr(found, name, None)
        if isinstance(found, str | httpx.URL) or hasattr(found, "host"):
            return str(found)
    return ""


def where_words(chosen: Provided, url: str, *, how: bool = False) -> str:
    """Return in words where questions go, and `how` where that is not over an encrypted line.

    >>> where_words(Provided("openai", "m"), "http://127.0.0.1:8000/v1", how=True)
    'openai (127.0.0.1:8000, on this machine)'
    """
    host = host_of(url)
    if not host:
        return chosen.provider
    more = ""
    if how and is_loopback(host):
        more = ", on this machine"
    elif how and urlsplit(url).scheme == "http":
        more = ", not encrypted"
    return f"{chosen.provider} ({host}{more})"
