"""The commands as a user runs them, in processes of their own."""

import argparse
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.fault_server import Reply, faults
from index.types import BriefError
from qa.choosing import add_model_arguments, chosen_model
from qa.providers import provided
from tests.conftest import ROOT


def run(*arguments, cwd=ROOT, **environment):
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_library_from_the_command_line(tmp_path):
    (tmp_path / "a.md").write_text("---\ntitle: Wells\nas_of: 2024-01\n---\nThe well is dry.")
    (tmp_path / "empty.md").write_text("")
    data = str(tmp_path / "data")
    added = run("index", "add", str(tmp_path / "a.md"), str(tmp_path / "empty.md"), "--data", data)
    assert added.returncode == 1
    assert "added: a.md – “Wells”, 1 passage" in added.stdout
    assert "empty.md is empty" in added.stderr and "Traceback" not in added.stderr
    assert "unchanged" in run("index", "add", str(tmp_path / "a.md"), "--data", data).stdout
    assert "Wells" in run("index", "list", "--data", data).stdout
    assert "rebuilt: 1 passages" in run("index", "rebuild", "--data", data).stdout
    assert "removed: “Wells”" in run("index", "remove", "a.md", "--data", data).stdout
    assert "is empty" in run("index", "list", SAHEL_BRIEF_DATA=data).stdout


def test_a_folder_is_added_with_what_is_in_it_and_what_is_left_out_is_said(tmp_path):
    folder, data = tmp_path / "folder", str(tmp_path / "data")
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.md").write_text("# Wells\n\nThe well is dry.")
    (folder / "b.txt").write_text("The mill stands still.")
    (folder / "c.xyz").write_text("x")
    (folder / "d.txt").symlink_to("/etc/hostname")
    (folder / ".hidden.txt").write_text("x")
    added = run("index", "add", str(folder), "--data", data)
    assert added.returncode == 1
    assert "added: a.md" in added.stdout and "added: b.txt" in added.stdout
    assert added.stderr.count("error: ") == 2
    assert "c.xyz is of a format" in added.stderr and "d.txt is a link" in added.stderr

    edited = run("index", "edit", "b.txt", "--title", "The mill", "--as-of", "2022", "--data", data)
    assert edited.stdout == "edited: “The mill”\n"
    listed = json.loads(run("index", "list", "--json", "--data", data).stdout)
    assert [(d["title"], d["as_of"], d["passages"]) for d in listed] == [
        ("The mill", "2022", 1),
        ("Wells", "", 1),
    ]
    shown = json.loads(run("index", "show", "a.md", "--json", "--data", data).stdout)
    assert [c["text"] for c in shown["contents"]] == ["The well is dry."]
    exported = run("index", "export", str(tmp_path / "out"), "--data", data).stdout.split()
    again = run("index", "add", *exported, "--data", str(tmp_path / "data2"))
    assert "“The mill”, 1 passage" in again.stdout and "“Wells”, 1 passage" in again.stdout
    sound = run("index", "doctor", "--json", "--data", data)
    assert (sound.returncode, json.loads(sound.stdout)["problems"]) == (0, [])
    with sqlite3.connect(tmp_path / "data" / "library.sqlite3") as file:
        file.execute("UPDATE passages SET text = 'The well is full.' WHERE text LIKE '%well%'")
    file.close()
    ill = run("index", "doctor", "--data", data)
    assert ill.returncode == 1
    assert "1 passages of" in ill.stdout and "python -m index rebuild" in ill.stdout
    run("index", "rebuild", "--data", data)
    assert "All is well." in run("index", "doctor", "--data", data).stdout


def test_standard_input_is_a_document(tmp_path):
    for text in ("The well is dry.", "The mill stands still."):
        done = subprocess.run(
            [sys.executable, "-m", "index", "add", "-", "--data", str(tmp_path)],
            cwd=ROOT, input=text, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.startswith("added: ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["qa", ""], "no question"),
        (["qa", "why " * 5000], "at most 1,000"),
        (["qa", "batch", "none.jsonl", "out.jsonl"], "cannot be read"),
        (["qa", "check", "none.jsonl", "out.jsonl"], "cannot be read"),
        (["index", "add", "none.md"], "no file"),
        (["index", "remove", "none"], "no document"),
    ],
)
def test_bad_input_is_a_message_with_status_1(arguments, says, tmp_path):
    done = run(*arguments, SAHEL_BRIEF_DATA=str(tmp_path))
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_data_folder_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    done = run("app", "--no-browser", "--data", str(tmp_path / "file"))
    assert done.returncode == 1
    assert "SAHEL_BRIEF_DATA" in done.stderr and "Traceback" not in done.stderr


def test_a_port_in_use_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("app", "--no-browser", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "--port" in done.stderr and "Traceback" not in done.stderr


def test_without_weights_and_offline_the_answer_is_quoted_and_says_why(tmp_path):
    done = run(
        "qa", "--json", "--profile", "Who led the second coup in Mali?", "--offline",
        SAHEL_BRIEF_CACHE=str(tmp_path / "none"),
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert [s["status"] for s in answer["sentences"]] == ["quoted"]
    assert "Goita then led a second coup" in answer["answer"]
    assert "--offline" in done.stderr
    for stage in ("opening the library", "search", "selecting evidence", "all of it"):
        assert re.search(rf"^{stage} +\d+\.\d{{3}} s$", done.stderr, re.M)


def test_a_batch_is_answered_line_by_line_also_from_its_own_passages(tmp_path):
    lines = [
        {"id": 1, "question": "Who led the second coup in Mali?", "history": []},
        {"id": 2, "question": "Where is he based?", "history": [["Who is Royce de Melo?", None]]},
        {
            "id": 3,
            "question": "Who lit the lamp?",
            "passages": [{"title": "Lamp", "text": "Ada Brown lit the lamp."}, "."],
        },
        {"id": 4, "question": ""},
    ]
    given, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text("\n".join(map(json.dumps, lines)))
    done = run(
        "qa", "batch", str(given), str(out), "--offline", SAHEL_BRIEF_CACHE=str(tmp_path / "none")
    )
    assert done.returncode == 1
    assert "1 of 4 lines" in done.stderr
    results = [json.loads(line) for line in out.read_text().splitlines()]
    assert [r["id"] for r in results] == [1, 2, 3, 4]
    assert results[1]["resolved"] == "Where is Royce de Melo based?"
    assert results[2]["citations"][0]["quote"] == "Ada Brown lit the lamp."
    assert "no question" in results[3]["error"]


def checked(tmp_path, *lines, out="out.jsonl"):
    given = tmp_path / "in.jsonl"
    given.write_text("\n".join(lines), "utf-8")
    return run("qa", "check", str(given), str(tmp_path / out))


def test_claims_are_checked_line_by_line_in_their_order(tmp_path):
    lines = [
        {"id": "b", "claim": "The well is dry.", "evidence": ["Ada left.", "The well is dry."]},
        {"id": "a", "claim": "The well is dry. Three men left.", "evidence": ["The well is dry."]},
        {"id": 3, "claim": "Twelve wells are dry.", "evidence": []},
    ]
    done = checked(tmp_path, *map(json.dumps, lines))
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == [
        {"id": "b", "supported": 1.0, "status": "supported", "reasons": []},
        {
            "id": "a",
            "supported": 0.0,
            "status": "unsupported",
            "reasons": ["the figure 3 is not in the evidence"],
        },
        {
            "id": 3,
            "supported": 0.0,
            "status": "unsupported",
            "reasons": ["there is no evidence"],
        },
    ]


def test_claims_that_cannot_be_checked_say_why_and_the_others_are_checked(tmp_path):
    lines = [
        {"id": 1, "claim": " ", "evidence": ["The well is dry."]},
        {"id": 2, "claim": "The well is dry."},
        {"id": 3, "claim": "The well is dry.", "evidence": "The well is dry."},
        # A line end of its own kind inside a text does not end the line.
        {"id": 4, "claim": "The well is dry.", "evidence": ["The well\u2028is dry."]},
    ]
    done = checked(tmp_path, *(json.dumps(line, ensure_ascii=False) for line in lines))
    assert done.returncode == 1
    assert "3 of 4 lines" in done.stderr
    results = [
        json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").split("\n")[:4]
    ]
    assert [r["id"] for r in results] == [1, 2, 3, 4]
    assert "no claim" in results[0]["error"]
    assert "no “evidence”" in results[1]["error"]
    assert "not a list of texts" in results[2]["error"]
    assert results[3]["status"] == "supported"


@pytest.mark.parametrize("line", ['{"id": 1}', "[]", "{"])
def test_a_file_that_is_not_one_of_claims_is_a_message_with_its_line(line, tmp_path):
    done = checked(tmp_path, '{"claim": "Yes.", "evidence": []}', line)
    assert done.returncode == 1
    assert "line 2" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("out", ["none/out.jsonl", "/dev/full"])
def test_results_of_a_check_that_cannot_be_written_are_a_message(out, tmp_path):
    if out == "/dev/full" and not Path(out).exists():
        pytest.skip("this system has no /dev/full")
    done = checked(tmp_path, '{"claim": "Yes.", "evidence": []}', out=out)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr


def test_checking_loads_no_model():
    script = "import sys, qa.__main__; sys.exit('torch' in sys.modules or 'openai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 0


def test_a_model_elsewhere_is_asked_from_the_command_line_which_says_so(tmp_path):
    with faults(Reply("Assimi Goita led the second coup in Mali.")) as server:
        asked = run(
            "qa", "--json", "Who led the second coup in Mali?", "--data", str(tmp_path),
            "--model", "openai:m", "--model-url", f"{server.url}/v1", "--offline",
        )  # fmt: skip
        assert [s["status"] for s in json.loads(asked.stdout)["sentences"]] == ["supported"]
        assert "are sent to openai (127.0.0.1:" in asked.stderr
        server.then = Reply(status=401)
        lines, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
        lines.write_text('{"id": 1, "question": "Who led the second coup in Mali?"}')
        done = run(
            "qa", "batch", str(lines), str(out), "--data", str(tmp_path),
            SAHEL_BRIEF_MODEL="openai:m", SAHEL_BRIEF_MODEL_URL=f"{server.url}/v1",
        )  # fmt: skip
        assert "refuses the key" in done.stderr and "Traceback" not in done.stderr
        (answer,) = map(json.loads, out.read_text("utf-8").splitlines())
        assert [s["status"] for s in answer["sentences"]] == ["quoted"]
        assert "did not answer" in answer["notice"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--model", "nobody:m"], "no provider nobody. Choose one that LangChain knows"),
        (["--model", "groq:m"], "pip install langchain-groq"),
        (["--model-url", "http://127.0.0.1:1/v1"], "--model openai:NAME, not 1.5b"),
        (["--model", "openai:m", "--model-url", "127.0.0.1"], "is no address"),
        (["--model", "openai:m", "--model-url", "http://a:b@c/v1"], "holds no password"),
        (["--model", "openai:m", "--offline"], "nothing is sent with --offline"),
        (["--model", "openai:m", "--model-url", "https://a.example/v1", "--offline"], "not on"),
        (["--fallback-model", "1.5b"], "is for a model elsewhere"),
        (["--model", "openai:m", "--fallback-model", "ollama:m"], "is not on this machine"),
    ],
)
def test_what_is_wrong_with_the_choice_of_a_model_is_said_at_once(tmp_path, options, says):
    parser = argparse.ArgumentParser()
    add_model_arguments(parser)
    with pytest.raises(BriefError, match=re.escape(says)):
        chosen_model(parser.parse_args(options))


def test_a_missing_package_is_said_with_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setattr("qa.providers.find_spec", lambda module: None)
    with pytest.raises(BriefError, match=re.escape("pip install -e '.[ollama]' -c")):
        provided("ollama:m")
