"""Users: added and changed from the command line, known by password, cookie or token."""

import io
import json
import os
import sqlite3
import stat
import sys
import timeit
from functools import partial

import pytest

from index.types import BriefError
from tests.guarded import PASSWORD
from web.database import DATABASE, open_database
from web.users import passwords
from web.users.__main__ import main
from web.users.store import IDLE_S, LONGEST_S, Users


@pytest.fixture
def users(where):
    return Users(open_database(where))


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Run `python -m web.users` on a folder; return its status, output and errors."""

    def run(*arguments, password=PASSWORD):
        monkeypatch.setattr(sys, "argv", ["web.users", *arguments, "--data", str(tmp_path / "d")])
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        status = main()
        said = capsys.readouterr()
        return status, said.out.strip(), said.err.strip()

    return run


def test_a_user_is_added_listed_changed_and_removed(command, tmp_path):
    assert command("list")[1].startswith("There are no users. Add one: python -m web.users add")
    assert command("add", "ann", "--role", "read") == (0, "added: ann, who may read", "")
    token = command("token", "ann")[1]
    assert command("list")[1] == "ann  read  1 token"
    users = Users(open_database(tmp_path / "d" / DATABASE))
    assert users.holder(token).name == "ann"
    assert command("revoke", "ann")[1] == "revoked: 1 token of ann"
    assert users.holder(token) is None
    command("password", "ann", password="another good password")
    assert users.checked("ann", PASSWORD) is None
    assert users.checked("ann", "another good password").name == "ann"
    assert "removed: ann" in command("remove", "ann")[1]
    assert users.checked("ann", "another good password") is None
    log = (tmp_path / "d" / "audit.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in log]
    done = [event["event"] for event in events]
    assert done == [f"user {c}" for c in ("add", "token", "revoke", "password", "remove")]
    assert all(e["who"].startswith("account ") and e["name"] == "ann" for e in events)


def test_what_cannot_be_is_refused_with_what_to_do_and_not_written_down(command, tmp_path):
    for arguments, password, words in (
        (("add", "ann", "--role", "read"), "too short", "at least 12 characters"),
        (("add", "ann", "--role", "read"), "x" * 1001, "at most 1000 characters"),
        (("add", "annannannann", "--role", "read"), "AnnAnnAnnAnn", "The password is the name"),
        (("add", "Ann", "--role", "read"), PASSWORD, "small letters"),
        (("add", "ann\nbob", "--role", "read"), PASSWORD, "small letters"),
        (("token", "bob"), "", "There is no user bob"),
        (("remove", "bob"), "", "There is no user bob"),
        (("password", "bob"), PASSWORD, "There is no user bob"),
    ):
        status, _, error = command(*arguments, password=password)
        assert (status, words in error) == (1, True), error
    assert not (tmp_path / "d" / "audit.jsonl").exists()
    command("add", "ann", "--role", "read")
    assert "There is a user ann" in command("add", "ann", "--role", "admin")[2]


def test_neither_passwords_nor_tokens_nor_cookies_are_in_the_data_folder(command, tmp_path):
    command("add", "ann", "--role", "read")
    token = command("token", "ann")[1]
    users = Users(open_database(tmp_path / "d" / DATABASE))
    secret = users.sign_in(users.checked("ann", PASSWORD))
    kept = b"".join(p.read_bytes() for p in (tmp_path / "d").iterdir())
    assert b"$argon2id$" in kept
    for word in (PASSWORD, token, token.removeprefix("sb_"), secret):
        assert word.encode() not in kept


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such modes")
def test_nobody_else_on_this_machine_reads_the_data_folder(command, tmp_path):
    before = os.umask(0o022)
    try:
        command("add", "ann", "--role", "read")
    finally:
        os.umask(before)
    folder = tmp_path / "d"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in (DATABASE, "audit.jsonl"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    old = folder / "old.sqlite3"  # of a version that did not mind
    sqlite3.connect(old).close()
    old.chmod(0o644)
    open_database(old)
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.glob("old.sqlite3*")} == {0o600}


def test_a_later_user_of_the_same_name_is_somebody_else(users):
    first = users.add("ann", "read", PASSWORD)
    secret, token = users.sign_in(first), users.new_token("ann")
    users.remove("ann")
    second = users.add("ann", "read", PASSWORD)
    assert second.id != first.id
    assert users.signed_in(secret) is None
    assert users.holder(token) is None


def test_a_password_that_is_changed_ends_what_was_signed_in_with_the_old_one(users):
    ann, bob = (users.add(name, "read", PASSWORD) for name in ("ann", "bob"))
    theirs = [users.sign_in(user) for user in (ann, ann, bob)]
    users.set_password("ann", "another good password")
    assert [users.signed_in(secret) for secret in theirs] == [None, None, bob]


def test_a_cookie_ends_when_it_is_not_used_and_after_a_day_in_any_case(where):
    now = [1_000_000.0]
    users = Users(open_database(where), lambda: now[0])
    ann = users.add("ann", "read", PASSWORD)
    idle, used = users.sign_in(ann), users.sign_in(ann)
    for _ in range(int(LONGEST_S // 3600)):
        now[0] += 3600
        assert users.signed_in(used) == ann
        if now[0] <= 1_000_000 + IDLE_S:
            continue
        assert users.signed_in(idle) is None
    now[0] += 1
    assert users.signed_in(used) is None


def test_made_up_secrets_are_nobodys(users):
    ann = users.add("ann", "read", PASSWORD)
    secret, token = users.sign_in(ann), users.new_token("ann")
    for made_up in ("", "x", secret[:-1], secret.swapcase(), "\0", "é" * 43, token, "'; --"):
        assert users.signed_in(made_up) is None
    for made_up in ("", "sb_", token[:-1], secret, f"{token} "):
        assert users.holder(made_up) is None


def test_secrets_have_256_bits_and_are_never_the_same(users):
    ann = users.add("ann", "read", PASSWORD)
    secrets = {users.sign_in(ann) for _ in range(20)} | {users.new_token("ann") for _ in range(20)}
    assert len(secrets) == 40
    assert {len(s.removeprefix("sb_")) for s in secrets} == {43}  # of base64: 32 bytes


def test_an_unknown_name_takes_as_long_as_a_wrong_password(users):
    users.add("ann", "read", PASSWORD)
    passwords._nobodys()  # made once
    took = {"ann": 9.0, "nobody": 9.0}
    for name in took:
        check = partial(users.checked, name, "wrong password")
        took[name] = min(timeit.repeat(check, number=1, repeat=4))
    wrong, unknown = took.values()
    assert 0.5 < wrong / unknown < 2
    assert wrong > 0.01


def test_a_hash_of_weaker_parameters_is_made_anew_at_the_next_login(users, monkeypatch):
    from argon2 import PasswordHasher

    strong = passwords._HASHER
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=1024))
    users.add("ann", "read", PASSWORD)
    monkeypatch.setattr(passwords, "_HASHER", strong)
    with users._sessions() as session:
        from web.users.rows import UserRow

        weak = session.query(UserRow).one().password
        assert users.checked("ann", PASSWORD)
        session.expire_all()
        assert session.query(UserRow).one().password != weak
    assert users.checked("ann", PASSWORD)


def test_the_password_is_asked_for_twice_and_never_an_argument(command, monkeypatch, tmp_path):
    from web.users import __main__ as cli

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    typed = iter(["one good password", "another good password"])
    monkeypatch.setattr(cli.getpass, "getpass", lambda prompt: next(typed))
    monkeypatch.setattr(sys, "stdin", Terminal())
    with pytest.raises(BriefError, match="two different passwords"):
        cli._password()
    with pytest.raises(SystemExit):
        command("add", "ann", "--role", "read", "--password", PASSWORD)


def test_what_a_removed_user_kept_stays_out_of_reach_or_is_deleted(command, tmp_path):
    from web.conversations import Conversations

    record = {"id": "r1", "question": "Who?", "answer": "Nobody.", "state": "done"}
    for forget, left in (((), 1), (("--forget",), 0)):
        command("add", "ann", "--role", "read")
        sessions = open_database(tmp_path / "d" / DATABASE)
        user = Users(sessions).checked("ann", PASSWORD)
        kept = Conversations(sessions)
        kept.put(user.id, f"c{left}", record | {"id": f"r{left}"})
        command("remove", "ann", *forget)
        assert len(kept.all(user.id)) == left
