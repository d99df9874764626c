"""What the language model has read of the prompts' fixed beginning, kept on disk between starts.

Reading it takes ten seconds on two cores, and reading what came of that 0.1 s.
"""

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path

import httpx

_TIMEOUT_S = 30.0

log = logging.getLogger(__name__)


class PrefixCache:
    """The state of a llama.cpp server's one slot, in a file beside the weights.

    The file belongs to these weights, this prefix and this version of llama.cpp; others' are
    deleted. It is a convenience only: nothing here raises, what fails is read anew.
    """

    def __init__(self, weights: Path, prefix: str, version: str) -> None:
        """Take the file of the weights, the text of the prefix and the server's version."""
        about = weights.stat()
        what = f"{about.st_size} {about.st_mtime_ns} {version} {prefix}"
        key = hashlib.sha256(what.encode()).hexdigest()[:16]
        self.folder = weights.parent
        self._name = f"{weights.stem}.{key}.prefix"
        self._others = f"{weights.stem}.*.prefix*"

    def restore(self, address: str, key: str) -> bool:
        """Have the server at `address` take up the state; return whether it has."""
        return (self.folder / self._name).exists() and self._ask("restore", address, key)

    def save(self, address: str, key: str) -> None:
        """Have the server write its state; a file is there whole or not at all."""
        part = self.folder / f"{self._name}.part"
        try:
            if self._ask("save", address, key):
                with part.open("rb") as file:
                    os.fsync(file.fileno())
                for other in set(self.folder.glob(self._others)) - {part}:
                    other.unlink(missing_ok=True)
                part.replace(self.folder / self._name)
        except OSError as error:
            log.info("The prefix could not be kept: %s", error)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _ask(self, action: str, address: str, key: str) -> bool:
        try:
            answer = httpx.post(
                f"{address}/slots/0",
                params={"action": action},
                json={"filename": self._name + (".part" if action == "save" else "")},
                headers={"Authorization": f"Bearer {key}"},
                timeout=_TIMEOUT_S,
            )
        except httpx.HTTPError as error:
            log.info("The prefix could not be %sd: %s", action, error)
            return False
        return answer.status_code == 200
