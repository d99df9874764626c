"""What says that nothing is lost and nothing grows must see it where something is, or does."""

import statistics
import sys
import time
from collections import Counter

import httpx
import pytest

from benchmarks.endurance.__main__ import arguments, measure
from benchmarks.endurance.growth import slope
from benchmarks.endurance.ledger import Ledger
from benchmarks.endurance.processes import Program, Supervisor
from benchmarks.serving import free_port

Q = "Who led the second coup?"


def record(key, question=Q, state="done"):
    return {"id": key, "question": question, "state": state}


def test_a_turn_that_was_acknowledged_must_be_there_once_and_whole():
    ledger = Ledger(turns={"1": Q}, asked=Counter({Q: 2}))
    assert ledger.lost_turns([record("1")]) == []
    assert ledger.lost_turns([record("1"), record("2", state="searching")]) == []  # a connection
    assert ledger.lost_turns([]) == [f"the answer to {Q!r} is gone"]
    assert ledger.lost_turns([record("1", state="evidence")]) != []
    assert ledger.lost_turns([record("1"), record("1")]) == ["answer 1 is kept twice"]
    thrice = [record("1"), record("2"), record("3")]
    assert ledger.lost_turns(thrice) == [f"{Q!r} was asked 2 times, kept 3 times"]


def test_a_document_is_there_as_it_was_acknowledged_or_as_it_was_sent_since():
    ledger = Ledger()
    well = ledger.documents["well"]
    well.send("well v1")
    assert ledger.lost_documents([]) == ledger.lost_documents(["well v1"]) == []
    well.acknowledge("well v1")
    assert ledger.lost_documents(["other v1"]) == ["of well there is nothing, not well v1"]
    well.send("well v2")
    assert ledger.lost_documents(["well v2"]) == []
    assert "more than one" in ledger.lost_documents(["well v1", "well v2"])[0]
    well.acknowledge("")
    assert ledger.lost_documents(["well v2"]) == ["of well there is well v2, not no"]


def test_a_brief_has_what_was_put_into_it_with_its_last_comment():
    ledger = Ledger()
    ledger.items["a"].acknowledge("Yes.")
    ledger.added.add("a")
    there = {"title": "", "items": [{"answer": "a", "comment": "Yes."}]}
    assert ledger.lost_brief(there) == []
    assert ledger.lost_brief({"title": "", "items": []}) == ["answer a is gone from the brief"]
    other = {"title": "", "items": [{"answer": "a", "comment": ""}]}
    assert ledger.lost_brief(other) == ["answer a has the comment ''"]
    ledger.gone["a"] = True
    assert ledger.lost_brief(there) == ["answer a is in the brief again"]


def test_a_slope_tells_growth_from_noise_and_says_where_it_cannot():
    minutes = range(12)
    assert slope("x", "", minutes, [100 + m for m in minutes], 10).verdict == "grows"
    assert slope("x", "", minutes, [100 + m % 2 / 100 for m in minutes], 10).verdict == (
        "does not grow"
    )
    assert slope("x", "", minutes, [0, 9, 1, 8, 2, 7, 3, 6, 4, 5, 0, 9], 10).verdict == (
        "too short to tell"
    )
    assert slope("x", "", minutes, [100 + m for m in minutes], 10).per_hour == 60


def test_a_program_that_is_killed_is_started_again_and_one_that_ends_by_itself_is_told(tmp_path):
    port = free_port()
    command = (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1")
    web = Program("web", command, f"http://127.0.0.1:{port}/")
    with Supervisor([web], tmp_path) as supervisor:
        before = supervisor.usage()["web"]
        assert before.threads >= 1 and before.handles > 3 and before.memory_mb > 1
        supervisor.kill("web")
        time.sleep(0.5)
        supervisor.wait("web")
        assert httpx.get(web.ready).status_code == 200
        assert supervisor.ended == []
    ends = Program("ends", (sys.executable, "-c", "import time; time.sleep(0.3)"), web.ready)
    with Supervisor([web, ends], tmp_path) as supervisor:
        time.sleep(1)
    assert ("ends", 0) in supervisor.ended


@pytest.mark.model
@pytest.mark.timeout(200)
def test_under_load_and_a_kill_nothing_is_lost_and_neither_threads_nor_files_grow(tmp_path):
    """As `python -m benchmarks.endurance`, in seconds for minutes and with quotations."""
    options = "--quotations --minutes 0.15 --every 1 --clients 4 --pause 0.2 --kill 1 --between 2"
    found = measure(arguments().parse_args(options.split()), tmp_path)
    for what in ("lost", "failures", "tracebacks", "ended", "problems"):
        assert found[what] == [], what
    (kill,) = found["kills"]
    assert kill["program"] == "app" and kill["interrupted"] and not kill["lost"]
    assert found["acknowledged"]["turns"] and found["acknowledged"]["documents"]
    assert found["children"] == {"app": 0}  # the model is in the process itself
    rows = found["minutes"]
    third = len(rows) // 3
    for held, more in (("threads", 12), ("handles", 20)):  # what a pool takes up once
        values = [row["used"]["app"][held] for row in rows]
        assert statistics.median(values[-third:]) <= statistics.median(values[:third]) + more
