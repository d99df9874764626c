"""llama.cpp in this process, for any GGUF file and on any processor."""

import os
import secrets
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from pydantic import SecretStr

from index.types import BriefError
from qa.prefix_cache import PrefixCache

_CONTEXT_TOKENS = 4096
_TIMEOUT_S = 60.0
_NO_ORIGIN = "none.invalid"  # which is that of no page
_PROMPTS_MIB = 64  # of other prompts' states that llama.cpp keeps in memory: 28 KiB a token


class LlamaServer:
    """A server that only this process knows the key of."""

    def __init__(self, path: Path, prefix: Sequence[BaseMessage]) -> None:
        """Load a GGUF file, and have `prefix` read, which all prompts begin with.

        Raises:
            BriefError: it is not a model, or there is no memory for it.
        """
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.n_ctx = _CONTEXT_TOKENS
        parameters.n_parallel = 1  # visitors queue: two at once would each be half as fast
        parameters.n_batch = 512  # a stop waits for the batch in hand: 5 s, with 2048 21 s
        # Into memory, not mapped: llama.cpp packs most weights anew, and would keep both (0.6 GB).
        parameters.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
        parameters.verbosity = 0
        parameters.cache_ram_mib = _PROMPTS_MIB
        parameters.slot_save_path = f"{path.parent}{os.sep}"
        # Without these xllamacpp 2026.10 answers any page in the browser, and serves one itself.
        self.key = secrets.token_urlsafe(32)
        parameters.api_keys = [self.key]
        parameters.cors_origins, parameters.cors_origins_explicit = _NO_ORIGIN, True
        parameters.cors_credentials = parameters.ui = False
        try:
            self._server = xllamacpp.Server(parameters)
        except RuntimeError as error:
            raise BriefError(
                f"{path} cannot be loaded as a language model. If it was fetched by this program, "
                "delete it and start again; if it is your own, check that it is a GGUF chat model "
                "and that there is memory for it."
            ) from error
        self.chat = self._connected()
        self._warm(path, prefix)

    @property
    def address(self) -> str:
        """Its URL."""
        return str(self._server.listening_address)

    def _warm(self, path: Path, prefix: Sequence[BaseMessage]) -> None:
        text = "\n".join(str(message.content) for message in prefix)
        cache = PrefixCache(path, text, version("xllamacpp"))
        if not cache.restore(self.address, self.key):
            self.chat.invoke([*prefix, ("user", "Evidence:")], max_tokens=1)
            cache.save(self.address, self.key)

    def _connected(self) -> BaseChatModel:
        from qa.llama_chat import LlamaChat

        return LlamaChat(
            model="local",
            base_url=f"{self.address}/v1",
            api_key=SecretStr(self.key),
            temperature=0,
            timeout=_TIMEOUT_S,
            max_retries=0,
            logprobs=True,
            top_logprobs=10,
            stream_usage=False,
            streaming=True,  # also where the whole is asked for, so that it takes its turn
            # At each token, as one who is declined by the first does not wait for the last.
            extra_body={"timings_per_token": True},
        )
