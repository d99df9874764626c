"""Measure everything that a visitor waits for, on this machine: one command, one report.

    python -m benchmarks [--json FILE] [--sizes 40,1000,10000] [PART …]

The parts run one after the other, each a command of its own (`python -m benchmarks.PART`) with more
to choose. `page`: the start, evidence, first word, whole answer, several visitors, memory, disk.
`size`: how a library grows. `embedding`: passages a second beside sentence-transformers.
Only when named, `side_by_side`: time and quality beside other pipelines, and `typed`: what those
wait for who type. The first three take a quarter of an hour on two idle cores. Nothing is asserted
about times: that is for whoever reads.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT, machine

PARTS = ("page", "size", "embedding")
NAMED = ("side_by_side", "typed")


def main() -> int:
    """Run the parts, print their tables, and write their figures; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS + NAMED))
    parser.add_argument("--sizes", default="40,1000,10000", help="of a library, in passages")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    args = parser.parse_args()
    if unknown := set(args.parts) - {*PARTS, *NAMED}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    found: dict[str, Any] = machine()
    print("\n".join(f"{name}: {value}" for name, value in found.items()))
    failed = []
    for part in args.parts or PARTS:
        print(f"\n## {part}\n", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            figures = Path(folder) / "figures.json"
            more = ["--sizes", args.sizes] if part == "size" else []
            command = [sys.executable, "-m", f"benchmarks.{part}", "--json", str(figures), *more]
            if subprocess.run(command, cwd=ROOT, check=False).returncode:
                failed.append(part)
            else:
                found[part] = json.loads(figures.read_text("utf-8"))
    if args.json:
        args.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
