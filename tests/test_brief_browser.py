"""The brief's drawer in headless Chromium, over answers that were kept."""

import json
import re
import zipfile

import pytest
from playwright.sync_api import expect

from index.access import changing
from index.reading import read_document
from index.types import BriefError
from tests.briefs import COUP, SHA256, declined, record
from tests.browser import opened, served
from tests.conftest import REPORT, running
from tests.fakes import BagOfWords
from tests.test_browser import CONTRAST
from web.conversations import Conversations
from web.page import create_app

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)> " + "x" * 120
ANSWERS = {
    r["id"]: r
    for r in (record(), declined(), record("a3", question=HOSTILE, resolved=HOSTILE, model=""))
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    with changing(folder, BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
    return folder


@pytest.fixture
def url(library, tmp_path, monkeypatch):
    def find(conversations, visitor, record_id):
        if record_id not in ANSWERS:
            raise BriefError("There is no such answer here.")
        return ANSWERS[record_id]

    # Every visitor has asked the same.
    monkeypatch.setattr(Conversations, "find", find)
    with running(library) as engine:
        app = create_app(lambda: engine, examples=[], database=tmp_path / "kept.sqlite3")
        with served(app) as url:
            yield url


def add(page, *ids):
    for id_ in ids:
        assert page.evaluate("id => window.sahelBrief.addToBrief(id)", id_)


def drawer(page):
    page.click("#brief-button")
    page.wait_for_selector("#brief[open]")
    return page.locator("#brief")


def titles(page):
    return page.locator("#brief .item .title").evaluate_all("all => all.map((n) => n.value)")


def active(page, what):
    return page.evaluate(f"document.activeElement.{what}")


def kept(page):
    return page.evaluate("fetch('brief').then((r) => r.json())")


def test_an_empty_brief_says_how_to_fill_it_and_exports_nothing(url, browser):
    page, wrong = opened(browser, url)
    drawer(page)
    expect(page.locator("#brief .empty").first).to_contain_text(
        "Add an answer with “+ Brief” below it."
    )
    expect(page.locator("#brief .exports button:enabled")).to_have_count(0)
    expect(page.locator("#brief-button")).to_have_text("Brief")
    assert wrong == []


def test_adding_is_said_counted_and_done_once(url, browser):
    page, wrong = opened(browser, url)
    add(page, "a1")
    expect(page.locator(".toast").first).to_contain_text("Added to the brief.")
    assert page.get_attribute(".toast", "role") == "status"
    add(page, "a2", "a1")
    expect(page.locator(".toast").first).to_contain_text("This is in the brief already.")
    expect(page.locator("#brief-button")).to_have_text("Brief (2)")
    drawer(page)
    assert titles(page) == ["Who led the second coup in Mali?", "How many people live in Chad?"]
    expect(page.locator("#brief .item >> nth=0").first).to_contain_text(
        "2 sources · 1 sentence removed by the check"
    )
    expect(page.locator("#brief .item >> nth=1").first).to_contain_text("The report does not say")
    assert wrong == []


def test_an_answer_that_is_not_there_is_said_in_words(url, browser):
    page, _ = opened(browser, url)
    assert page.evaluate("window.sahelBrief.addToBrief('nothing')") is False
    expect(page.locator(".toast").first).to_contain_text("There is no such answer here.")


def test_the_whole_drawer_is_used_by_keyboard(url, browser):
    page, wrong = opened(browser, url)
    add(page, "a1", "a2")
    page.locator("#brief-button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#brief[open] .item >> nth=1")
    stops = []
    for _ in range(18):
        page.keyboard.press("Tab")
        stops.append(active(page, "closest('#brief') && document.activeElement.tagName"))
    assert None not in stops
    assert set(stops) == {"BUTTON", "INPUT", "TEXTAREA"}
    page.locator("#brief .item textarea:not(.title) >> nth=1").focus()
    page.keyboard.press("Alt+ArrowUp")
    page.wait_for_selector("#brief .saved >> text=Moved to place 1 of 2")
    assert titles(page) == ["How many people live in Chad?", "Who led the second coup in Mali?"]
    assert active(page, "tagName") == "TEXTAREA"
    page.keyboard.press("Escape")
    expect(page.locator("#brief")).not_to_be_visible()
    assert active(page, "id") == "brief-button"
    assert wrong == []


def test_buttons_move_an_answer_and_keep_the_focus(url, browser):
    page, _ = opened(browser, url)
    add(page, "a1", "a2", "a3")
    drawer(page)
    page.click("#brief [aria-label='Move down: “Who led the second coup in Mali?”']")
    page.wait_for_selector("#brief .saved >> text=Moved to place 2 of 3")
    assert active(page, "textContent") == "↓ Down"
    page.keyboard.press("Enter")
    page.wait_for_selector("#brief .saved >> text=Moved to place 3 of 3")
    assert titles(page)[2] == "Who led the second coup in Mali?"
    assert active(page, "textContent") == "↑ Up"
    assert [i["record"] for i in kept(page)["items"]] == ["a2", "a3", "a1"]


def test_an_answer_is_dragged_to_another_place(url, browser):
    page, _ = opened(browser, url)
    add(page, "a1", "a2")
    drawer(page)
    page.drag_and_drop(
        "#brief .handle >> nth=1", "#brief .item >> nth=0", target_position={"x": 40, "y": 5}
    )
    page.wait_for_selector("#brief .saved >> text=Moved to place 1 of 2")
    assert titles(page)[0] == "How many people live in Chad?"


def test_what_is_typed_is_saved_by_itself_and_survives_a_reload(url, browser):
    page, _ = opened(browser, url)
    add(page, "a1")
    drawer(page)
    page.fill("#brief .brief-title input", "Mali for the Council")
    page.fill("#brief .item .title", "The second coup")
    page.fill("#brief .item textarea:not(.title)", "First line\nSecond line")
    page.wait_for_selector("#brief .saved >> text=Saved")
    page.wait_for_timeout(900)
    page.fill("#brief .item textarea:not(.title)", "First line\nSecond line\nThird")
    page.reload()  # at once: what was typed last is sent on the way out
    page.wait_for_selector("#viewer .block")
    expect(page.locator("#brief-button")).to_have_text("Brief (1)")
    drawer(page)
    expect(page.locator("#brief .brief-title input")).to_have_value("Mali for the Council")
    assert titles(page) == ["The second coup"]
    expect(page.locator("#brief .item").first).to_contain_text(
        "Question: Who led the second coup in Mali?"
    )
    expect(page.locator("#brief .item textarea:not(.title)")).to_have_value(
        "First line\nSecond line\nThird"
    )


def test_what_could_not_be_saved_says_so_and_stays(url, browser):
    page, _ = opened(browser, url)
    add(page, "a1")
    drawer(page)
    page.route("**/brief/items/*", lambda route: route.abort())
    page.fill("#brief .item textarea:not(.title)", "Not lost")
    page.wait_for_selector("#brief .saved >> text=Not saved: The server cannot be reached.")
    assert page.get_attribute("#brief .item textarea:not(.title)", "aria-invalid") == "true"
    page.unroute("**/brief/items/*")
    page.locator("#brief .item textarea:not(.title)").press_sequentially("!")
    page.wait_for_selector("#brief .saved >> text=Saved")
    assert kept(page)["items"][0]["comment"] == "Not lost!"


def test_a_removed_answer_comes_back_to_its_place(url, browser):
    page, wrong = opened(browser, url)
    add(page, "a1", "a2")
    drawer(page)
    page.fill("#brief .item textarea:not(.title) >> nth=0", "Kept with it")
    page.click("#brief [aria-label='Remove: “Who led the second coup in Mali?”']")
    page.wait_for_selector("#brief .said >> text=Removed “Who led the second coup in Mali?”.")
    expect(page.locator("#brief .item")).to_have_count(1)
    assert active(page, "textContent") == "Undo"
    page.keyboard.press("Enter")
    page.wait_for_selector("#brief .item >> nth=1")
    assert titles(page)[0] == "Who led the second coup in Mali?"
    expect(page.locator("#brief .item textarea:not(.title) >> nth=0")).to_have_value("Kept with it")
    assert wrong == []


def test_two_tabs_of_a_visitor_show_the_same_brief_and_others_their_own(url, browser):
    one, _ = opened(browser, url)
    two = one.context.new_page()
    two.goto(url)
    two.wait_for_selector("#viewer .block")
    drawer(two)
    add(one, "a1")
    two.wait_for_selector("#brief .item")
    two.fill("#brief .item textarea:not(.title)", "From the other tab")
    two.wait_for_selector("#brief .saved >> text=Saved")
    drawer(one)
    expect(one.locator("#brief .item textarea:not(.title)")).to_have_value("From the other tab")
    stranger, _ = opened(browser, url)
    drawer(stranger)
    assert stranger.locator("#brief .item").count() == 0


@pytest.mark.parametrize("name", ["Word", "PDF", "Markdown", "JSON"])
def test_the_brief_is_exported_with_what_was_typed_a_moment_ago(url, browser, name, tmp_path):
    page, wrong = opened(browser, url)
    add(page, "a1")
    drawer(page)
    page.fill("#brief .brief-title input", "Mali: Goïta")
    with page.expect_download() as got:
        page.click(f"#brief .exports >> text={name}")
    file = got.value
    assert re.fullmatch(r"Mali Goïta \d{4}-\d\d-\d\d\.(docx|pdf|md|json)", file.suggested_filename)
    data = file.path().read_bytes()
    if name == "JSON":
        assert json.loads(data)["notes"][0]["document_sha256"] == SHA256
    elif name == "Markdown":
        assert data.decode().startswith("# Mali: Goïta\n")
    elif name == "PDF":
        assert data.startswith(b"%PDF-")
    else:
        assert "word/footnotes.xml" in zipfile.ZipFile(file.path()).namelist()
    assert wrong == []


@pytest.mark.parametrize("secure", [True, False])
def test_an_answer_is_copied_with_its_citations(url, browser, secure):
    page, wrong = opened(browser, url)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if not secure:
        page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    assert page.evaluate("window.sahelBrief.copyAnswer('a1')")
    expect(page.locator(".toast").first).to_contain_text("Copied with citations.")
    other = page.context.new_page()
    other.goto(url)
    text, markup = other.evaluate("""async () => {
      const [item] = await navigator.clipboard.read();
      const get = async (type) => (await item.getType(type)).text();
      return [await get('text/plain'), await get('text/html')];
    }""")
    assert text.startswith("Who led the second coup in Mali?\n\nGoïta led it in May 2021. [1] “")
    assert f"[1] “{COUP}” – Sahel security report · A. Diallo · report.pdf, 2. Mali" in text
    assert "as of September 2023; SHA-256 " + SHA256[:16] in text
    assert "[2] Jack Lewis: “France" in text
    assert "1 removed" in text
    assert "Three thousand" not in text
    assert "<sup>[1]</sup>" in markup
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_drawer_can_be_read_in_a_narrow_window(url, browser, scheme):
    page, wrong = opened(browser, url, viewport={"width": 360, "height": 740}, color_scheme=scheme)
    add(page, "a3")
    assert page.evaluate("document.querySelector('.toast').getBoundingClientRect().right") <= 360
    boxes = page.locator("#library-open button").evaluate_all(
        "all => all.map((n) => n.getBoundingClientRect()).map((b) => [b.left, b.right])"
    )
    assert all(left >= 0 and right <= 360 for left, right in boxes)
    low = page.evaluate(CONTRAST, ["#brief-button"])
    add(page, "a2", "a1")
    drawer(page)
    page.click("#brief [aria-label='Remove: “How many people live in Chad?”']")
    page.wait_for_selector("#brief .said p")
    assert page.evaluate("document.querySelector('#brief').scrollWidth") <= 360
    expect(page.locator("#brief img")).to_have_count(0)
    seen = ["h2", "label", "input", ".exports button", ".exports .quiet", ".answer", ".number"]
    seen += [".item .quiet", ".title", "textarea", ".actions button", ".said p", ".handle"]
    low += page.evaluate(CONTRAST, [f"#brief {s}" for s in seen])
    page.click("#brief .said button")
    page.wait_for_selector("#brief .declined")
    low += page.evaluate(CONTRAST, ["#brief .declined"])
    assert [pair for pair in low if pair[1] < 4.5] == []
    assert wrong == []
