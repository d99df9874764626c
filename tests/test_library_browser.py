"""The library's panel in headless Chromium, over a real library whose changes run in a thread."""

import pytest

from index.access import changing
from index.reading import parse_document, read_document
from tests.browser import ask, chromium, finished, opened, served
from tests.conftest import REPORT, running
from tests.fakes import BagOfWords
from tests.test_browser import CONTRAST
from web.page import create_app

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=hit()>.md"
WELL = "# The well of Kati\n\nThe well of Kati was dug by the engineer Traore in 2019.\n"
DUG = "Who dug the well of Kati?"
DROP = """(panel, files) => { const moved = new DataTransfer();
  for (const [name, text] of files) moved.items.add(new File([text], name));
  const how = { dataTransfer: moved, bubbles: true, cancelable: true };
  for (const kind of ['dragover', 'drop']) panel.dispatchEvent(new DragEvent(kind, how));
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def url(tmp_path):
    folder = tmp_path / "library"
    with changing(folder, BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
        older = parse_document("# Gao\n\nA market in Gao.", name="gao.md", as_of="2021")
        library.add(older, "/gao.md")
    with running(folder) as engine, served(create_app(lambda: engine, examples=[])) as url:
        yield url


def panel(page):
    page.wait_for_function("window.sahelBrief.documents")
    page.click("#library-button")
    page.wait_for_selector("#library[open]")
    return page.locator("#library")


def drop(page, *files):
    page.locator("#library").evaluate(DROP, [list(f) for f in files])


def titles(page):
    return page.locator("#library .doc-name").all_inner_texts()


def active(page, what):
    return page.evaluate(f"document.activeElement.{what}")


def test_the_panel_is_opened_used_and_left_by_keyboard(url, browser):
    page, wrong = opened(browser, url)
    page.wait_for_function("window.sahelBrief.documents")
    page.locator("#library-button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#library[open]")
    stops = []
    for _ in range(24):
        page.keyboard.press("Tab")
        stops.append(active(page, "closest('#library') && document.activeElement.textContent"))
    assert None not in stops
    assert {"Close", "Add files …", "Gao", "Edit", "Remove"} <= set(stops)
    page.keyboard.press("Escape")
    assert not page.locator("#library").is_visible()
    assert active(page, "id") == "library-button"
    assert wrong == []


def test_a_dropped_file_is_listed_found_and_counted_without_a_reload(url, browser):
    page, wrong = opened(browser, url)
    panel(page)
    drop(page, ("well.md", WELL))
    page.wait_for_selector("#library .jobs .done >> text=added, 1 passage")
    page.wait_for_function("document.querySelectorAll('#library .doc').length == 3")
    assert "The well of Kati" in titles(page)
    assert "3 documents" in page.inner_text("#top .as-of")
    page.keyboard.press("Escape")
    ask(page, DUG)
    assert "Traore" in finished(page)
    assert wrong == []


def test_a_file_that_cannot_be_read_says_why_in_its_place_and_stops_no_other(url, browser):
    page, _ = opened(browser, url)
    panel(page)
    drop(page, ("tool.exe", "MZ"), ("empty.md", " "), ("well.md", WELL))
    page.wait_for_selector("#library .jobs .done")
    page.wait_for_function("document.querySelectorAll('#library .failed').length == 2")
    rows = "\n".join(page.locator("#library .failed").all_inner_texts())
    assert "tool.exe is not a format that can be read here" in rows
    assert "empty.md is empty." in rows


def test_a_document_is_edited_in_place_and_a_wrong_date_says_so_there(url, browser):
    page, _ = opened(browser, url)
    panel(page)
    page.click("#library [aria-label='Edit “Gao”']")
    page.fill("#library form label:has-text('Title') input", "Gao and its market")
    page.fill("#library form label:has-text('As-of') input", "last week")
    page.click("#library form >> text=Save")
    page.wait_for_selector("#library form >> text=last week is not a date.")
    page.fill("#library form label:has-text('As-of') input", "2024-02")
    page.keyboard.press("Enter")
    page.wait_for_selector("#library .doc-name >> text=Gao and its market")
    assert "as of February 2024" in page.inner_text("#library .doc >> nth=0")
    assert "as of February 2024" in page.inner_text("#top .as-of")
    assert active(page, "textContent") == "Edit"
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")  # leaves the form alone
    assert page.locator("#library form").count() == 0
    assert page.locator("#library").is_visible()


def test_a_removed_document_comes_back(url, browser):
    page, wrong = opened(browser, url)
    panel(page)
    page.click("#library [aria-label='Remove “Gao”']")
    page.wait_for_selector("#library .said >> text=Removed “Gao”.")
    page.wait_for_function("document.querySelectorAll('#library .doc').length == 1")
    assert active(page, "textContent") == "Undo"
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('#library .doc').length == 2")
    assert "as of 2021" in page.inner_text("#library .doc:has-text('Gao')")
    assert page.locator("#library .said p").count() == 0
    assert wrong == []


def test_the_viewer_follows_what_becomes_of_its_document(url, browser):
    page, _ = opened(browser, url)
    panel(page)
    page.click("#library .doc-name >> text=Gao")
    page.wait_for_selector("#viewer .block >> text=A market in Gao.")
    assert not page.locator("#library").is_visible()
    assert active(page, "id") == "viewer"
    panel(page)
    page.click("#library [aria-label='Remove “Gao”']")
    page.wait_for_selector("#viewer >> text=This document was removed")
    page.click("#library .said >> text=Undo")
    page.wait_for_selector("#viewer .block >> text=A market in Gao.")


def test_only_what_is_ticked_is_asked_and_the_page_says_so(url, browser):
    page, wrong = opened(browser, url)
    panel(page)
    drop(page, ("well.md", WELL))
    page.wait_for_selector("#library .doc-name >> text=The well of Kati")
    page.uncheck("#library [aria-label='Ask “The well of Kati”']")
    page.keyboard.press("Escape")
    assert "Asking 2 of 3 documents" in page.inner_text("#scope")
    ask(page, DUG)
    assert "Traore" not in finished(page)
    page.click("#scope button")
    assert not page.locator("#scope").is_visible()
    ask(page, DUG)
    assert "Traore" in finished(page, 1)
    panel(page)
    page.fill("#library .choosing input", "2022-05")
    page.keyboard.press("Escape")
    assert "Asking 1 of 3 documents · since May 2022" in page.inner_text("#scope")
    ask(page, DUG)
    assert "Traore" not in finished(page, 2)
    assert wrong == []


def test_none_is_ticked_is_said_in_words(url, browser):
    page, _ = opened(browser, url)
    panel(page)
    page.click("#library >> text=Choose none")
    page.keyboard.press("Escape")
    ask(page, DUG)
    assert "No document is chosen" in finished(page)


def test_the_name_of_a_file_is_only_text(url, browser):
    page, wrong = opened(browser, url)
    panel(page)
    drop(page, (HOSTILE, "A note without any title, which is long enough to be none. " * 3))
    page.wait_for_selector("#library .jobs .done")
    assert HOSTILE in page.inner_text("#library .jobs")
    page.wait_for_function("document.querySelectorAll('#library .doc').length == 3")
    assert HOSTILE in page.inner_text("#library .shelf")
    assert page.locator("#library img").count() == 0
    assert wrong == []


def test_two_tabs_choose_for_themselves_and_see_each_others_changes(url, browser):
    one, _ = opened(browser, url)
    two, _ = opened(browser, url)
    panel(one)
    panel(two)
    one.uncheck("#library [aria-label='Ask “Gao”']")
    drop(one, ("well.md", WELL))
    drop(two, ("other.md", "# Other\n\nAnother note about the river Niger."))
    for page in (one, two):
        page.wait_for_function(
            "document.querySelectorAll('#library .doc').length == 4", timeout=15_000
        )
        page.keyboard.press("Escape")
    assert "Asking 1 of 4 documents" in one.inner_text("#scope")
    assert not two.locator("#scope").is_visible()
    ask(two, DUG)
    assert "Traore" in finished(two)


def test_what_is_ticked_outlives_a_reload_of_the_tab_and_no_other_tab_has_it(url, browser):
    page, wrong = opened(browser, url)
    panel(page)
    drop(page, ("well.md", WELL))
    page.wait_for_selector("#library .doc-name >> text=The well of Kati")
    page.uncheck("#library [aria-label='Ask “The well of Kati”']")
    page.fill("#library .choosing input", "2021")
    page.reload()
    page.wait_for_selector("#scope >> text=Asking 2 of 3 documents · since 2021")
    ask(page, DUG)
    assert "Traore" not in finished(page)
    panel(page)
    assert not page.is_checked("#library [aria-label='Ask “The well of Kati”']")
    assert page.is_checked("#library [aria-label='Ask “Gao”']")
    assert page.input_value("#library .choosing input") == "2021"
    other = page.context.new_page()
    other.goto(url)
    other.wait_for_selector("#viewer .block")
    assert not other.locator("#scope").is_visible()
    page.keyboard.press("Escape")
    page.click("#scope button")
    page.reload()
    page.wait_for_selector("#viewer .block")
    page.wait_for_timeout(500)
    assert not page.locator("#scope").is_visible()
    assert wrong == []


def test_when_nothing_that_was_chosen_is_left_all_are_asked_and_the_page_says_so(url, browser):
    page, _ = opened(browser, url)
    panel(page)
    page.click("#library >> text=Choose none")
    page.check("#library [aria-label='Ask “Gao”']")
    drop(page, ("well.md", WELL))
    page.wait_for_selector("#library .doc-name >> text=The well of Kati")
    page.click("#library [aria-label='Remove “Gao”']")
    page.wait_for_selector("#library .said >> text=Removed “Gao”.")
    gone = "None of the documents that were chosen is left · asking all"
    page.wait_for_selector(f"#scope >> text={gone}", state="attached")
    assert page.is_checked("#library [aria-label='Ask “The well of Kati”']")
    page.reload()
    page.wait_for_selector(f"#scope >> text={gone}")
    ask(page, DUG)
    assert "Traore" in finished(page)
    page.click("#scope button")
    assert not page.locator("#scope").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_can_be_read_in_a_narrow_window(url, browser, scheme):
    page, wrong = opened(browser, url, viewport={"width": 360, "height": 740}, color_scheme=scheme)
    panel(page)
    drop(page, ("x" * 90 + ".exe", "MZ"), ("well.md", WELL))
    page.wait_for_selector("#library .failed")
    page.wait_for_selector("#library .jobs .done")
    page.click("#library .edit >> nth=0")
    assert page.evaluate("document.querySelector('#library').scrollWidth") <= 360
    seen = ["h2", ".main", ".quiet", ".origin", ".doc-name", ".failed .status", ".done .status"]
    seen = [f"#library {s}" for s in [*seen, ".close", "label", "form input", ".edit", ".formats"]]
    low = [pair for pair in page.evaluate(CONTRAST, [*seen, "#library-button"]) if pair[1] < 4.5]
    assert low == []
    assert wrong == []
