"""The database: SQLite or PostgreSQL, brought up to date whatever it was, never half changed."""

import os
import sqlite3
import subprocess
import sys
import threading
import uuid

import pytest
from sqlalchemy import event, inspect, text

from index.types import BriefError
from tests.briefs import record
from tests.conftest import ROOT
from tests.guarded import PASSWORD
from web.brief.store import Briefs
from web.conversations import Conversations
from web.database import Unreachable, chosen_database, open_database
from web.database.__main__ import main as database_command
from web.database.address import parsed
from web.database.everything import TABLES
from web.database.migrating import differences, versions
from web.database.version import CURRENT, version_of
from web.users.__main__ import main as users_command
from web.users.store import Users

# What the first versions made, as `.schema` of sqlite3 shows it.
FIRST = """
CREATE TABLE conversations (id VARCHAR NOT NULL, visitor VARCHAR NOT NULL, title VARCHAR NOT NULL,
  changed_at VARCHAR NOT NULL, shared VARCHAR, PRIMARY KEY (id), UNIQUE (shared));
CREATE INDEX ix_conversations_changed_at ON conversations (changed_at);
CREATE INDEX ix_conversations_visitor ON conversations (visitor);
CREATE TABLE turns (id VARCHAR NOT NULL, conversation_id VARCHAR NOT NULL, number INTEGER NOT NULL,
  record JSON NOT NULL, thumb VARCHAR NOT NULL, reason VARCHAR NOT NULL, PRIMARY KEY (id),
  FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE);
CREATE INDEX ix_turns_conversation_id ON turns (conversation_id);
"""
BRIEFS = """
CREATE TABLE briefs (visitor VARCHAR NOT NULL, title VARCHAR NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (visitor));
CREATE TABLE brief_items (id VARCHAR NOT NULL, visitor VARCHAR NOT NULL, record_id VARCHAR NOT NULL,
  position INTEGER NOT NULL, title VARCHAR NOT NULL, comment VARCHAR NOT NULL, record JSON NOT NULL,
  removed_at DOUBLE, PRIMARY KEY (id),
  FOREIGN KEY(visitor) REFERENCES briefs (visitor) ON DELETE CASCADE);
CREATE INDEX ix_brief_items_visitor ON brief_items (visitor);
INSERT INTO briefs VALUES ('ann', 'Mali', 3);
INSERT INTO brief_items VALUES ('i', 'ann', 'r1', 0, 'A title', 'A comment', '{"id": "r1"}', NULL);
"""
KEPT = """
INSERT INTO conversations VALUES ('c', 'ann', 'Who is Goïta?', '2026-11-25T21:00:00', 'secret');
INSERT INTO turns VALUES ('r1', 'c', 1, '{"id": "r1", "question": "Who is Goïta?",
  "answer": "The president.", "asked_at": "2026-11-25T20:59:00"}', 'up', '');
INSERT INTO turns VALUES ('a3', 'c', 2, '{"id": "a3", "question": "And Déby?", "answer": "",
  "asked_at": "2026-11-25T21:00:00"}', '', '');
INSERT INTO turns VALUES ('r2', 'c', 2, '{"id": "r2", "question": "Where?", "answer": "",
  "asked_at": "2026-11-25T20:59:30"}', '', '');
"""


def old_file(path, *scripts):
    with sqlite3.connect(path) as database:
        for script in scripts:
            database.executescript(script)
    return path


def turn(question="Who?", answer="Nobody.", **more):
    return {"id": uuid.uuid4().hex, "question": question, "answer": answer, "state": "done"} | more


def test_models_and_migrations_agree(where):
    with open_database(where).engine.connect() as connection:
        assert differences(connection, TABLES) == []
        assert version_of(connection) == CURRENT == versions()[-1]


@pytest.mark.parametrize("with_briefs", [True, False])
def test_what_earlier_versions_kept_is_carried_over(tmp_path, with_briefs):
    """Found by words, which they did not have, and numbered anew where two turns had one number."""
    old = old_file(tmp_path / "old.sqlite3", FIRST, KEPT, *([BRIEFS] if with_briefs else []))
    sessions = open_database(old)
    kept = Conversations(sessions)
    assert [r["id"] for r in kept.records("ann", "c")] == ["r1", "r2", "a3"]
    assert kept.records("ann", "c")[0]["thumb"] == "up"
    for words in ("goita president", "deby", "who is goita"):
        assert [c["id"] for c in kept.all("ann", words)] == ["c"], words
    assert kept.take_shared("bob", "secret")
    brief = Briefs(sessions).get("ann")
    assert (brief.title, brief.version) == (("Mali", 3) if with_briefs else ("", 0))
    assert [item.comment for item in brief.items] == (["A comment"] if with_briefs else [])
    with sessions.engine.connect() as connection:
        assert differences(connection, TABLES) == []


def test_tables_of_another_program_are_left_alone(tmp_path):
    other = old_file(tmp_path / "other.sqlite3", "CREATE TABLE users (id VARCHAR, mail VARCHAR);")
    with pytest.raises(BriefError, match="table users of another program"):
        open_database(other)
    with sqlite3.connect(other) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    assert tables == {"users"}  # all or nothing


@pytest.mark.servers
def test_in_postgresql_even_tables_that_look_alike_are_anothers(postgres):
    where = postgres.new()
    postgres.do("CREATE TABLE tokens (digest VARCHAR, user_id VARCHAR)", where.database)
    with pytest.raises(BriefError, match="table tokens of another program"):
        open_database(where)


def test_a_database_of_a_newer_version_is_refused_and_not_touched(where):
    sessions = open_database(where)
    with sessions.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(BriefError, match=r"another version \(9999\)"):
            open_database(where)
    finally:
        with sessions.begin() as session:
            session.execute(text(f"UPDATE alembic_version SET version_num = '{CURRENT}'"))


def in_processes(code, where, *arguments):
    """Run code in two processes at once, which have `where` and `arguments` in `sys.argv`."""
    url = where if isinstance(where, str) else str(where)
    if not isinstance(where, str) and hasattr(where, "render_as_string"):
        url = where.render_as_string(hide_password=False)
    else:
        url = f"sqlite:///{where}"
    command = [sys.executable, "-c", code, url]
    running = [
        subprocess.Popen(
            [*command, str(n), *arguments], cwd=ROOT, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for n in range(2)
    ]  # fmt: skip
    for process in running:  # all have imported what they need
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said


AT_ONCE = """
import sys
from web.conversations import Conversations
from web.brief.store import Briefs
from web.database import open_database
from web.database.address import parsed
import web.database.migrating
_, url, name = sys.argv
print("ready", flush=True), sys.stdin.readline()
sessions = open_database(parsed(url))
kept, briefs = Conversations(sessions), Briefs(sessions)
for n in range(15):
    record = {"id": f"{name}-{n}", "question": "Who?", "answer": "", "state": "done"}
    kept.put("ann", "talk", record)
    brief, _ = briefs.add("ann", record)
    briefs.edit("ann", next(i.id for i in brief.items if i.record == record), comment=name)
"""


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("new", marks=pytest.mark.servers)])
def test_two_processes_make_the_tables_and_add_to_one_conversation_at_once(kind, request, tmp_path):
    """No turn is lost, doubled or misnumbered, nor is a change of the brief."""
    is_file = kind == "sqlite"
    where = tmp_path / "new.sqlite3" if is_file else request.getfixturevalue("postgres").new()
    in_processes(AT_ONCE, where)
    sessions = open_database(where)
    with sessions() as session:
        rows = session.execute(text("SELECT number, id FROM turns ORDER BY number")).all()
    assert [number for number, _ in rows] == list(range(1, 31))
    assert {id_ for _, id_ in rows} == {f"{p}-{n}" for p in range(2) for n in range(15)}
    for process in "01":
        own = [id_ for _, id_ in rows if id_.startswith(process)]
        assert own == [f"{process}-{n}" for n in range(15)]
    brief = Briefs(sessions).get("ann")
    assert (len(brief.items), brief.version) == (30, 60)
    assert all(item.comment == item.record["id"][0] for item in brief.items)


def test_a_file_that_another_process_is_just_writing_is_waited_for(tmp_path):
    """SQLite says at once that it is locked where its journal's mode is changed meanwhile."""
    path = tmp_path / "new.sqlite3"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.3, lambda: other.execute("COMMIT")).start()
    with open_database(path)() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
    other.close()


def test_what_is_cut_by_two_at_once_is_cut_once(where):
    """The second one must not take away what the first has asked since in its place."""
    kept = Conversations(open_database(where))
    first = turn()
    kept.put("ann", "c", first)
    kept.cut("ann", first["id"])
    kept.put("ann", "c", turn("Where?"))
    with pytest.raises(BriefError, match="no such conversation"):
        kept.cut("ann", first["id"])
    assert [r["question"] for r in kept.records("ann", "c")] == ["Where?"]


ODD = "a\x00b \ud800 é e\u0301 漢字 😀 \u202e ' \" \\ % _ {}"


def test_whatever_somebody_types_is_kept_and_found(where):
    """PostgreSQL has no NUL in text, and nothing has halves of pairs; records keep both."""
    sessions = open_database(where)
    kept = Conversations(sessions)
    asked = turn(ODD, "x" * 2_000_000 + " END", notes=[ODD, None, 1.5, {"ï": True}])
    kept.put("ann", "c", asked)
    (found,) = kept.records("ann", "c")
    assert found == {**asked, "thumb": "", "thumb_reason": ""}
    for words in ("a\x00b", "\ud800", "漢字 😀", "E END", "é", "% _ {}"):
        assert [c["id"] for c in kept.all("ann", words)] == ["c"], words
    assert kept.all("ann", "a\x00c") == []
    kept.rename("ann", "c", ODD)
    kept.judge("ann", asked["id"], "down", ODD)
    assert kept.title("ann", "c") == ODD.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    for odd in ("\x00", "\ud800", "c\x00", "c" * 100_000):
        with pytest.raises(BriefError, match="no such conversation"):
            kept.records("ann", odd)
    with pytest.raises(BriefError, match="not shared any more"):
        kept.take_shared("bob", "\x00")
    brief, _ = Briefs(sessions).add("ann", asked)
    assert brief.items[0].record == asked
    assert Users(sessions).signed_in("\x00") is None
    assert not Users(sessions).is_known("a\x00")


def test_what_belongs_to_what_is_deleted_goes_with_it(where):
    sessions = open_database(where)
    kept, briefs, users = Conversations(sessions), Briefs(sessions), Users(sessions)
    kept.put("ann", "c", turn())
    kept.remove("ann", "c")
    ann = users.add("ann", "read", PASSWORD)
    secret, token = users.sign_in(ann), users.new_token("ann")
    users.remove("ann")
    briefs.add("ann", record())
    with sessions.begin() as session:
        session.execute(text("DELETE FROM briefs"))
    with sessions() as session:
        for table in TABLES.sorted_tables:
            assert session.scalar(text(f"SELECT count(*) FROM {table.name}")) == 0, table.name
    assert users.signed_in(secret) is None and users.holder(token) is None


def filled(where):
    sessions = open_database(where)
    kept = Conversations(sessions)
    for n in range(3):
        kept.put("ann", f"c{n % 2}", turn(f"Who? {ODD}", f"{n}"))
    kept.share("ann", "c0", shared=True)
    Briefs(sessions).add("ann", record())
    ann = Users(sessions).add("ann", "admin", PASSWORD)
    Users(sessions).sign_in(ann)
    Users(sessions).new_token("ann")
    return sessions


def rows(sessions):
    with sessions() as session:
        return {
            table.name: sorted(map(tuple, session.execute(table.select())), key=repr)
            for table in TABLES.sorted_tables
        }


@pytest.mark.servers
def test_all_is_copied_to_postgresql_and_back_and_only_where_nothing_is(
    postgres, tmp_path, monkeypatch, capsys
):
    before = filled(tmp_path / "before.sqlite3")
    url = postgres.emptied()
    there, back = url.render_as_string(hide_password=False), f"sqlite:///{tmp_path}/back.sqlite3"
    (tmp_path / "url").write_text(f"{there}\n")

    def copy(source, target):
        monkeypatch.setattr(sys, "argv", ["web.database", "copy", "--from", source, "--to", target])
        return database_command(), capsys.readouterr()

    status, said = copy(f"sqlite:///{tmp_path}/before.sqlite3", f"@{tmp_path / 'url'}")
    assert (status, said.err) == (0, "")
    assert "       3 turns\n" in said.out and "       1 tokens\n" in said.out
    assert "%2F" not in said.out and "***" in said.out
    assert copy(there, back)[0] == 0
    assert rows(open_database(tmp_path / "back.sqlite3")) == rows(before)
    assert rows(open_database(url)) == rows(before)
    status, said = copy(back, there)
    assert status == 1 and "There is something in" in said.err
    status, said = copy(there, there)
    assert status == 1 and "one and the same" in said.err
    status, said = copy("sqlite:////nowhere.sqlite3", there)
    assert status == 1 and "There is no file /nowhere.sqlite3" in said.err


WRONG = [
    ({"password": "wrong&pass"}, "See the user and the password in the URL."),
    ({"database": "nowhere"}, "Make it: createdb --owner brief nowhere"),
    ({"port": 1}, "See whether its server is running"),
    ({"host": "nowhere.invalid"}, "and the host and the port in the URL"),
    ({"query": {"sslmode": "verify-full", "sslrootcert": "/nowhere.pem"}}, "sslrootcert"),
]


@pytest.mark.servers
@pytest.mark.parametrize(("change", "words"), WRONG)
def test_what_is_wrong_with_the_server_is_said_with_its_remedy(postgres, change, words):
    with pytest.raises(BriefError) as error:
        open_database(postgres.url().set(**change))
    assert words in str(error.value)
    for secret in ("s3cret", "wrong&pass"):
        assert secret not in str(error.value)


@pytest.mark.servers
def test_a_user_who_may_make_no_tables_and_a_database_without_letters_are_told(postgres):
    postgres.do("CREATE ROLE guest LOGIN PASSWORD 'guest-password'")
    guest = postgres.new().set(username="guest", password="guest-password")
    with pytest.raises(BriefError, match="GRANT CREATE, USAGE ON SCHEMA public"):
        open_database(guest)
    latin = postgres.new("ENCODING LATIN1 LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'")
    with pytest.raises(BriefError, match="keeps text as LATIN1"):
        open_database(latin)


@pytest.mark.servers
def test_tls_is_spoken_with_who_the_certificate_names(postgres):
    root = str(postgres.folder / "data" / "server.crt")
    safe = postgres.emptied().set(query={"sslmode": "verify-full", "sslrootcert": root})
    with open_database(safe).engine.connect() as connection:
        own = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert connection.scalar(own) is True
    with pytest.raises(BriefError, match="sslmode and sslrootcert in the URL"):
        open_database(safe.set(host="localhost"))  # which is not what it names


def test_a_missing_driver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BriefError, match=r"pip install -e '.\[postgres\]'"):
        open_database(parsed("postgresql://a:b@127.0.0.1/c"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3c@ret@host/name", "s3cret",
        "mysql://u:s3cret@host/name", "postgresql://host",
        "postgresql://u:s3c:ret@host:s3cret/name", "sqlite://", "@/nowhere/s3cret",
    ],
)  # fmt: skip
def test_a_url_that_is_none_is_refused_without_a_word_of_it(url, monkeypatch, tmp_path):
    monkeypatch.setenv("SAHEL_BRIEF_DATABASE", url)
    with pytest.raises(BriefError) as error:
        chosen_database(None, tmp_path)
    assert url.startswith("@") or not {"s3c", "ret@host", "s3cret"} & set(str(error.value).split())
    assert "postgresql://USER" in str(error.value) or "cannot be read" in str(error.value)


def test_an_option_wins_over_the_environment_and_both_over_the_data_folder(monkeypatch, tmp_path):
    assert chosen_database(None, tmp_path) == tmp_path / "conversations.sqlite3"
    monkeypatch.setenv("SAHEL_BRIEF_DATABASE", "postgres://u:p%40ss@h:5433/n?sslmode=require")
    found = chosen_database(None, tmp_path)
    assert (found.drivername, found.password, found.query["sslmode"]) == (
        "postgresql+psycopg", "p@ss", "require",
    )  # fmt: skip
    assert "p@ss" not in str(found) and "p%40ss" not in repr(found)
    assert chosen_database("sqlite:////d/x.sqlite3", tmp_path).as_posix() == "/d/x.sqlite3"


@pytest.fixture
def server(postgres):
    yield postgres
    postgres.start() if not postgres.is_up() else None


@pytest.mark.servers
def test_a_server_that_is_started_anew_costs_nobody_their_question(server):
    kept = Conversations(open_database(server.emptied()))
    kept.put("ann", "c", turn())
    server.restart()
    assert len(kept.records("ann", "c")) == 1
    kept.put("ann", "c", turn())
    # In the middle of a transaction: that is done again.
    pids = []

    def work(session):
        pids.append(session.scalar(text("SELECT pg_backend_pid()")))
        if len(pids) == 1:
            server.do(f"SELECT pg_terminate_backend({pids[0]})")
        return session.scalar(text("SELECT count(*) FROM turns"))

    assert kept._sessions.change(work) == 2
    assert kept._sessions.read(work) == 2
    assert pids[0] != pids[1]


@pytest.mark.servers
def test_a_server_that_is_away_is_said_in_words_until_it_is_back(server):
    from tests.guarded import HERE
    from web.history import history_routes

    sessions = open_database(server.emptied())
    client = page_of(history_routes(Conversations(sessions), lambda: None))
    assert client.get("/conversations").json() == []
    server.stop()
    away = client.get("/conversations")
    assert away.status_code == 503
    assert away.json()["detail"].startswith("What is kept here cannot be reached")
    put = client.patch("/conversations/c", json={"title": "x"}, headers=HERE)
    assert put.status_code == 503
    server.start()
    assert client.get("/conversations").json() == []


def page_of(router):
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from web.refusals import refused
    from web.visitors import COOKIE

    app = FastAPI()
    app.include_router(router)
    app.add_exception_handler(BriefError, refused)
    return TestClient(app, cookies={COOKIE: "m" * 32})


@pytest.mark.servers
def test_what_may_have_been_kept_is_not_done_again_and_that_is_said(server):
    """The connection ends with the commit on its way: whether that arrived nobody knows."""
    sessions = open_database(server.emptied())
    done = []

    def ended(connection):
        if not done:
            done.append(connection.scalar(text("SELECT pg_backend_pid()")))
            server.do(f"SELECT pg_terminate_backend({done[0]})")

    event.listen(sessions.engine, "commit", ended)
    tried = []
    with pytest.raises(Unreachable, match="it may be kept or not"):
        sessions.change(lambda session: tried.append(session.scalar(text("SELECT 1"))))
    assert tried == [1]


@pytest.mark.servers
def test_two_who_get_in_each_others_way_both_get_through(postgres):
    """Each holds what the other wants: the server ends one of them, which is done again."""
    sessions = open_database(postgres.emptied())
    users = Users(sessions)
    for name in ("ann", "bob"):
        users.add(name, "read", PASSWORD)
    meeting, tries = threading.Barrier(2, timeout=30), []

    def rename(first, second):
        def work(session):
            tries.append(first)
            for step, name in enumerate((first, second)):
                change = text("UPDATE users SET role = :role WHERE name = :name")
                session.execute(change, {"role": f"by {first}", "name": name})
                if step == 0 and len(tries) <= 2:
                    meeting.wait()

        sessions.change(work)

    threads = [threading.Thread(target=rename, args=a) for a in (("ann", "bob"), ("bob", "ann"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(tries) == 3
    assert len({user.role for user, _ in users.all()}) == 1


@pytest.mark.servers
def test_commands_use_the_database_that_is_given(postgres, monkeypatch, capsys, tmp_path):
    url = postgres.new().render_as_string(hide_password=False)
    monkeypatch.setenv("SAHEL_BRIEF_DATABASE", url)

    def run(main, *arguments):
        monkeypatch.setattr(sys, "argv", ["command", *arguments])
        monkeypatch.setattr(sys, "stdin", __import__("io").StringIO(f"{PASSWORD}\n"))
        status = main()
        return status, capsys.readouterr().out

    assert "version none yet" in run(database_command, "current")[1]
    status, said = run(database_command, "check")
    assert status == 1 and "add_table" in said
    assert f"version {CURRENT}, of {CURRENT}" in run(database_command, "upgrade")[1]
    assert run(database_command, "check") == (0, "")
    assert run(users_command, "add", "ann", "--role", "read") == (0, "added: ann, who may read\n")
    assert "ann  read" in run(users_command, "list")[1]
    assert not (tmp_path / "data" / "conversations.sqlite3").exists()


def test_a_file_that_is_not_there_yet_is_looked_at_without_making_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["web.database", "current", "--data", str(tmp_path / "d")])
    assert database_command() == 1
    assert "made at the first start" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


def test_alembic_is_not_imported_where_there_is_nothing_to_change(tmp_path):
    path = tmp_path / "kept.sqlite3"
    assert inspect(open_database(path).engine).has_table("turns")
    code = (
        "import sys; from pathlib import Path; from web.database import open_database; "
        f"open_database(Path({str(path)!r})); "
        "sys.exit(any(name.split('.')[0] in ('alembic', 'psycopg') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
