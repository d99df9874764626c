"""What comes next, token by token: the likeliest each time, after what the network has read."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import SimpleQueue
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.int8.network import compiled
from qa.int8.weights import Mapped

CONTEXT_TOKENS = 4096
_AT_ONCE = 32  # tokens read in one step: with 256 as fast, and 250 MB more of memory
_STALE = 256  # tokens that do not count and are only hidden: to take them out costs 20 ms
_TOLD = 10  # of the likeliest first tokens, how many are told
# An answer repeats its evidence: what followed the last words where they stood before is read
# together with them. Five tokens take a third longer than one (`benchmarks/README.md`).
_AHEAD, _LAST = 4, (3, 2)
_NEVER = np.finfo(np.float32).min

States = NDArray[np.float32]  # (2 * layers, pairs, tokens, width / heads): of keys and values


@dataclass(frozen=True, slots=True)
class Token:
    """One that was chosen and its log probability.

    The first has the likeliest with theirs too, and how many tokens of the prompt were read for it,
    in how many milliseconds.
    """

    id: int
    logprob: float
    likeliest: tuple[tuple[int, float], ...] = ()
    read: int = 0
    read_ms: float = 0.0


_Asked = tuple[list[int], int, SimpleQueue[Token | Exception | None], Event]


class Decoder:
    """A network and what it has read, in a thread of its own: who reads slowly holds up nobody.

    One after the other uses it, in the order of asking; what is urgent goes between two steps of
    what is being said, which goes on after it as if nothing had been.

    What a prompt begins with is not read again where the last prompt began with it, the tokens that
    are kept, or the last prompt that began otherwise than both.
    """

    def __init__(self, weights: Mapped) -> None:
        """Take mapped weights and compile their network (a second)."""
        self._weights = weights
        self._settings, self._tensors = weights.settings, weights.tensors
        self._network: Any = compiled(self._settings, self._tensors).create_infer_request()
        self._read: list[int] = []  # what it has read, with what was guessed wrong
        self._counts: list[bool] = []  # whether each of these is part of the text
        self._kept: tuple[list[int], States] = [], self._none()
        self._before = self._kept
        self._urgent: deque[_Asked] = deque()
        self._hurrying = False  # what is urgent is being said: others of its kind wait for it
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="decoder")

    def keep(self, tokens: Sequence[int]) -> States:
        """Read tokens that most prompts begin with, keep what came of it, and return that."""
        return self._thread.submit(self._keep, list(tokens)).result()

    def take(self, tokens: Sequence[int], states: States) -> None:
        """Keep what `keep` once returned for these tokens.

        Raises:
            ValueError: it is of another network or of other tokens.
        """
        shape = (*self._none().shape[:2], len(tokens), self._none().shape[3])
        if states.shape != shape or states.dtype != np.float32:
            raise ValueError(f"kept states have the shape {states.shape}, not {shape}")
        self._thread.submit(setattr, self, "_kept", (list(tokens), states)).result()

    def tokens(self, prompt: Sequence[int], most: int, *, urgent: bool = False) -> Iterator[Token]:
        """Yield up to `most` tokens that continue a prompt, until one ends the turn.

        Closing the iterator ends the work.

        Raises:
            ValueError: prompt and answer could be more than `CONTEXT_TOKENS`.
        """
        if len(prompt) + most > CONTEXT_TOKENS:
            raise ValueError(f"{len(prompt)} tokens and an answer are over {CONTEXT_TOKENS}")
        said: SimpleQueue[Token | Exception | None] = SimpleQueue()
        over = Event()
        asked: _Asked = list(prompt), most, said, over
        if urgent:
            self._urgent.append(asked)
            self._thread.submit(self._say_urgent)  # where nothing is being said
        else:
            self._thread.submit(self._say, *asked)
        try:
            while (token := said.get()) is not None:
                if isinstance(token, Exception):
                    raise token
                yield token
        finally:
            over.set()

    def _keep(self, tokens: list[int]) -> States:
        self._begin(tokens)
        self._kept = tokens, self._states()
        return self._kept[1]

    def _say(
        self, text: list[int], most: int, said: SimpleQueue[Token | Exception | None], over: Event
    ) -> None:
        """Put tokens into `said`, and None at the end, unless it is over before."""
        try:
            if over.is_set():  # while others had their turn
                return
            began = time.perf_counter()
            logits, read = self._begin(text)
            first = _chosen(logits[-1], _TOLD)
            read_ms = 1000 * (time.perf_counter() - began)
            chosen = [replace(first, read=read, read_ms=read_ms)]
            for _ in range(most):
                chosen = chosen or self._next(text)
                if over.is_set() or chosen[0].id == self._settings["end"]:
                    break
                text.append(chosen[0].id)
                said.put(chosen.pop(0))
            said.put(None)
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            said.put(error)
        finally:
            self._weights.forget()  # the vectors of these words: 60 MB after forty questions

    def _say_urgent(self) -> None:
        self._hurrying = True
        while self._urgent:
            self._say(*self._urgent.popleft())
        self._hurrying = False

    def _interrupt(self) -> None:
        """Say what is urgent, keep what it began with, and go back to what was read before."""
        read, states = self._text(), self._states()
        self._say_urgent()
        self._before = self._text(), self._states()
        self._set(read, states)

    def _next(self, text: Sequence[int]) -> list[Token]:
        """Return the token after a text whose last was not read yet, and those guessed rightly."""
        guessed = _guessed(text)
        logits = self._step([text[-1], *guessed], 1 + len(guessed))
        chosen: list[Token] = []
        for row, guess in zip(logits, [*guessed, None], strict=True):
            chosen.append(_chosen(row))
            if chosen[-1].id != guess:
                break
        for wrong in range(1, len(logits) - len(chosen) + 1):
            self._counts[-wrong] = False
        return chosen

    def _begin(self, prompt: list[int]) -> tuple[NDArray[np.float32], int]:
        """Return what may come after a prompt, and how many of its tokens had to be read."""
        read = self._text()
        shared = min(_shared(read, prompt), len(prompt) - 1)
        others = [(min(_shared(tokens, prompt), len(prompt) - 1), tokens, states)
                  for tokens, states in (self._kept, self._before)]  # fmt: skip
        best, _, states = max(others, key=lambda other: other[0])
        if max(shared, _shared(self._kept[0], read)) < len(read) / 2:
            self._before = read, self._states()
        if best > shared or (best == shared and len(self._read) - shared > _STALE):
            self._set(prompt[:best], states[:, :, :best])
        elif len(self._read) - shared > _STALE:
            self._set(prompt[:shared], self._states()[:, :, :shared])
        else:
            for n in np.flatnonzero(self._counts)[shared:]:
                self._counts[n] = False
        new = prompt[max(best, shared) :]
        for start in range(0, len(new), _AT_ONCE):
            logits = self._step(new[start : start + _AT_ONCE], 1)
        return logits, len(new)

    def _step(self, tokens: Sequence[int], last: int) -> NDArray[np.float32]:
        """Read tokens, and return of the `last` ones what may follow them, (last, words)."""
        if self._urgent and not self._hurrying:
            self._interrupt()
        count, position = len(tokens), sum(self._counts)
        weight, scale = (self._tensors[f"token_embd.weight{end}"] for end in ("", ".scale"))
        unseen = np.zeros((count, len(self._read) + count), dtype=np.float32)
        unseen[:, : len(self._read)][:, ~np.array(self._counts, dtype=bool)] = _NEVER
        unseen[:, len(self._read) :][np.triu_indices(count, 1)] = _NEVER
        self._network.start_async(
            {
                "embedded": (weight[tokens] * scale[tokens].astype(np.float32))[None],
                "positions": np.arange(position, position + count, dtype=np.int32),
                "unseen": unseen[None, None],
                "beam": np.zeros(1, dtype=np.int32),
                "first": np.array([count - last], dtype=np.int32),
            }
        )
        self._network.wait()
        self._read += tokens
        self._counts += [True] * count
        # Where it was written, until the next step.
        return np.asarray(self._network.get_output_tensor(0).data[0])

    def _text(self) -> list[int]:
        return [token for token, counts in zip(self._read, self._counts, strict=True) if counts]

    def _none(self) -> States:
        heads = self._settings["heads"]
        size = self._settings["width"] // heads
        return np.empty(
            (2 * self._settings["layers"], self._settings["pairs"], 0, size), np.float32
        )

    def _states(self) -> States:
        if not self._read:  # the network has none that one could look at
            return self._none()
        counts = np.flatnonzero(self._counts)
        found = sorted(self._network.query_state(), key=lambda state: state.name)
        return np.stack([state.state.data[0][:, counts] for state in found])

    def _set(self, tokens: list[int], states: States) -> None:
        import openvino

        found = sorted(self._network.query_state(), key=lambda state: state.name)
        for state, value in zip(found, states, strict=True):
            state.state = openvino.Tensor(np.ascontiguousarray(value[None]), shared_memory=True)
        self._read, self._counts = list(tokens), [True] * len(tokens)


def _chosen(logits: NDArray[np.float32], told: int = 0) -> Token:
    best = int(logits.argmax())
    total = float(logits[best]) + float(np.log(np.exp(logits - logits[best]).sum()))
    likeliest = np.argpartition(logits, -told)[-told:] if told else ()
    return Token(
        best,
        float(logits[best]) - total,
        tuple((int(n), float(logits[n]) - total) for n in likeliest),
    )


def _guessed(text: Sequence[int]) -> list[int]:
    """Return what followed the last tokens of a text where they last stood before.

    Prompt lookup decoding (Saxena 2023).

    >>> _guessed([5, 1, 2, 3, 4, 9, 1, 2])
    [3, 4, 9, 1]
    """
    for size in _LAST:
        last = list(text[-size:])
        for start in range(len(text) - size - 1, -1, -1):
            if text[start] == last[0] and list(text[start : start + size]) == last:
                return list(text[start + size : start + size + _AHEAD])
    return []


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens two texts begin with alike."""
    same = (a == b for a, b in zip(one, other, strict=False))
    return next((n for n, is_same in enumerate(same) if not is_same), min(len(one), len(other)))
