"""Nothing leaves the machine: the application in a network namespace without a way out."""

import json
import os
import subprocess
import sys
from argparse import Namespace

import pytest

from benchmarks.machine import ROOT
from qa.choosing import local_model
from qa.weights import KNOWN
from tests.conftest import needs

UNSHARE = ["unshare", "--net", *([] if os.getuid() == 0 else ["--map-root-user"])]


def can_unshare() -> bool:
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture
def weights(tmp_path):
    """The 1.5B model's weights, which CI lets a first question fetch: after that all is here."""
    path = local_model(Namespace(model="1.5b", offline=True)).cache / KNOWN["1.5b"].file
    needs("the 1.5B model", path.exists() or bool(os.environ.get("CI")), "start app.py once")
    if not path.exists():
        first = [sys.executable, "-m", "qa", "Who leads?", "--data", str(tmp_path / "first")]
        subprocess.run(first, cwd=ROOT, check=True, timeout=400)


@pytest.mark.model
@pytest.mark.timeout(600)  # CI fetches the weights first
@pytest.mark.usefixtures("weights")
def test_all_of_it_works_without_a_network_and_nothing_tries_to_leave(tmp_path):
    needs("a network namespace", can_unshare(), "unshare --net is not allowed here")
    command = [*UNSHARE, sys.executable, "-m", "tests.offline", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["name_counts"], "asking for a name is not counted: the figure says nothing"
    assert told["connection_counts"], "a connection is not counted: the figure says nothing"
    assert told["attempts"] == 0
    assert "2023" in told["page"]
    assert "Goita" in told["api"]
    assert "Wagner" in told["search"]
    assert "Atallah" in told["command"]
