"""Memory that threads free does not pile up in places of their own."""

import subprocess
import sys

import pytest

# Threads that all hold memory at once, each of which would be given an arena of its own.
_PLACES = """
import ctypes, sys, threading
from web.arenas import use_few_arenas
if sys.argv[1] == "few":
    use_few_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(8)
def hold():
    libc.malloc(ctypes.c_size_t(1000))
    together.wait()
threads = [threading.Thread(target=hold) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
out = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, out)
libc.fclose(out)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux alone has arenas")
@pytest.mark.parametrize(("wanted", "few"), [("few", True), ("many", False)])
def test_many_threads_use_two_arenas(tmp_path, wanted, few):
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", _PLACES, wanted, str(told)], check=True, timeout=60)
    assert (told.read_text("utf-8").count("<heap ") <= 2) == few
