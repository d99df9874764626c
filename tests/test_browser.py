"""The page in headless Chromium, over a written chat model that is as slow as a test wants it."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import expect

from index.access import changing
from index.reading import parse_document, read_document
from qa.answering import Answerer
from qa.types import ModelStatus
from tests.browser import ask, finished, marked, opened, served
from tests.conftest import REPORT
from tests.fakes import BagOfWords, Scripted, SharedWords
from web.page import create_app

pytestmark = pytest.mark.browser

COUP = "Who led a second coup and took the title of transitional president?"
GOITA = (
    "Army Colonel Assimi Goita then led a second coup and took the title of transitional "
    "president in June 2021, in the face of wide international condemnation."
)
ACROSS = "A 🦔🦔 line.\n\n## Part\n\nThe 🦔 hedgehog sleeps in Gao."
HOSTILE = (
    "The quoll <script>window.hit=1</script> lives in <b>trees</b> and "
    "<img src=http://203.0.113.1/x onerror=window.hit=1> eats ![x](http://203.0.113.1/y) figs."
)


class Slow(Scripted):
    pause_s: float = 0.0

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        for chunk in super()._stream(*args, **kwargs):
            time.sleep(self.pause_s)
            yield chunk


@pytest.fixture(scope="module")
def page_url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    with changing(folder, BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
        library.add(parse_document(HOSTILE, name="q.md", title="Quolls <i>x</i>"), "/q.md")
        library.add(parse_document(ACROSS, name="h.md", title="Hedgehogs"), "/h.md")
        chat = Slow(answers=[])
        status = ModelStatus("ready", "Ready.")
        engine = SimpleNamespace(
            library=library,
            stream=Answerer(library, lambda: chat, SharedWords()).stream,
            model_status=lambda: status,
        )
        with served(create_app(lambda: engine, examples=[COUP, "Who is Macron?"])) as url:
            yield url, chat


@pytest.fixture
def say(page_url):
    def say(*answers, pause_s=0.0):
        page_url[1].answers[:] = answers
        page_url[1].pause_s = pause_s

    return say


def test_evidence_comes_before_the_answer_and_a_citation_marks_its_exact_words(
    page_url, browser, say
):
    say("Assimi Goita led a second coup.", pause_s=0.5)
    page, wrong = opened(browser, page_url[0])
    ask(page, COUP)
    page.wait_for_selector(".card .evidence")
    expect(page.locator(".card .said")).to_have_count(0)
    page.wait_for_selector(".card .draft")
    assert "Assimi Goita led a second coup." in finished(page)
    page.click(".card .chip")
    assert marked(page) == GOITA
    page.wait_for_timeout(800)
    box = page.locator("#viewer mark.chosen").bounding_box()
    view = page.locator("#viewer").bounding_box()
    assert view["y"] <= box["y"] and box["y"] + box["height"] <= view["y"] + view["height"]
    assert wrong == []


def test_the_citation_of_an_earlier_answer_still_works(page_url, browser, say):
    say("Assimi Goita led a second coup.", "Andrew Lewis is president of The Ulysses Group.")
    page, _ = opened(browser, page_url[0])
    ask(page, COUP)
    finished(page, 0)
    ask(page, "Who is president of The Ulysses Group?")
    finished(page, 1)
    page.locator(".card").nth(1).locator(".chip").first.click()
    assert marked(page).startswith("Andrew Lewis is president of The Ulysses Group")
    page.locator(".card").nth(0).locator(".chip").first.click()
    assert marked(page) == GOITA


def test_a_declined_question_looks_different_and_offers_passages(page_url, browser, say):
    page, _ = opened(browser, page_url[0])
    ask(page, "What did Emmanuel Macron say?")
    assert "never mentions Emmanuel Macron" in finished(page)
    expect(page.locator(".card .declined")).to_have_count(1)
    page.locator(".card .evidence a").first.click()
    assert marked(page)


def test_the_as_of_date_is_always_there(page_url, browser):
    page, _ = opened(browser, page_url[0])
    expect(page.locator("#top")).to_contain_text("as of September 2023")


def test_an_example_is_one_click(page_url, browser, say):
    say("Assimi Goita led a second coup.")
    page, _ = opened(browser, page_url[0])
    page.click(".example >> nth=0")
    assert "Assimi Goita led a second coup." in finished(page)


def test_stop_keeps_what_was_shown_and_frees_the_model(page_url, browser, say):
    say("Assimi Goita led " + "a second coup " * 40, "Assimi Goita led a second coup.", pause_s=0.2)
    page, _ = opened(browser, page_url[0])
    closed = page_url[1].closed
    ask(page, COUP)
    page.wait_for_selector(".card .draft")
    page.click("#ask button:has-text('Stop')")
    page.wait_for_selector("text=Stopped.")
    assert page.locator(".card .evidence li").count() > 0
    deadline = time.monotonic() + 5
    while page_url[1].closed == closed and time.monotonic() < deadline:
        time.sleep(0.05)
    assert page_url[1].closed == closed + 1
    ask(page, COUP)
    page.wait_for_selector("text=Assimi Goita led a second coup.")


def test_hostile_text_is_only_text(page_url, browser, say):
    say(HOSTILE)
    page, wrong = opened(browser, page_url[0])
    ask(page, "Where does the quoll live? <img src=x onerror=window.hit=1> <script>hit=1</script>")
    finished(page)
    page.locator(".card .evidence a").first.click()
    assert "<script>window.hit=1</script>" in marked(page)
    assert page.evaluate("window.hit") is None
    expect(page.locator("#chat img, #viewer img, #chat script, .card b")).to_have_count(0)
    assert wrong == []


def test_a_question_that_is_too_long_is_said_in_words(page_url, browser):
    page, _ = opened(browser, page_url[0])
    ask(page, "why " * 5000)
    assert "at most 1,000" in finished(page)
    ask(page, "What did Emmanuel Macron say?")
    assert "never mentions" in finished(page, 1)


def test_two_visitors_share_nothing(page_url, browser, say):
    say(*["Royce de Melo is a Canada-based consultant."] * 3)
    first, _ = opened(browser, page_url[0])
    second, _ = opened(browser, page_url[0])
    ask(first, "Who is Royce de Melo, the consultant?")
    finished(first)
    assert second.locator("[data-testid=bot]").count() == 0
    ask(second, "Where is he based?")
    assert "Understood as" not in finished(second)
    ask(first, "Where is he based?")
    assert "Understood as: Where is Royce de Melo based?" in finished(first, 1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_window_does_not_scroll_sideways(page_url, browser, say, scheme):
    say("Assimi Goita led a second coup.")
    page, wrong = opened(
        browser, page_url[0], viewport={"width": 360, "height": 740}, color_scheme=scheme
    )
    ask(page, COUP)
    finished(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert wrong == []


def test_everything_works_by_keyboard(page_url, browser, say):
    say("Assimi Goita led a second coup.")
    page, _ = opened(browser, page_url[0])
    page.locator("#ask textarea").focus()
    page.keyboard.type(COUP)
    page.keyboard.press("Enter")
    finished(page)
    page.locator(".card .chip").focus()
    page.keyboard.press("Enter")
    assert marked(page) == GOITA
    assert page.evaluate("document.activeElement.tagName") == "MARK"


def test_a_reload_keeps_the_conversation_and_it_goes_on(page_url, browser, say):
    say("Assimi Goita led a second coup.", "Assimi Goita led a second coup.")
    page, wrong = opened(browser, page_url[0])
    ask(page, COUP)
    before = finished(page)
    page.wait_for_selector(".card .acts")
    page.reload()
    page.wait_for_selector("#viewer .block")
    assert finished(page).split("\n")[0] == before.split("\n")[0]
    ask(page, COUP)
    assert "Assimi Goita" in finished(page, 1)
    # What Gradio was fetching when the page was left is broken off.
    assert [w for w in wrong if "AbortError" not in w and "errored out" not in w] == []


def follow(page, href):
    """Follow a citation that no answer has given."""
    script = """href => { const a = document.createElement('a'); a.href = href;
                document.body.append(a); a.click(); }"""
    page.evaluate(script, href)


def test_words_across_paragraphs_are_marked_exactly_behind_characters_outside_utf_16(
    page_url, browser
):
    page, wrong = opened(browser, page_url[0])
    listed = page.evaluate("fetch('documents').then(r => r.json())")
    id_ = next(d["id"] for d in listed if d["title"] == "Hedgehogs")
    follow(page, f"#cite-{id_}-{ACROSS.index('line.')}-{ACROSS.index('hedgehog')}")
    page.wait_for_selector("#viewer mark")
    marks = page.locator("#viewer mark").evaluate_all("all => all.map(m => m.textContent)")
    assert marks == ["line.", "Part", "The 🦔 "]
    assert wrong == []


def test_a_citation_of_a_document_that_is_gone_is_said_in_words(page_url, browser):
    page, _ = opened(browser, page_url[0])
    follow(page, "#cite-gone-1-2")
    page.wait_for_selector("#viewer >> text=This document cannot be shown")


def test_one_question_at_a_time_and_what_is_typed_meanwhile_stays(page_url, browser, say):
    say("Assimi Goita led " + "a second coup " * 10, pause_s=0.1)
    page, _ = opened(browser, page_url[0])
    ask(page, COUP)
    page.wait_for_selector(".card .draft")
    page.fill("#ask textarea", "typed meanwhile")
    page.click(".example >> nth=1")
    finished(page)
    expect(page.locator("[data-testid=user]")).to_have_count(1)
    expect(page.locator("#ask textarea")).to_have_value("typed meanwhile")


def test_a_new_conversation_begins_once_no_answer_is_on_its_way(page_url, browser, say):
    say("Assimi Goita led " + "a second coup " * 10, pause_s=0.1)
    page, _ = opened(browser, page_url[0])
    ask(page, COUP)
    page.wait_for_selector(".card .draft")
    new = page.get_by_role("button", name="New conversation")
    new.click()
    page.wait_for_function(
        "() => document.querySelector('.toast')?.textContent.includes('Stop it')"
    )
    assert "second coup" in finished(page)
    page.wait_for_selector("#ask .submit-button")
    new.click()
    page.wait_for_function("!document.querySelector('[data-testid=bot]')")


def test_the_word_that_it_was_stopped_stays_at_the_speed_of_a_real_model(page_url, browser, say):
    for after_ms in range(100, 500, 80):
        say("Assimi Goita led " + "a second coup " * 200, pause_s=0.03)
        page, _ = opened(browser, page_url[0])
        ask(page, COUP)
        page.wait_for_selector(".card .draft")
        page.wait_for_timeout(after_ms)
        page.click("#ask .stop-button")
        page.wait_for_selector("#ask .submit-button")
        page.wait_for_timeout(500)
        assert "Stopped." in finished(page)
        page.context.close()


def test_no_question_is_said_in_words(page_url, browser):
    page, _ = opened(browser, page_url[0])
    page.press("#ask textarea", "Enter")
    page.wait_for_selector("text=Type a question first.")


def test_what_refuses_a_question_is_said_in_words_and_the_answers_stay(page_url, browser, say):
    say("Assimi Goita led a second coup.")
    page, _ = opened(browser, page_url[0])
    ask(page, COUP)
    finished(page)
    words = "What is kept here cannot be reached."
    page.route("**/queue/join*", lambda it: it.fulfill(status=502, json={"detail": words}))
    ask(page, "Who is Royce de Melo?")
    page.wait_for_selector(f"[role=status] >> text={words}")
    expect(page.locator("#ask textarea")).to_have_value("Who is Royce de Melo?")
    expect(page.locator("#chat .error")).not_to_be_visible()
    page.click(".card .chip", timeout=3000)
    assert marked(page) == GOITA


def test_escape_leads_back_from_the_words_to_their_citation(page_url, browser, say):
    say("Assimi Goita led a second coup.")
    page, _ = opened(browser, page_url[0])
    ask(page, COUP)
    finished(page)
    page.click(".card .chip")
    marked(page)
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "chip"


def test_the_date_stays_in_view_in_a_narrow_window(page_url, browser):
    page, _ = opened(browser, page_url[0], viewport={"width": 360, "height": 740})
    page.evaluate("document.querySelector('#viewer').scrollIntoView({block: 'end'})")
    page.wait_for_timeout(300)
    box = page.locator("#top .as-of").bounding_box()
    assert page.evaluate("scrollY") > 0
    assert 0 <= box["y"] < 100


CONTRAST = """selectors => selectors.map(selector => {
  const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92
    : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
  const rgb = s => s.match(/[\\d.]+/g).map(Number);
  let node = document.querySelector(selector), ground = node;
  const ink = rgb(getComputedStyle(node).color).slice(0, 3);
  while (ground && rgb(getComputedStyle(ground).backgroundColor)[3] === 0)
    ground = ground.parentElement;
  const paper = rgb(getComputedStyle(ground || document.body).backgroundColor).slice(0, 3);
  const [a, b] = [light(ink), light(paper)].sort((x, y) => y - x);
  return [selector, (a + .05) / (b + .05)];
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_a_contrast_of_at_least_four_and_a_half(page_url, browser, say, scheme):
    say("Assimi Goita led a second coup.")
    page, _ = opened(browser, page_url[0], color_scheme=scheme)
    ask(page, COUP)
    finished(page)
    page.click(".card .chip")
    marked(page)
    ask(page, "What did Emmanuel Macron say?")
    finished(page, 1)
    page.wait_for_selector("#ask .submit-button")  # in the place of "Stop", a step later
    seen = [".said", ".chip", ".quote", ".where", ".meta", ".declined", ".as-of", ".example"]
    seen += ["#viewer mark", "#viewer .block", "#viewer .doc-facts", "#ask .submit-button"]
    low = [pair for pair in page.evaluate(CONTRAST, seen) if pair[1] < 4.5]
    assert low == []
