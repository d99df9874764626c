"""What the application does, run where no network leads beyond this machine; counts who tries.

Started by `test_offline.py` in a network namespace of its own, which has nothing but loopback.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx

from benchmarks.machine import ROOT
from benchmarks.serving import serving
from benchmarks.visitor import Visitor

_SET_FLAGS, _UP_RUNNING = 0x8914, 0x41  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING


def main() -> None:
    """Do it all and print as JSON what was answered and how often something tried to leave."""
    folder = Path(sys.argv[1])
    bring_up_loopback()
    nobody = attempts()
    with suppress(OSError):
        socket.getaddrinfo("example.org", 80)
    names = attempts()
    with suppress(OSError):
        socket.create_connection(("203.0.113.1", 80), 1)
    control = attempts()
    told = {"name_counts": names > nobody, "connection_counts": control > names}
    print(json.dumps(told | used(folder) | {"attempts": attempts() - control}))


def used(folder: Path) -> dict[str, str]:
    """Use the page, its API and the commands; return what they answered."""
    found: dict[str, str] = {}
    data = folder / "data"
    with serving(data, "1.5b", offline=False) as app:
        app.wait()
        visitor = Visitor(app.url)
        found["page"] = visitor.ask("By when must MINUSMA leave?").answer
        visitor.close()
        with httpx.Client(base_url=app.url, timeout=120) as program:
            asked = {"question": "Who led the second coup in Mali?", "keep": True}
            answer = program.post("/v1/ask", json=asked).raise_for_status().json()
            found["api"] = answer["answer"]
            found["search"] = program.post("/v1/search", json={"query": "Wagner"}).text
            for path in ("/v1/openapi.json", "/v1/docs", "/library", "/metrics", "/theme.css"):
                program.get(path).raise_for_status()
            note = folder / "note.md"
            note.write_text("# Ferry\n\nThe ferry to Orrin carries ninety people.\n")
            sent = {"file": ("note.md", note.read_bytes())}
            found["added"] = program.post("/v1/documents", files=sent).raise_for_status().text
    found["command"] = run("qa", "Who is Rudolph Atallah?", "--data", str(data))
    found["doctor"] = run("index", "doctor", "--data", str(data))
    return found


def run(module: str, *arguments: str) -> str:
    """Run a command of this project and return what it printed."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def bring_up_loopback() -> None:
    """Do what `ip link set lo up` does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        wanted = struct.pack("16sh14x", b"lo", _UP_RUNNING)
        fcntl.ioctl(any_socket, _SET_FLAGS, wanted)


def attempts() -> int:
    """Return how often something in this namespace wanted to send beyond it, or ask for a name.

    The kernel counts what has no route. A resolver on loopback is asked at a port that is closed.
    """
    lines = Path("/proc/net/snmp").read_text().splitlines()
    counted = {}
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        kind = names.split(":")[0]
        for name, value in zip(names.split()[1:], values.split()[1:], strict=True):
            counted[f"{kind}{name}"] = int(value)
    v6 = Path("/proc/net/snmp6")
    if v6.exists():
        pairs = (line.split() for line in v6.read_text().splitlines())
        counted |= {name: int(value) for name, value in pairs}
    wanted = ("IpOutNoRoutes", "Ip6OutNoRoutes", "UdpNoPorts", "Udp6NoPorts")
    return sum(counted.get(name, 0) for name in wanted)


if __name__ == "__main__":
    os.environ.pop("SAHEL_BRIEF_DATA", None)
    main()
