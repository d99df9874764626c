"""Conversations, judging and the room's helps in headless Chromium, with a written chat model."""

import zipfile
from types import SimpleNamespace

import docx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from index.access import changing
from index.reading import read_document
from qa.answering import Answerer
from qa.types import ModelStatus
from tests.browser import ask, finished, opened, served
from tests.conftest import REPORT
from tests.fakes import BagOfWords, Scripted, SharedWords
from web.page import create_app

pytestmark = pytest.mark.browser

COUP = "Who led a second coup and took the title of transitional president?"
LED = "Assimi Goita led a second coup."
FORCE = "How large was the MINUSMA force?"


@pytest.fixture
def url(tmp_path):
    with changing(tmp_path, BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
        chat = Scripted(answers=[LED] * 9)
        engine = SimpleNamespace(
            library=library,
            stream=Answerer(library, lambda: chat, SharedWords()).stream,
            model_status=lambda: ModelStatus("ready", "Ready."),
        )
        app = create_app(lambda: engine, examples=[COUP], database=tmp_path / "c.sqlite3")
        with served(app) as url:
            yield url


def asked(browser, url, *questions, **context):
    page, wrong = opened(browser, url, **context)
    for n, question in enumerate(questions):
        ask(page, question)
        finished(page, n)
        page.wait_for_function(
            "n => document.querySelectorAll('.card .acts').length > n", arg=n, timeout=20_000
        )
    return page, wrong


def titles(page):
    return page.locator("#conversations .name").all_inner_texts()


def wait_for_titles(page, wanted):
    page.wait_for_function(
        "wanted => JSON.stringify([...document.querySelectorAll('#conversations .name')]"
        ".map((n) => n.textContent)) === JSON.stringify(wanted)",
        arg=wanted,
        timeout=10_000,
    )


def menu(page, action):
    page.locator("#conversations summary").first.click()
    page.locator("#conversations .menu").first.get_by_text(action, exact=True).click()


def test_conversations_are_listed_found_gone_on_with_renamed_and_deleted(browser, url):
    page, wrong = asked(browser, url, COUP)
    wait_for_titles(page, [COUP])
    page.get_by_role("button", name="New conversation").click()
    page.wait_for_selector(".card", state="detached")
    ask(page, FORCE)
    finished(page)
    wait_for_titles(page, [FORCE, COUP])
    page.fill("#conversations input", "transitional GOITA")
    wait_for_titles(page, [COUP])
    page.locator("#conversations .name").click()
    page.wait_for_function(
        "() => document.querySelector('.card .said')?.textContent.includes('Goita')"
    )
    page.fill("#conversations input", "")
    wait_for_titles(page, [FORCE, COUP])
    page.locator("#conversations .row", has_text="Who led").locator("summary").click()
    page.locator("#conversations .menu:visible").get_by_text("Rename").click()
    page.fill("#conversations .rename input", "Coups <b>")
    page.press("#conversations .rename input", "Enter")
    wait_for_titles(page, [FORCE, "Coups <b>"])
    menu(page, "Delete")
    page.get_by_text("Delete for good?").click()
    wait_for_titles(page, ["Coups <b>"])
    page.reload()  # the conversation that was open is still the one that is open
    page.wait_for_selector(".card .said")
    assert "Goita" in page.locator(".card .said").inner_text()
    assert [w for w in wrong if "AbortError" not in w and "errored out" not in w] == []


def test_a_second_visitor_sees_nothing_until_it_is_shared(browser, url):
    page, _ = asked(browser, url, COUP)
    other, wrong = opened(browser, url)
    assert titles(other) == []
    menu(page, "Share by link")
    page.wait_for_function(
        "() => document.querySelector('.toast')?.textContent.includes('/shared/')"
    )
    link = page.locator(".toast").inner_text().split(": ")[-1]
    other.goto(link)
    other.wait_for_selector(".card .said")
    assert "Goita" in other.locator(".card .said").inner_text()
    wait_for_titles(other, [COUP])
    ask(other, FORCE)
    finished(other, 1)
    page.reload()
    page.wait_for_selector(".card .said")
    expect(page.locator(".card")).to_have_count(1)  # theirs is a copy
    assert [w for w in wrong if "AbortError" not in w and "errored out" not in w] == []


def test_asking_again_and_editing_replace_what_was_there(browser, url):
    page, wrong = asked(browser, url, COUP, FORCE)
    second = page.locator(".card").nth(1)
    before = second.locator("a.record").get_attribute("href") or ""
    second.get_by_text("Ask again").click()
    expect(second.locator("a.record")).not_to_have_attribute("href", before, timeout=20_000)
    expect(page.locator(".card .acts")).to_have_count(2)
    expect(page.locator(".stop-button")).to_have_count(0)
    page.locator(".card").first.get_by_text("Edit").click()
    page.wait_for_function("q => document.querySelector('#ask textarea').value === q", arg=COUP)
    assert "editing an earlier question" in page.locator(".editing").inner_text()
    page.fill("#ask textarea", "Who led the second coup?")
    page.press("#ask textarea", "Enter")
    page.wait_for_function("() => document.querySelectorAll('.user-row').length === 1")
    finished(page)
    assert page.locator(".user-row").inner_text().strip() == "Who led the second coup?"
    expect(page.locator(".editing")).not_to_be_visible()
    assert wrong == []


def test_a_thumb_and_its_reason_are_kept_with_the_answer(browser, url):
    page, wrong = asked(browser, url, COUP)
    page.get_by_role("button", name="A wrong answer").click()
    page.select_option(".why select", "A figure, name or date is wrong")
    page.fill(".why input", "it was 2020")
    page.press(".why input", "Enter")
    page.wait_for_selector("button[aria-label='A wrong answer'][aria-pressed=true]")
    kept = page.evaluate("fetch('feedback.jsonl').then((r) => r.text())")
    assert '"reason": "A figure, name or date is wrong: it was 2020"' in kept
    page.reload()
    page.wait_for_selector("button[aria-label='A wrong answer'][aria-pressed=true]")
    page.get_by_role("button", name="A wrong answer").click()
    page.wait_for_selector("button[aria-label='A wrong answer'][aria-pressed=false]")
    assert page.evaluate("fetch('feedback.jsonl').then((r) => r.text())") == ""
    assert [w for w in wrong if "AbortError" not in w and "errored out" not in w] == []


def test_what_is_offered_next_is_asked_by_a_click(browser, url):
    page, wrong = asked(browser, url, COUP)
    offered = page.locator(".card .next button").first
    question = offered.inner_text()
    offered.click()
    finished(page, 1)
    assert page.locator(".user-row").nth(1).inner_text().strip() == question
    page.wait_for_function("() => document.querySelectorAll('.card .acts').length === 2")
    expect(page.locator(".card").first.locator(".next")).to_have_count(0)
    assert wrong == []


def test_an_answer_is_presented_very_large_and_keys_lead_through(browser, url):
    page, wrong = asked(browser, url, COUP, FORCE)
    page.locator("#viewer").evaluate("(node) => node.blur()")
    page.locator("body").evaluate("() => document.activeElement.blur()")
    page.keyboard.press("p")
    page.wait_for_selector("#stage[open] .said")
    assert FORCE in page.locator("#stage .question").inner_text()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "q => document.querySelector('#stage .question').textContent === q", arg=COUP
    )
    large = page.locator("#stage .said").evaluate("(n) => parseFloat(getComputedStyle(n).fontSize)")
    assert large >= 32
    assert "Goita" in page.locator("#stage .notes").inner_text()
    page.keyboard.press("+")
    assert (
        page.locator("#stage .said").evaluate("(n) => parseFloat(getComputedStyle(n).fontSize)")
        > large
    )
    page.keyboard.press("Escape")
    page.wait_for_selector("#stage", state="hidden")
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    assert "Present the last answer" in page.locator("#help").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    assert page.evaluate("document.activeElement.closest('#ask') !== null")
    page.keyboard.type("p?d")  # in the box, letters are letters
    assert page.locator("#ask textarea").input_value() == "p?d"
    assert wrong == []


def test_dark_is_kept_over_a_reload(browser, url):
    page, _ = opened(browser, url, color_scheme="light")
    page.click("#theme-button")
    assert page.evaluate("document.body.classList.contains('dark')")
    page.reload()
    page.wait_for_selector("#viewer .block")
    page.wait_for_function("() => document.body.classList.contains('dark')")


def test_in_a_narrow_window_conversations_are_a_drawer(browser, url):
    page, wrong = asked(browser, url, COUP, viewport={"width": 360, "height": 780})
    expect(page.locator("#conversations")).not_to_be_visible()
    page.click("#past-button")
    expect(page.locator("#conversations .name")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#conversations")).not_to_be_visible()
    assert page.evaluate("document.activeElement.id") == "past-button"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert wrong == []


def test_a_lost_connection_is_said_and_the_page_goes_on_by_itself(browser, url):
    page, _ = asked(browser, url, COUP)
    page.route("**/library", lambda route: route.abort())
    page.wait_for_selector(".lost", timeout=20_000)
    assert "Goita" in page.locator(".card .said").inner_text()
    page.unroute("**/library")
    page.wait_for_selector(".lost", state="detached", timeout=20_000)
    ask(page, FORCE)
    finished(page, 1)


def test_from_the_first_look_to_a_brief_of_three_answers_by_what_the_page_offers(
    browser, url, tmp_path
):
    page, wrong = opened(browser, url)
    page.get_by_role("button", name=COUP).click()  # an example
    offered = [COUP]
    for n in (0, 1, 2):
        finished(page, n)
        page.wait_for_function(
            "n => document.querySelectorAll('.card .acts').length > n", arg=n, timeout=20_000
        )
        page.locator(".card").nth(n).get_by_role("button", name="+ Brief").click()
        page.wait_for_function(
            "n => document.querySelector('#brief-button').textContent === `Brief (${n + 1})`", arg=n
        )
        if n < 2:
            following = page.locator(".card .next button").first
            offered.append(following.inner_text())
            following.click()
    page.click("#brief-button")
    with page.expect_download() as download:
        page.locator("#brief").get_by_role("button", name="Word").click()
    path = tmp_path / "brief.docx"
    download.value.save_as(path)
    text = "\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)
    assert len(set(offered)) == 3
    assert all(question in text for question in offered)
    with zipfile.ZipFile(path) as file:
        assert "led a second coup" in file.read("word/footnotes.xml").decode()
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_serious(browser, url, scheme, width):
    size = {"width": width, "height": 900}
    page, _ = asked(browser, url, COUP, "Who is Macron?", viewport=size, color_scheme=scheme)
    found = [("the page", Axe().run(page))]
    page.locator("body").evaluate("() => document.activeElement.blur()")
    page.keyboard.press("?")
    found.append(("help", Axe().run(page)))
    page.keyboard.press("Escape")
    page.click("#library-button")
    page.wait_for_selector("#library[open]")
    found.append(("the library", Axe().run(page)))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="+ Brief").first.click()
    page.click("#brief-button")
    page.wait_for_selector("#brief .item")
    found.append(("the brief", Axe().run(page)))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Present").first.click()
    page.wait_for_selector("#stage .said")
    found.append(("the presentation", Axe().run(page)))
    serious = [
        (where, v["id"], v["nodes"][0]["html"][:160], v["nodes"][0].get("failureSummary", "")[:300])
        for where, result in found
        for v in result.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


FITS = """(field) => {
  const style = getComputedStyle(field);
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = style.font;
  const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return pen.measureText(field.placeholder).width <= room;
}"""


@pytest.mark.parametrize(("width", "locale"), [(1280, "en-GB"), (360, "fr-FR")])
def test_what_a_field_is_for_can_be_read_whole(browser, url, width, locale):
    page, _ = opened(browser, url, viewport={"width": width, "height": 740}, locale=locale)
    if width < 1080:
        page.click("#past-button")
    for field in ("#conversations input", "#ask textarea"):
        assert page.locator(field).evaluate(FITS), field


def test_an_outline_is_painted_until_the_page_is_there(browser, url):
    page = browser.new_context(color_scheme="dark").new_page()
    page.route("**/assets/**", lambda route: route.abort())
    page.goto(url)
    assert page.locator("#shell").inner_text().strip() == "Sahel Brief"
    paper = page.locator("#shell").evaluate("(n) => getComputedStyle(n).backgroundColor")
    assert paper == "rgb(21, 25, 27)"
    page.unroute("**/assets/**")
    page.reload()
    page.wait_for_selector("#ask textarea")
    page.wait_for_selector("#shell", state="detached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_projector_of_4k_has_large_letters(browser, url, scheme):
    page, _ = opened(
        browser, url, viewport={"width": 3840, "height": 2160}, color_scheme=scheme
    )  # fmt: skip
    for words in ("#top .as-of", ".example", "#ask .submit-button", "#conversations input"):
        size = page.locator(words).first.evaluate("(n) => parseFloat(getComputedStyle(n).fontSize)")
        assert size >= 20, words
