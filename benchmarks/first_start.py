"""Measure a first start: a fresh clone, a new environment, empty caches.

    python benchmarks/first_start.py [--json FILE]

It does what a user does and knows nothing of the project's modules. About 4 minutes; fetches the
dependencies and the language model (1.1 GB) anew. Only what is committed is measured.
"""

import argparse
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
QUESTION = "Who led the second coup in Mali?"
LIMIT_S = 1800  # for the page to have its language model


def main() -> None:
    """Measure, print a table, and write the same as JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")
    parser.add_argument("--skip-install", metavar="PYTHON", help="one that has the dependencies")
    parser.add_argument("--model", default="1.5b", help="as for app.py")
    args = parser.parse_args()
    about: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "load_average_before": getattr(os, "getloadavg", tuple)(),  # not on Windows
        "model": args.model,
    }
    folder = Path(tempfile.mkdtemp(prefix="first-start-"))
    try:
        about |= measure(folder, args.skip_install, args.model)
    finally:
        if args.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder)
    print("\n".join(f"{name:<24}{value}" for name, value in about.items()))
    if args.json:
        args.json.write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def measure(folder: Path, python: str | None, model: str) -> dict[str, Any]:
    """Return seconds by step, those of the page counted from its start, and a first answer's."""
    clone = folder / "clone"
    environment = {
        **{k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")},
        "SAHEL_BRIEF_DATA": str(folder / "data"),
        "SAHEL_BRIEF_CACHE": str(folder / "cache"),
        "SAHEL_BRIEF_MODEL": model,
        "HF_HOME": str(folder / "hub"),
        "PIP_NO_CACHE_DIR": "1",
    }
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    commit = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=clone, text=True)
    found: dict[str, Any] = {"commit": commit.strip()}
    if not python:
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        python = str(folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python")
        install = [python, "-m", "pip", "install", "-qq", "-e", ".", "-c", "constraints.txt"]
        began = time.monotonic()
        subprocess.run(install, cwd=clone, env=environment, check=True)
        found["install_s"] = since(began)
    found |= start(python, clone, environment, folder / "cache")
    began = time.monotonic()
    asked = subprocess.check_output(
        [python, "-m", "qa", "--json", QUESTION], cwd=clone, env=environment, text=True
    )
    return found | {"command_line_s": since(began), **json.loads(asked)["timings"]}


def start(
    python: str, clone: Path, environment: Mapping[str, str], cache: Path
) -> dict[str, float]:
    """Run the page until it has its language model; return the seconds to each step."""
    found: dict[str, float] = {}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = time.monotonic()
    process = subprocess.Popen(
        [python, "app.py", "--no-browser", "--port", str(port)], cwd=clone, env=environment
    )
    try:
        while "model_ready_s" not in found:
            if process.poll() is not None:
                raise SystemExit("app.py ended.")
            if since(began) > LIMIT_S:
                raise SystemExit(f"No language model after {LIMIT_S} s, but {found}")
            if "page_s" not in found:
                if get(port, "/") is not None:
                    found["page_s"] = since(began)
            elif health := get(port, "/healthz"):
                found.setdefault("questions_answered_s", since(began))
                model = json.loads(health)["model"]
                if model["state"] == "failed":
                    raise SystemExit(model["message"])
                if model["state"] == "ready" or any(cache.glob("*.verified")):
                    found.setdefault("weights_checked_s", since(began))
                if model["state"] == "ready":
                    found["model_ready_s"] = since(began)
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait(30)
    return found


def get(port: int, path: str) -> bytes | None:
    """Return the body of an answer with status 200, else None."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        return body if answer.status == 200 else None
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def since(began: float) -> float:
    """Return the seconds since, to a tenth."""
    return round(time.monotonic() - began, 1)


if __name__ == "__main__":
    main()
