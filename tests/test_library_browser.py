"""The library's panel in headless Chromium, over a real library whose changes run in a thread."""

import threading
import zipfile

import httpx
import pytest
from playwright.sync_api import expect

import web.adding
from index.access import changing
from index.reading import parse_document, read_document
from tests.browser import ask, finished, opened, served
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
    page.wait_for_function("window.sahelBrief?.documents")
    page.click("#library-button")
    page.wait_for_selector("#library[open]")
    return page.locator("#library")


def drop(page, *files):
    page.locator("#library").evaluate(DROP, [list(f) for f in files])


def really_drop(page, *paths):
    """Drop files and folders of this machine on the panel, as a hand would."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(p) for p in paths], "dragOperationsMask": 1}
    x = page.viewport_size["width"] - 100
    for kind in ("dragEnter", "dragOver", "drop"):
        sent = {"type": kind, "x": x, "y": 300, "data": data}
        session.send("Input.dispatchDragEvent", sent)


def titles(page):
    return page.locator("#library .doc-name").all_inner_texts()


def active(page, what):
    return page.evaluate(f"document.activeElement.{what}")


def test_the_panel_is_opened_used_and_left_by_keyboard(url, browser):
    page, wrong = opened(browser, url)
    page.wait_for_function("window.sahelBrief?.documents")
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
    expect(page.locator("#library")).not_to_be_visible()
    assert active(page, "id") == "library-button"
    assert wrong == []


def test_a_dropped_file_is_listed_found_and_counted_without_a_reload(url, browser):
    page, wrong = opened(browser, url)
    panel(page)
    drop(page, ("well.md", WELL))
    page.wait_for_selector("#library .jobs .done >> text=added, 1 passage")
    page.wait_for_function("document.querySelectorAll('#library .doc').length == 3")
    assert "The well of Kati" in titles(page)
    expect(page.locator("#top .as-of").first).to_contain_text("3 documents")
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


def test_an_archive_says_what_became_of_each_file_in_it(url, browser, tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name, text in (("a/well.md", WELL), (HOSTILE, " "), ("b/well.md", "# Mill\n\nA mill.")):
            archive.writestr(name, text)
    page, wrong = opened(browser, url)
    panel(page)
    really_drop(page, tmp_path / "all.zip")
    page.wait_for_selector("#library .failed >> text=2 of 3 files in it are in the library")
    assert page.inner_text("#library .failed .problem").startswith(f"{HOSTILE} is empty.")
    page.wait_for_function("document.querySelectorAll('#library .doc').length == 4")
    page.click("#library .failed summary")
    assert page.locator("#library .member").all_inner_texts() == [
        "added: a/well.md – “The well of Kati”, 1 passage", "added: b/well.md – “Mill”, 1 passage",
    ]  # fmt: skip
    expect(page.locator("#library img")).to_have_count(0)
    assert wrong == []


def test_a_folder_is_dropped_with_all_that_is_in_it(url, browser, tmp_path):
    top = tmp_path / "Field notes"
    for n, sub in enumerate(("north", "south/far")):
        (top / sub).mkdir(parents=True)
        (top / sub / "well.md").write_text(f"# Well {n}\n\nThe well number {n} is dry.")
    (top / "many").mkdir()
    for n in range(105):  # more than Chromium gives at once
        (top / "many" / f"{n}.md").write_text("The same.")
    for hidden in (".git", "__MACOSX"):
        (top / hidden).mkdir()
        (top / hidden / "hidden.md").write_text("Hidden.")
    (top / "photo.jpg").write_text("x")
    deep = top.joinpath(*"abcdefghijklm")
    deep.mkdir(parents=True)
    (deep / "deep.md").write_text("Deep.")
    (tmp_path / "void").mkdir()
    page, wrong = opened(browser, url)
    panel(page)
    really_drop(page, top, tmp_path / "void")
    page.wait_for_selector("#library .tally >> text=110 done: 3 added", timeout=120_000)
    assert page.inner_text("#library .tally") == (
        "110 done: 3 added, 104 already there, 3 could not be added"
    )
    assert page.locator("#library .failed").all_inner_texts() == [
        "Field notes/a/b/c/d/e/f/g/h/i/j/k/l lies more than 12 folders deep. Add it by itself.",
        "Field notes/photo.jpg is of a format that cannot be read here.",
        "There is no file in the folder void.",
    ]
    names = page.locator("#library .jobs .file").all_inner_texts()
    assert {"Field notes/north/well.md", "Field notes/south/far/well.md"} <= set(names)
    assert {"Well 0", "Well 1"} <= set(titles(page))
    assert "hidden" not in page.inner_text("#library .jobs")
    assert wrong == []


def test_a_folder_of_too_many_files_is_cut_off_and_says_so(url, browser, tmp_path):
    (tmp_path / "all").mkdir()
    for n in range(1100):
        (tmp_path / "all" / f"{n}.jpg").touch()
    page, _ = opened(browser, url)
    panel(page)
    really_drop(page, tmp_path / "all")
    page.wait_for_selector("#library .failed >> text=There are more than 1,000 files and folders")
    expect(page.locator("#library .tally").first).to_have_text("1000 done: 1000 could not be added")


def test_a_folder_is_chosen_by_its_button(url, browser, tmp_path):
    (tmp_path / "notes" / ".git").mkdir(parents=True)
    (tmp_path / "notes" / "well.md").write_text(WELL)
    (tmp_path / "notes" / "photo.jpg").write_text("x")
    (tmp_path / "notes" / ".git" / "a.md").write_text("Hidden.")
    page, _ = opened(browser, url)
    panel(page)
    with page.expect_file_chooser() as chooser:
        page.click("#library >> text=Add a folder …")
    chooser.value.set_files(tmp_path / "notes")
    page.wait_for_selector("#library .done >> text=notes/well.md")
    page.wait_for_selector("#library .tally >> text=2 done: 1 added, 1 could not be added")


def test_two_hundred_files_stay_in_view_behind_one_line(url, browser):
    page, wrong = opened(browser, url)
    panel(page)
    drop(page, ("tool.exe", "MZ"), *((f"{n}.md", "The same.") for n in range(199)))
    page.wait_for_selector("#library .tally >> text=/^[1-9]\\d* of 200 done, 1 failed$/")
    assert page.locator("#library .jobs").bounding_box()["height"] <= 0.45 * 720 + 1
    expect(page.locator("#library .shelf")).to_be_visible()
    expect(page.locator("#library .jobs li >> nth=0").first).to_contain_text("tool.exe")
    page.wait_for_selector("#library .tally >> text=/^200 done:/", timeout=120_000)
    assert page.inner_text("#library [role=status].unseen") == (
        "1 added, 198 already there, 1 could not be added."
    )
    assert wrong == []


@pytest.fixture
def gate(monkeypatch):
    """Files are read once this is set."""
    gate, real = threading.Event(), web.adding.read
    monkeypatch.setattr("web.adding.read", lambda *file: gate.wait(60) and real(*file))
    yield gate
    gate.set()


def test_a_closed_panel_says_on_its_button_how_far_it_is_and_how_it_ended(url, browser, gate):
    page, wrong = opened(browser, url)
    panel(page)
    drop(page, ("well.md", WELL), ("empty.md", " "), ("tool.exe", "MZ"))
    page.keyboard.press("Escape")
    expect(page.locator("#library-button")).to_have_text("Library · adding 1 of 3")
    expect(page.locator("#library-said")).to_have_text("Still adding 1 of 3.")
    assert page.get_attribute("#library-said", "role") == "status"
    gate.set()
    page.wait_for_selector("#library-button >> text=Library · 2 could not be added")
    expect(page.locator("#library-said")).to_have_text("1 added, 2 could not be added.")
    panel(page)
    expect(page.locator("#library .failed")).to_have_count(2)
    expect(page.locator("#library .jobs li")).to_have_count(3)
    expect(page.locator("#library-button")).to_have_text("Library")
    page.keyboard.press("Escape")
    panel(page)
    expect(page.locator("#library .jobs li")).to_have_count(0)
    gate.clear()
    drop(page, ("other.md", "# Other\n\nThe river Niger."))
    page.keyboard.press("Escape")
    gate.set()
    page.wait_for_selector("#library-button >> text=Library · 1 added")
    assert wrong == []


def test_the_page_asks_before_files_are_lost_that_are_not_yet_sent(url, browser, gate):
    page, _ = opened(browser, url)
    asked = []
    page.on("dialog", lambda dialog: asked.append(dialog.type) or dialog.dismiss())
    panel(page)
    drop(page, ("a.md", WELL), ("b.md", "B."), ("c.md", "C."))
    page.wait_for_selector("#library .jobs >> text=reading")
    page.close(run_before_unload=True)
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    gate.set()
    page.wait_for_selector("#library .tally >> text=/^3 done:/")
    with page.expect_event("close"):
        page.close(run_before_unload=True)
    assert asked == ["beforeunload"]


def test_a_file_waits_by_itself_until_the_server_takes_more(url, browser, gate):
    for n in range(16):
        sent = {"params": {"name": f"{n}.md"}, "content": b"x", "headers": {"X-Sahel-Brief": "1"}}
        assert httpx.post(f"{url}/documents", **sent).status_code == 202
    page, _ = opened(browser, url)
    panel(page)
    drop(page, ("well.md", WELL))
    page.wait_for_selector("#library .jobs >> text=waiting: as many files are being added as may")
    gate.set()
    page.wait_for_selector("#library .jobs .done >> text=added, 1 passage")


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
    expect(page.locator("#library .doc >> nth=0").first).to_contain_text("as of February 2024")
    expect(page.locator("#top .as-of").first).to_contain_text("as of February 2024")
    assert active(page, "textContent") == "Edit"
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")  # leaves the form alone
    expect(page.locator("#library form")).to_have_count(0)
    expect(page.locator("#library")).to_be_visible()


def test_a_removed_document_comes_back(url, browser):
    page, wrong = opened(browser, url)
    panel(page)
    page.click("#library [aria-label='Remove “Gao”']")
    page.wait_for_selector("#library .said >> text=Removed “Gao”.")
    page.wait_for_function("document.querySelectorAll('#library .doc').length == 1")
    assert active(page, "textContent") == "Undo"
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('#library .doc').length == 2")
    expect(page.locator("#library .doc:has-text('Gao')").first).to_contain_text("as of 2021")
    expect(page.locator("#library .said p")).to_have_count(0)
    assert wrong == []


def test_the_viewer_follows_what_becomes_of_its_document(url, browser):
    page, _ = opened(browser, url)
    panel(page)
    page.click("#library .doc-name >> text=Gao")
    page.wait_for_selector("#viewer .block >> text=A market in Gao.")
    expect(page.locator("#library")).not_to_be_visible()
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
    expect(page.locator("#scope")).to_contain_text("Asking 2 of 3 documents")
    ask(page, DUG)
    assert "Traore" not in finished(page)
    page.click("#scope button")
    expect(page.locator("#scope")).not_to_be_visible()
    ask(page, DUG)
    assert "Traore" in finished(page, 1)
    panel(page)
    page.fill("#library .choosing input", "2022-05")
    page.keyboard.press("Escape")
    expect(page.locator("#scope")).to_contain_text("Asking 1 of 3 documents · since May 2022")
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
    expect(page.locator("#library .jobs").first).to_contain_text(HOSTILE)
    page.wait_for_function("document.querySelectorAll('#library .doc').length == 3")
    expect(page.locator("#library .shelf").first).to_contain_text(HOSTILE)
    expect(page.locator("#library img")).to_have_count(0)
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


def test_files_that_are_being_added_are_followed_again_after_a_reload(url, browser, gate):
    page, wrong = opened(browser, url)
    panel(page)
    drop(page, ("well.md", WELL), ("empty.md", " "), ("third.md", "# Third\n\nA river."))
    page.wait_for_function("JSON.parse(sessionStorage.adding).filter((f) => f.job).length === 2")
    page.on("dialog", lambda dialog: dialog.accept())  # one is still to be sent
    page.reload()
    page.wait_for_selector("#library-button >> text=Library · adding 2 of 3")
    other = page.context.new_page()
    other.goto(url)
    other.wait_for_function("window.sahelBrief?.documents")
    assert other.inner_text("#library-button") == "Library"
    panel(page)
    rows = page.locator("#library .jobs li")
    assert rows.count() == 3
    assert "third.md was not sent, as the page was left." in rows.first.inner_text()
    expect(page.locator("#library .jobs progress")).to_have_count(2)
    gate.set()
    page.wait_for_selector("#library .jobs .done >> text=well.md")
    page.wait_for_selector("#library .tally >> text=3 done: 1 added, 2 could not be added")
    assert sorted(titles(page)) == ["Gao", "Mali after MINUSMA: the Sahel security situation",
                                    "The well of Kati"]  # fmt: skip
    page.reload()  # how it ended is shown again, until it was seen
    page.wait_for_selector("#library-button >> text=Library · 2 could not be added")
    panel(page)
    page.keyboard.press("Escape")
    page.wait_for_function("!sessionStorage.adding")  # a dialog tells a moment later that it closed
    page.reload()
    page.wait_for_selector("#viewer .block")
    page.wait_for_timeout(300)
    expect(page.locator("#library-button")).to_have_text("Library")
    # What Gradio was asking for when the page was left.
    left = ("ERR_ABORTED", "AbortError", "Connection errored out")
    assert [w for w in wrong if not any(words in w for words in left)] == []


def test_a_job_that_a_new_server_knows_nothing_of_is_said_to_be_unknown(url, browser):
    page, _ = opened(browser, url)
    page.evaluate("sessionStorage.adding = JSON.stringify([{name: 'a.md', job: 'f00d'}, {}, null])")
    page.reload()
    page.wait_for_selector("#library-button >> text=Library · 1 could not be added")
    panel(page)
    expect(page.locator("#library .jobs li").first).to_contain_text("is not known")


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
    expect(page.locator("#library .choosing input")).to_have_value("2021")
    other = page.context.new_page()
    other.goto(url)
    other.wait_for_selector("#viewer .block")
    assert not other.locator("#scope").is_visible()
    page.keyboard.press("Escape")
    page.click("#scope button")
    page.reload()
    page.wait_for_selector("#viewer .block")
    page.wait_for_timeout(500)
    expect(page.locator("#scope")).not_to_be_visible()
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
    expect(page.locator("#scope")).not_to_be_visible()


def test_none_is_ticked_stays_so_although_another_that_was_ticked_is_gone(url, browser):
    page, _ = opened(browser, url)
    panel(page)
    drop(page, ("well.md", WELL))
    page.wait_for_selector("#library .doc-name >> text=The well of Kati")
    page.click("#library >> text=Choose none")
    page.check("#library [aria-label='Ask “Gao”']")
    page.check("#library [aria-label='Ask “The well of Kati”']")
    page.click("#library [aria-label='Remove “Gao”']")
    page.wait_for_selector("#library .said >> text=Removed “Gao”.")
    page.uncheck("#library [aria-label='Ask “The well of Kati”']")
    page.keyboard.press("Escape")
    expect(page.locator("#scope")).to_contain_text("Asking none of 2 documents")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_can_be_read_in_a_narrow_window(url, browser, scheme):
    page, wrong = opened(browser, url, viewport={"width": 360, "height": 740}, color_scheme=scheme)
    panel(page)
    drop(page, ("x" * 90 + ".exe", "MZ"), ("well.md", WELL))
    page.wait_for_selector("#library .failed")
    page.wait_for_selector("#library .jobs .done")
    page.click("#library .edit >> nth=0")
    assert page.evaluate("document.querySelector('#library').scrollWidth") <= 360
    assert page.evaluate("document.querySelector('#library .jobs').scrollWidth") <= 360
    seen = ["h2", ".main", ".quiet", ".origin", ".doc-name", ".failed .status", ".done .status"]
    seen = [
        f"#library {s}"
        for s in [*seen, ".close", "label", "form input", ".edit", ".formats", ".tally"]
    ]
    low = [pair for pair in page.evaluate(CONTRAST, [*seen, "#library-button"]) if pair[1] < 4.5]
    assert low == []
    assert wrong == []
