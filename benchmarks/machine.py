"""What every measurement says about where and when it was taken."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def machine() -> dict[str, Any]:
    """Return date, commit, Python, system, processor, cores, memory in GB and what else was run.

    The load average is of the minute before; `None` where the system does not tell.
    """
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _first("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gb": round(int(_first("/proc/meminfo", "MemTotal").split()[0] or 0) / 1e6, 1),
        "load_average_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def memory_mb(pid: int, *, most: bool = False) -> float:
    """Return the resident memory of a process in MB, or the most it has had (Linux only)."""
    kilobytes = _first(f"/proc/{pid}/status", "VmHWM" if most else "VmRSS").split()[0]
    return round(int(kilobytes or 0) / 1000, 1)


def disk_mb(folder: Path) -> float:
    """Return what the files of a folder take on the disk in MB; Chroma's have holes in them."""
    return round(sum(p.stat().st_blocks * 512 for p in folder.rglob("*") if p.is_file()) / 1e6, 1)


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip()


def _first(path: str, key: str) -> str:
    try:
        with open(path, encoding="utf-8") as lines:  # noqa: PTH123 - of the kernel
            return next((ln.split(":", 1)[1].strip() for ln in lines if ln.startswith(key)), "0")
    except OSError:
        return "0"
