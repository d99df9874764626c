from dataclasses import replace
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from index.reading import parse_document, read_document
from index.types import Part
from qa.answering import Answerer
from qa.types import Answer, AnswerSentence, Citation, Evidence, ModelStatus
from tests.conftest import REPORT
from tests.fakes import SharedWords
from web.cards import card, date_words, lines, text
from web.conversation import Conversation, converse, stop
from web.engine import Waiting
from web.header import header
from web.page import create_app
from web.records import new_record, told
from web.viewer import document_json


def engine(library, state="ready"):
    status = ModelStatus(state, "Fetching.", 500_000_000, 1_117_000_000, 12.0)
    return SimpleNamespace(
        library=library,
        stream=Answerer(library, lambda: None, SharedWords()).stream,
        model_status=lambda: status,
    )


def test_health_is_503_until_questions_are_answered():
    client = TestClient(create_app(lambda: None, examples=[]))
    assert client.get("/healthz").status_code == 503


def test_health_is_200_while_weights_are_on_their_way_and_tells_how_far(library):
    client = TestClient(create_app(lambda: engine(library, "fetching"), examples=[]))
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "documents": 1,
        "model": {
            "state": "fetching",
            "message": "Fetching.",
            "done_bytes": 500_000_000,
            "total_bytes": 1_117_000_000,
            "seconds_left": 12.0,
            "remote": "",
        },
    }


def test_gradio_announces_nothing_of_its_own():
    """Its `common.complete` is read out by screen readers, five seconds late, in no language."""
    config = TestClient(create_app(lambda: None, examples=["Who?"])).get("/config").json()
    events = config["dependencies"]
    assert events
    assert {event["show_progress"] for event in events} == {"hidden"}


def test_a_document_comes_as_blocks_with_exact_offsets():
    document = read_document(REPORT)
    blocks = document_json(document)["blocks"]
    assert all(document.text.startswith(b["text"], b["start"]) for b in blocks)
    assert blocks[0] == {
        "start": document.text.index("# Mali") + 2,
        "text": "Mali after MINUSMA: the Sahel security situation",
        "level": 1,
    }


def test_the_viewer_is_told_where_pages_begin_and_what_is_set_aside():
    text = "One.\fTwo.\n\nSubscribe to our newsletter.\n\nThree."
    blocks = document_json(parse_document(text, name="a.txt"))["blocks"]
    assert [(b["text"], b.get("page"), b.get("aside")) for b in blocks] == [
        ("One.", "page 1", None),
        ("Two.", "page 2", None),
        ("Subscribe to our newsletter.", None, True),
        ("Three.", None, None),
    ]


def test_a_paragraph_over_the_edge_of_a_page_is_a_block_of_each_and_a_page_may_be_empty():
    text = "One goes on \nhere.\n\nEnd."
    pages = (Part(0, "page 1", "page"), Part(13, "page 2", "page"), Part(20, "page 3", "page"))
    parsed = parse_document(text, name="a.md")
    blocks = document_json(replace(parsed, parts=(*pages, Part(24, "page 4", "page"))))["blocks"]
    assert [(b["start"], b["text"], b.get("page")) for b in blocks] == [
        (0, "One goes on", "page 1"),
        (13, "here.", "page 2"),
        (20, "End.", "page 3"),
        (24, "", "page 4"),
    ]


def test_an_unknown_document_is_404(library):
    client = TestClient(create_app(lambda: engine(library), examples=[]))
    assert client.get("/documents/none").status_code == 404
    assert client.get(f"/documents/{library.documents()[0].id}").status_code == 200


@pytest.mark.parametrize(
    "raw", ["<script>x</script>", "![x](http://a)", "**b** _i_ `c`", "[1](javascript:x)", "# h"]
)
def test_untrusted_text_has_neither_html_nor_markdown(raw):
    assert not set("<>[]()`*_!") & set(text(raw).replace("&#", ""))


def test_a_date_is_in_words():
    assert [date_words(d) for d in ("2023-09", "2023-09-05", "2023", "")] == [
        "September 2023",
        "5 September 2023",
        "2023",
        "",
    ]


def test_the_header_tells_the_date_and_how_far_the_weights_are(library):
    shown = header(library.documents(), engine(library, "fetching").model_status())
    assert "as of September 2023 · 1 document" in shown
    assert "500 of 1,117 MB, 12 s left" in shown
    assert "quotations" in shown


def test_the_newest_date_is_shown_for_several_documents():
    documents = [parse_document("a", name="a", as_of=d) for d in ("2023-09", "2024")]
    assert "as of 2024 · 2 documents" in header(documents, None)


def test_a_removed_sentence_is_folded_away_and_a_quoted_one_is_marked(library):
    document = library.document(library.documents()[0].id)
    passage = library.search("coup", 1)[0].passage
    evidence = Evidence(passage, passage.start, passage.end, passage.text, 0.9)
    answer = Answer(
        "q",
        "q",
        "done",
        (AnswerSentence("Quote.", (1,), "quoted"), AnswerSentence("Lie.", (), "removed")),
        (Citation(1, evidence, document),),
    )
    shown = card(told(new_record("q", "c"), answer, library, "1.5b"))
    assert '<q class="quoted"' in shown
    assert "1 sentence was removed" in shown
    assert f"#cite-{document.id}-{passage.start}-{passage.end}" in shown


def test_a_question_asked_too_early_waits_for_the_library(library):
    ready = iter([None, None, engine(library)])
    steps = list(converse(lambda: next(ready), "What is MINUSMA?", [], Conversation()))
    assert "is being opened" in steps[1][0][-1]["content"]
    assert "card done" in steps[-1][0][-1]["content"]


def test_a_failure_of_the_question_is_told_in_the_conversation(library):
    *_, last = converse(lambda: engine(library), "why " * 5000, [], Conversation())
    assert "at most 1,000" in last.chat[-1]["content"]
    assert last.conversation.turns == ()


def test_an_unexpected_failure_is_told_without_its_words_and_frees_the_box(library):
    broken = engine(library)
    broken.stream = lambda question: (_ for _ in ()).throw(RuntimeError("secret"))
    *_, last = converse(lambda: broken, "What is MINUSMA?", [], Conversation())
    assert "Something went wrong" in last.chat[-1]["content"]
    assert "secret" not in str(last.chat)
    assert last.box.submit_btn == "Ask"


def test_stop_keeps_what_was_shown_and_the_question_for_follow_ups(library):
    steps = converse(lambda: engine(library), "What is MINUSMA?", [], Conversation())
    next(steps)
    stop(next(steps).conversation)
    *_, last = steps
    assert "Stopped." in last.chat[-1]["content"]
    assert [m["role"] for m in last.chat] == ["user", "assistant"]
    assert [t.question for t in last.conversation.turns] == ["What is MINUSMA?"]
    assert last.conversation.stopping is None


def test_stop_while_the_library_is_being_opened_says_that_nothing_was_found():
    steps = converse(lambda: None, "What is MINUSMA?", [], Conversation())
    stop(next(steps).conversation)
    *_, last = steps
    assert "Stopped before anything was found" in last.chat[-1]["content"]
    assert last.conversation.turns == ()


def test_leaving_an_answer_closes_what_gives_it(library):
    closed = []

    def stream(question):
        try:
            yield Answer("q", "q")
            yield Answer("q", "q")
        finally:
            closed.append(True)

    slow = engine(library)
    slow.stream = stream
    steps = converse(lambda: slow, "q", [], Conversation())
    next(steps), next(steps)
    steps.close()
    assert closed == [True]


def test_a_question_of_two_lines_keeps_them():
    assert lines("a\n<b>") == "a<br>&#38;lt;b&#38;gt;".replace("&#38;", "&")


def test_a_failed_model_is_not_awaited(library):
    shown = header(library.documents(), engine(library, "failed").model_status())
    assert "Answers are quotations" in shown
    assert "Until" not in shown


def test_who_waits_for_the_model_is_told_how_many_are_before(library):
    waiting = Waiting()
    one, before_one = waiting.enter()
    _, before_two = waiting.enter()
    assert (before_one, before_two) == (0, 1)
    steps = converse(
        lambda: engine(library), "What is MINUSMA?", [], Conversation(), "", None, waiting
    )
    shown = [step.chat[-1]["content"] for step in steps]
    assert any("2 questions are before yours." in html for html in shown)
    assert "before yours" not in shown[-1]
    waiting.leave(one)
    waiting.leave(one)
    assert waiting.enter()[1] == 1  # who was answered has left


def test_a_tab_that_is_closed_leaves_the_queue(library):
    waiting = Waiting()
    steps = converse(
        lambda: engine(library), "What is MINUSMA?", [], Conversation(), "", None, waiting
    )
    while "Wording an answer" not in next(steps).chat[-1]["content"]:
        pass
    steps.close()
    assert waiting.enter()[1] == 0


def test_of_256_tabs_the_state_is_kept_and_no_more(library):
    app = create_app(lambda: engine(library), examples=[])
    mounts = [getattr(route, "app", None) for route in app.routes]
    (gradio,) = [mounted for mounted in mounts if hasattr(mounted, "state_holder")]
    for n in range(257):
        gradio.state_holder[str(n)]
    assert len(gradio.state_holder.session_data) == 256
    assert "0" not in gradio.state_holder
