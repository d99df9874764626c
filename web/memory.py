"""Memory of a process that runs on: what the C library keeps, what Python looks through."""

import ctypes
import gc
import sys
import threading
import time
from contextlib import suppress

_M_ARENA_MAX = -8  # of mallopt(3)
_ARENAS = 2  # as `MALLOC_ARENA_MAX=2`, which servers are often started with
_EVERY_S = 10.0  # it takes 2 ms; in a minute of questions 160 MB came together


def use_few_arenas() -> None:
    """Have glibc keep free memory in two places, not in up to eight for each processor.

    What one thread frees is of no use to others: after four minutes of 16 clients 103 MB lay idle
    so, and more with each minute, for 26 MB with two. Before threads are started; does nothing
    where the C library is another.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def give_back_free_memory(every_s: float = _EVERY_S) -> None:
    """Have glibc give whole pages that are free back to the system again and again, from now on.

    By itself it gives back the end of what it has alone. Does nothing where it is another.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):
        trim = ctypes.CDLL(None).malloc_trim

        def again_and_again() -> None:
            while True:
                time.sleep(every_s)
                trim(0)

        threading.Thread(target=again_and_again, name="memory", daemon=True).start()


def collect_only_what_is_new() -> None:
    """Have the garbage collector pass over what there is by now.

    With that it held up everybody for a quarter of a second, once in a few dozen questions.
    """
    gc.collect()
    gc.freeze()
    gc.enable()
