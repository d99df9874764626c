"""llama.cpp in a process of its own, as an OpenAI-compatible server that somebody else runs.

python -m tests.llama_server FILE.gguf      prints its address and ends with its standard input
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def llama_server(weights: Path) -> Iterator[str]:
    """Give the address of a server with these weights, which wants no key."""
    command = [sys.executable, "-m", "tests.llama_server", str(weights)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        yield process.stdout.readline().decode().strip()
        process.stdin.close()
        process.wait(20)


def main() -> None:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = sys.argv[1]
    parameters.n_ctx, parameters.n_parallel, parameters.n_batch = 4096, 1, 512
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
