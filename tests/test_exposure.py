"""How `app.py` is meant for others: with users alone, and with what it listens to and says."""

import json
import os
import stat
import subprocess
import sys
from argparse import Namespace

import pytest

from index.access import require_folder
from index.types import BriefError
from tests.conftest import ROOT
from tests.guarded import PASSWORD
from web.database import DATABASE, open_database
from web.guard.settings import guarding, warnings
from web.users.store import Users

PLAIN = {
    "host": "127.0.0.1", "login": False, "allowed_host": [], "behind_proxy": None,
    "questions_per_minute": 60, "megabytes_per_hour": 100,
}  # fmt: skip
FOR_OTHERS = [
    {"host": "0.0.0.0"}, {"host": "192.0.2.7"}, {"host": "::"}, {"login": True},
    {"behind_proxy": "127.0.0.1"}, {"allowed_host": ["briefs.example"]},
]  # fmt: skip


def args(**given):
    return Namespace(**{**PLAIN, **given})


@pytest.fixture
def data(tmp_path):
    require_folder(tmp_path / "data")
    return tmp_path / "data"


@pytest.mark.parametrize("given", FOR_OTHERS)
def test_a_page_for_others_does_not_start_without_a_user_and_names_the_command(data, given):
    with pytest.raises(BriefError, match=r"python -m web\.users add NAME --role admin --data"):
        guarding(args(**given), data)
    Users(open_database(data / DATABASE)).add("ann", "read", PASSWORD)
    assert guarding(args(**given), data).login


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_loopback_nobody_signs_in_also_where_there_are_users(data, host):
    Users(open_database(data / DATABASE)).add("ann", "read", PASSWORD)
    found = guarding(args(host=host), data)
    assert not found.login
    assert found.hosts == {"localhost", "127.0.0.1", "::1"}
    assert not found.addresses


def test_off_loopback_its_own_name_addresses_and_those_allowed_are_served(data):
    Users(open_database(data / DATABASE)).add("ann", "read", PASSWORD)
    found = guarding(args(host="briefs.example", allowed_host=["other.example"]), data)
    assert {"briefs.example", "other.example"} < found.hosts
    assert found.addresses
    assert "0.0.0.0" not in guarding(args(host="0.0.0.0"), data).hosts


def test_a_limit_that_is_none_is_refused(data):
    for name in ("questions_per_minute", "megabytes_per_hour"):
        with pytest.raises(BriefError, match="is a number from 1 on"):
            guarding(args(**{name: 0}), data)


def test_the_command_ends_at_once_with_those_words(tmp_path):
    """The program itself, as it is started: before it listens, and without a traceback."""
    command = [sys.executable, "app.py", "--host", "0.0.0.0", "--port", "0", "--offline"]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "d")], cwd=ROOT, capture_output=True, text=True,
        timeout=60, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: Nobody may sign in yet")
    assert f"python -m web.users add NAME --role admin --data {tmp_path / 'd'}" in done.stderr
    assert "Sahel Brief is at" not in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such modes")
def test_a_data_folder_is_made_for_its_user_alone_and_one_that_is_open_is_told(tmp_path):
    before = os.umask(0o022)
    try:
        require_folder(tmp_path / "new" / "data")
    finally:
        os.umask(before)
    made = tmp_path / "new" / "data"
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert warnings(args(), made) == []
    made.chmod(0o755)
    (told,) = warnings(args(), made)
    assert told.endswith(f"chmod 700 {made}")


def test_without_tls_it_is_said_that_passwords_travel_in_clear(data):
    assert any("unencrypted" in words for words in warnings(args(host="0.0.0.0"), data))
    proxied = warnings(args(host="0.0.0.0", behind_proxy="10.0.0.2"), data)
    assert not any("unencrypted" in words for words in proxied)


def test_users_are_kept_where_app_looks_for_them(data):
    command = [sys.executable, "-m", "web.users", "add", "ann", "--role", "admin"]
    subprocess.run(
        [*command, "--data", str(data)], cwd=ROOT, input=f"{PASSWORD}\n", text=True, check=True,
        timeout=60, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert guarding(args(login=True), data).login
    (line,) = (data / "audit.jsonl").read_text().splitlines()
    assert (json.loads(line)["event"], json.loads(line)["name"]) == ("user add", "ann")
