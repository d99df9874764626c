"""How the C library hands out memory in a process of many threads that runs for months."""

import ctypes
import sys
from contextlib import suppress

_M_ARENA_MAX = -8  # of mallopt(3)
_ARENAS = 2  # as `MALLOC_ARENA_MAX=2`, which servers are often started with


def use_few_arenas() -> None:
    """Have glibc keep free memory in two places, not in up to eight for each processor.

    What one thread frees is of no use to others: after four minutes of 16 clients 103 MB lay idle
    so, and more with each minute, for 26 MB with two. Before threads are started; does nothing
    where the C library is another.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
