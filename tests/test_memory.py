"""Memory that is free does not pile up: threads share it, and the system has it back."""

import subprocess
import sys

import pytest

# Threads that all hold memory at once, each of which would be given an arena of its own.
_PLACES = """
import ctypes, sys, threading
from web.memory import use_few_arenas
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


# A hundred megabytes in small pieces, the last of which keeps all before it from being given back.
_PIECES = """
import ctypes, time
from web.memory import give_back_free_memory
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def resident_mb():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
before = resident_mb()
pieces = [libc.malloc(ctypes.c_size_t(10_000)) for _ in range(10_000)]
for piece in pieces: ctypes.memset(piece, 1, 10_000)
for piece in pieces[:-1]: libc.free(ctypes.c_void_p(piece))
idle = resident_mb() - before
give_back_free_memory(every_s=0.1)
until = time.monotonic() + 20
while resident_mb() - before > 20 and time.monotonic() < until: time.sleep(0.1)
print(idle, resident_mb() - before)
"""

glibc = pytest.mark.skipif(sys.platform != "linux", reason="it is the C library of Linux")


@glibc
def test_free_memory_is_given_back_to_the_system():
    told = subprocess.run(
        [sys.executable, "-c", _PIECES], check=True, timeout=60, capture_output=True, text=True
    ).stdout
    idle, left = map(float, told.split())
    assert idle > 90 and left < 20


@glibc
@pytest.mark.parametrize(("wanted", "few"), [("few", True), ("many", False)])
def test_many_threads_use_two_arenas(tmp_path, wanted, few):
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", _PLACES, wanted, str(told)], check=True, timeout=60)
    assert (told.read_text("utf-8").count("<heap ") <= 2) == few
