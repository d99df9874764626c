"""The network as a LangChain chat model, which says what it chose and how fast it was."""

import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict

from qa.int8.decoding import Decoder, States
from qa.int8.weights import Mapped
from qa.local_chat import LocalChat

_MAX_TOKENS = 512
_ROLES = {"system": "system", "human": "user", "ai": "assistant"}
_BEGIN, _END = "<|im_start|>", "<|im_end|>"
_PREFIX = "prefix-"  # of the files that keep what all prompts begin with
_TORN = "\ufffd"  # of a character whose bytes are not all there yet

log = logging.getLogger(__name__)


class Int8Chat(LocalChat):
    """A chat model of this process. It takes `max_tokens`, and always says what is likeliest.

    What is asked with `patient=False` does not wait for another's turn: it is said between two
    steps of the answer that is being worded.

    The `response_metadata` of what it yields are those of llama.cpp's server: `logprobs` and
    `timings`. Raises `ValueError` for a prompt that is too long.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)
    decoder: Decoder
    tokenizer: Any
    folder: Path

    @property
    def _llm_type(self) -> str:
        return "int8"

    def warm(self, messages: Sequence[BaseMessage]) -> None:
        """Read what all prompts begin with, or take up what came of that at an earlier start."""
        tokens = self._tokens(messages)
        about = hashlib.sha256(np.array(tokens).tobytes()).hexdigest()[:16]
        path = self.folder / f"{_PREFIX}{about}.npy"
        try:
            self.decoder.take(tokens, np.load(path).astype(np.float32))
            next(iter(self.decoder.tokens([*tokens, tokens[0]], 1)))  # the weights are laid out
        except (OSError, ValueError):  # not there, or torn
            _save(path, self.decoder.keep(tokens))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        max_tokens: int = _MAX_TOKENS,
        patient: bool = True,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        said = self._said(messages, max_tokens, run_manager, urgent=not patient)
        return self._in_turn(said, patient=True) if patient else said

    def _said(
        self,
        messages: list[BaseMessage],
        max_tokens: int,
        run_manager: CallbackManagerForLLMRun | None,
        *,
        urgent: bool,
    ) -> Iterator[ChatGenerationChunk]:
        prompt = [*self._tokens(messages), *self._turn("assistant")]
        said: list[int] = []
        shown = ""
        for token in self.decoder.tokens(prompt, max_tokens, urgent=urgent):
            if not said:
                first, began = token, time.perf_counter()
            said.append(token.id)
            text = self._text(*said)
            new = "" if text.endswith(_TORN) else text[len(shown) :]
            shown += new
            likeliest = [{"token": self._text(n), "logprob": p} for n, p in token.likeliest]
            told = {"token": self._text(token.id), "logprob": token.logprob}
            speed = {
                "prompt_n": first.read,
                "prompt_ms": first.read_ms,
                "predicted_n": len(said),
                "predicted_ms": 1000 * (time.perf_counter() - began),
            }
            # In lists, as LangChain puts the chunks' metadata together at the end.
            metadata: dict[str, Any] = {
                "logprobs": {"content": [told | {"top_logprobs": likeliest}]},
                "timings": [speed],
            }
            if len(said) == max_tokens:
                metadata["finish_reason"] = "length"
            message = AIMessageChunk(content=new, response_metadata=metadata)
            chunk = ChatGenerationChunk(message=message)
            if run_manager:
                run_manager.on_llm_new_token(new, chunk=chunk)
            yield chunk

    def _tokens(self, messages: Sequence[BaseMessage]) -> list[int]:
        """Return messages in the form that the model was trained on (ChatML).

        What a message holds never becomes one of the tokens that begin and end messages.
        """
        ended = [self.tokenizer.token_to_id(_END), *self._ids("\n")]
        turns = ([*self._turn(_ROLES[m.type], m.text), *ended] for m in messages)
        return [token for turn in turns for token in turn]

    def _turn(self, role: str, text: str = "") -> list[int]:
        return [self.tokenizer.token_to_id(_BEGIN), *self._ids(f"{role}\n{text}")]

    def _ids(self, text: str) -> list[int]:
        found: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return found

    def _text(self, *tokens: int) -> str:
        return str(self.tokenizer.decode(tokens, skip_special_tokens=False))


def opened(folder: Path, messages: Sequence[BaseMessage]) -> Int8Chat:
    """Return the model of a prepared folder, which has read what all prompts begin with.

    Raises:
        OSError, ValueError: it is not what `prepared` writes.
    """
    from tokenizers import Tokenizer

    weights = Mapped(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    with weights.forgotten():
        chat = Int8Chat(decoder=Decoder(weights), tokenizer=tokenizer, folder=folder)
        chat.warm(messages)
    return chat


def _save(path: Path, states: States) -> None:
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            np.save(file, states.astype(np.float16))  # as OpenVINO keeps them
        part.replace(path)
        for other in set(path.parent.glob(f"{_PREFIX}*.npy")) - {path}:  # of another prompt
            other.unlink(missing_ok=True)
    except OSError as error:
        log.info("The prefix could not be kept: %s", error)
