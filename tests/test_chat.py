"""A conversation in a terminal, as it is read on the screen."""

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

from index.access import changing
from index.reading import parse_document, read_document
from qa.chat import Chat
from qa.terminal import Screen, plain
from qa.types import Answer
from tests.conftest import REPORT, ROOT
from tests.fakes import BagOfWords
from tests.test_api import COUP, SAID, engine_of

ESCAPE = re.compile(r"\x1b\[(?:2J|31m)|\x07|\x9b")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    with changing(tmp_path_factory.mktemp("library"), BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
        well = "# The \x1b[31mwell\x07\n\nThe well in Kati was \x1b[2J\x9b2Kdug in 2019.\n"
        library.add(parse_document(well, name="well.md", as_of="2020"), "/x/well.md")
        yield library


def talked(engine, *lines, colours=False, columns=80):
    """Return what is on the screen once these lines have been typed."""
    out, typed = io.StringIO(), iter(lines)

    def read():
        line = next(typed, EOFError())
        if isinstance(line, BaseException):
            raise line
        return line

    Chat(engine, Screen(out, lambda: columns, colours=colours)).run(read)
    return out.getvalue()


def test_the_evidence_comes_first_then_the_answer_then_its_footnotes(library):
    lines = talked(engine_of(library, SAID), COUP).splitlines()
    assert lines[0].startswith("[1] ") and "second coup" in " ".join(lines[:2])
    assert " – 3. Coups" in " ".join(" ".join(lines[:4]).split())
    answer = lines.index(f"{SAID} [1]")
    assert answer > 0
    assert lines[answer + 1].startswith("[1] “") and "September 2023" in " ".join(lines)


def test_where_there_are_colours_the_evidence_is_dim_and_the_draft_passes_by(library):
    shown = talked(engine_of(library, SAID), COUP, colours=True)
    assert shown.startswith("\x1b[2m[1] ")
    assert "\r\x1b[K\x1b[2mColonel Assimi\x1b[0m" in shown
    assert f"\r\x1b[K\x1b[1m{SAID} [1]\x1b[0m\n" in shown
    assert "\x1b" not in talked(engine_of(library, SAID), COUP)


def test_a_follow_up_takes_from_what_came_before(library):
    shown = talked(engine_of(library), "Who is Royce de Melo?", "Where is he based?")
    assert "Understood as: Where is Royce de Melo based?" in shown


def test_a_declined_question_says_why_and_what_is_closest(library):
    shown = talked(engine_of(library), "Who is Macron?")
    assert "never mentions Macron" in shown and "\n- 8. The threat" in shown
    assert "One could ask: What does" in shown


def test_the_sources_of_the_last_answer_are_shown_in_full(library):
    assert "Nothing is cited yet" in talked(engine_of(library), "/sources")
    shown = talked(engine_of(library, SAID), COUP, "/sources", columns=100)
    whole = " ".join(shown.split())
    assert whole.count("led a second coup and took the title") == 3  # evidence, footnote, source
    assert "…" not in shown.rpartition("[1] ")[2]


def test_a_conversation_is_about_the_documents_that_are_chosen(library):
    asked = []
    engine = engine_of(library)
    engine.stream = lambda sent: asked.append(sent["documents"]) or iter([Answer("q", "q", "done")])
    report, well = library.documents()
    shown = talked(
        engine, "/documents", "/only 2", "/documents", "q", f"/only {report.id[:8]} well.md", "q",
        "/only", "q", "/only none", '/only "x',
    )  # fmt: skip
    shown = " ".join(shown.split())
    assert f"1 {report.title}, as of September 2023 {report.id}" in shown
    assert "2 The [31mwell, as of 2020 (asked)" in shown
    assert asked == [[well.id], [report.id, well.id], []]
    assert "All documents are asked." in shown
    assert "no document is called none" in shown and "Close it." in shown


def test_a_wrong_command_and_a_wrong_question_are_said_and_the_talk_goes_on(library):
    shown = talked(engine_of(library, SAID), "/what", "?", "", COUP)
    assert "There is no command /what." in shown and "/quit" in shown
    assert "There is no question." in shown and SAID in shown


def test_quit_and_the_end_of_the_input_end_it(library):
    engine = engine_of(library, SAID)
    assert talked(engine, "/quit", COUP) == ""
    assert talked(engine, EOFError(), COUP) == ""


def test_control_c_stops_the_answer_and_not_the_talk(library):
    closed = []
    engine = engine_of(library)
    answers = engine.stream

    def stream(question):
        try:
            for answer in answers(question):
                yield answer
                if answer.state == "evidence" and not closed:
                    raise KeyboardInterrupt
        finally:
            closed.append(question["question"])

    engine.stream = stream
    shown = talked(engine, COUP, KeyboardInterrupt(), "Who led it?")
    assert "Stopped." in shown and closed == [COUP, "Who led it?"]
    assert "Understood as" in shown or "[1] “" in shown.partition("Stopped.")[2]


def test_a_document_sends_no_commands_to_the_terminal(library):
    question = "When was the well in Kati dug?"
    for colours in (False, True):
        shown = talked(
            engine_of(library), question, "/sources", "/documents", "/only 2", colours=colours
        )
        assert "2019" in shown and not ESCAPE.search(shown)


def test_controls_of_all_kinds_are_taken_out_and_letters_are_not():
    assert plain("a\x00\x1b]0;t\x07b\x85\x9b1m\x7f\r\nc\td\ud800") == "a]0;tb1m\nc d"
    assert plain("\u202egnp.exe\u2066x\u2028") == "gnp.exex"
    assert plain("Goïta “é” العربية 汉字") == "Goïta “é” العربية 汉字"


def test_a_narrow_terminal_breaks_lines_where_words_end(library):
    shown = talked(engine_of(library, SAID), COUP, "/documents", "/help", columns=24)
    assert max(map(len, shown.splitlines())) <= 24
    assert max(map(len, talked(engine_of(library, SAID), COUP, columns=1).splitlines())) <= 20


def test_as_a_process_it_edits_lines_stops_at_control_c_and_ends_at_control_d(tmp_path):
    environment = {
        **os.environ, "SAHEL_BRIEF_CACHE": str(tmp_path / "none"), "TERM": "xterm", "NO_COLOR": "1",
    }  # fmt: skip
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "qa", "chat", "--offline", "--data", str(tmp_path / "data")]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
        # As in a terminal: what a shell runs in the background begins with it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    os.close(theirs)
    shown = ""

    def until(words, seconds=150):
        nonlocal shown
        deadline = time.monotonic() + seconds
        while words not in shown:
            assert time.monotonic() < deadline, shown
            if select.select([ours], [], [], 0.2)[0]:
                shown += os.read(ours, 4096).decode(errors="replace")
        shown = shown.partition(words)[2]

    until("type /help")
    until("> ")
    os.write(ours, b"Who led the third\x17second coup in Mali?\r")  # ^W takes a word back
    until("Goita then led a second coup")
    until("> ")
    time.sleep(1)  # a signal between the prompt and readline's waiting is seen at the next key
    process.send_signal(signal.SIGINT)
    until("> ")
    os.write(ours, b"\x1b[A\r")  # the line before, once more
    until("Goita then led a second coup")
    until("> ")
    os.write(ours, b"\x04")
    assert process.wait(20) == 0
    os.close(ours)


def test_what_is_piped_in_is_answered_and_shown_without_escapes(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "qa", "chat", "--offline", "--data", str(tmp_path / "data")],
        cwd=ROOT, env={**os.environ, "SAHEL_BRIEF_CACHE": str(tmp_path / "none")},
        input=f"{COUP}\n/quit\n", capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.startswith(f"> {COUP}\n[1] ") and "\x1b" not in done.stdout
