"""Printed pages in the viewer, in headless Chromium: the switch, marks, what is loaded when."""

from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from index.access import changing
from index.reading import parse_document, read_bytes, read_document
from tests.browser import opened, served
from tests.conftest import running
from tests.fakes import BagOfWords
from tests.test_french_browser import left
from tests.test_pdf import DATA, LEFT, RIGHT, lines, made
from tests.test_printed import with_image
from tests.test_viewer_browser import MADE, count, document_id, middle_of_what_is_free, texts
from web.page import create_app

pytestmark = pytest.mark.browser

SWITCH = "#viewer [aria-label='Pages as printed']"
HOSTILE = "<b>bold</b> <img src=x onerror=window.hit=1>"
FIRST, SECOND, LAST = "Assimi Goita", "three hundred", "expect"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    pages = [lines(50, 700, *LEFT), lines(50, 700, HOSTILE, *RIGHT)]
    # Each at another height, as what repeats at the same is taken for a running head.
    long = [[] if n % 100 else [(50.0, 700.0 - n / 4, f"Page {n} is about wells.")]
            for n in range(2000)]  # fmt: skip
    with changing(folder, BagOfWords()) as library:
        library.add(read_document(DATA / "report-chromium.pdf", as_of="2023-01"), "/r.pdf")
        library.add(parse_document("# A well\n\nIt is dry.", name="w.md", as_of="2022"), "/w.md")
        library.add(read_bytes(with_image(made(*pages), 60_000), "w.pdf", as_of="2021"), "/w.pdf")
        before = replace(read_document(DATA / "numbers-chromium.pdf"), original=b"")
        library.add(before, "/n.pdf")
        library.add(read_bytes(made(*long), "l.pdf", title="Long", as_of="2020"), "/l.pdf")
    with running(folder) as engine, served(create_app(lambda: engine, examples=[])) as url:
        yield url


@pytest.fixture
def page(url, browser):
    page, wrong = opened(browser, url)
    page.wait_for_function("window.sahelBrief?.documents")
    yield page
    # A page that cannot be drawn, and what Gradio says of a reload.
    assert [w for w in wrong if not any(k in w for k in ("422", "AbortError", "errored out"))] == []


def show(page, source):
    page.evaluate("id => window.sahelBrief.open(id)", document_id(page, source))
    page.wait_for_function("id => sahelBrief.viewer.shown() === id", arg=document_id(page, source))


def cite(page, source, *quotes):
    """Put a card into the page with a citation of each quotation; return its links."""
    id_ = document_id(page, source)
    text = page.evaluate(
        "id => fetch(`documents/${id}`).then(r => r.json()).then(d => d.blocks)", id_
    )
    links = []
    for n, quote in enumerate(quotes, start=1):
        block = next(b for b in text if quote in b["text"])
        start = block["start"] + block["text"].index(quote)
        links.append([n, f"#cite-{id_}-{start}-{start + len(quote)}"])
    page.evaluate(MADE, ["made", links])
    return page.locator("#made a")


def printed(page, on=True):
    expect(page.locator(SWITCH)).to_have_attribute("aria-pressed", str(on).lower())
    if on:
        page.wait_for_selector("#viewer .leaf img")


def page_of(page, selector):
    return page.locator(selector).first.evaluate("n => n.closest('.leaf').ariaLabel")


def test_citations_are_marked_on_the_printed_page_and_walked_through(page):
    links = cite(page, "report-chromium.pdf", FIRST, SECOND, LAST)
    assert page.locator(SWITCH).get_attribute("aria-pressed") == "false"
    links.first.click()
    page.wait_for_selector("#viewer .text mark.chosen")
    page.click(SWITCH)
    printed(page)
    page.wait_for_selector("#viewer .leaf mark.chosen")
    expect(page.locator("#viewer .text")).not_to_be_visible()
    assert middle_of_what_is_free(page, ".leaf mark.chosen") < 40
    seen = [(count(page), page_of(page, ".leaf mark.chosen"))]
    assert texts(page, ".leaf mark.chosen .unseen") == [FIRST]
    assert len(texts(page, ".leaf mark.cited .unseen")) == 2
    page.wait_for_function("document.querySelector('.leaf img').naturalWidth >= 400")
    assert page.locator(".leaf img").first.get_attribute("alt").startswith("Page ")
    page.focus("#viewer")
    for key, words in (("n", SECOND), ("]", LAST), ("p", SECOND)):
        page.keyboard.press(key)
        page.wait_for_function(
            "w => document.querySelector('.leaf mark.chosen .unseen')?.textContent === w", arg=words
        )
        page.wait_for_function("document.activeElement.matches('.leaf mark.chosen')")
        assert middle_of_what_is_free(page, ".leaf mark.chosen") < 40
        seen.append((count(page), page_of(page, ".leaf mark.chosen")))
    assert [at for at, _ in seen] == ["1 of 3", "2 of 3", "3 of 3", "2 of 3"]
    assert len({of for _, of in seen}) > 1
    ground = "m => getComputedStyle(document.querySelector(m)).backgroundColor"
    assert page.evaluate(ground, ".leaf mark.chosen") != page.evaluate(ground, ".leaf mark.cited")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "[2]"
    page.click(SWITCH)
    printed(page, on=False)
    assert "".join(texts(page, ".text mark.chosen")) == SECOND
    assert middle_of_what_is_free(page, ".text mark.chosen") < 60


def test_text_is_the_default_and_what_is_no_pdf_has_no_switch(page):
    expect(page.locator("#viewer .leaves")).not_to_be_visible()
    show(page, "w.md")
    expect(page.locator(SWITCH)).not_to_be_visible()
    show(page, "report-chromium.pdf")
    page.focus("#viewer [aria-label^=Find]")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    printed(page)
    assert page.evaluate("document.activeElement.ariaLabel") == "Pages as printed"
    show(page, "w.md")
    assert page.is_visible("#viewer .text") and not page.is_visible("#viewer .leaves")
    page.reload()
    page.wait_for_function("window.sahelBrief?.documents")
    show(page, "report-chromium.pdf")
    printed(page)


def test_only_pages_near_the_view_have_pictures_and_contents_lead_to_pages_and_headings(page):
    show(page, "report-chromium.pdf")
    page.click(SWITCH)
    printed(page)
    page.wait_for_timeout(500)
    expect(page.locator(".leaf")).to_have_count(12)
    alone = page.locator(".leaf a.page").nth(2)
    assert (alone.inner_text(), alone.get_attribute("target")) == ("page 3", "_blank")
    size = "fetch(a.href).then(r => r.blob()).then(createImageBitmap).then(i => i.width)"
    assert alone.evaluate(f"a => {size}") == 2400
    assert 1 <= page.locator(".leaf img").count() <= 5
    page.click("#viewer [aria-controls=viewer-contents]")
    page.fill("#viewer .contents input", "12")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.ariaLabel") == "page 12"
    page.wait_for_selector(".leaf[aria-label='page 12'] img")
    page.wait_for_selector(".leaf[aria-label='page 1'] img", state="detached")
    page.click("#viewer [aria-controls=viewer-contents]")
    page.click("#viewer .contents .headings button >> text=6. Human rights")
    page.wait_for_timeout(1200)
    (place,) = page.evaluate(
        """async () => { const { viewer, marks, leaves } = sahelBrief;
        const { start } = viewer.blocks().find(b => b.text === '6. Human rights');
        const [[{ page, boxes }]] = await marks.find([{ start, end: start + 15 }]);
        const face = leaves.face(leaves.leaf(page)).getBoundingClientRect();
        const head = document.querySelector('#viewer .head').getBoundingClientRect();
        return [face.top + boxes[0][1] * face.height - head.bottom]; }"""
    )
    assert 0 <= place < 40


def test_the_finder_looks_in_the_text_says_so_and_gives_the_pages_back(page):
    show(page, "report-chromium.pdf")
    page.click(SWITCH)
    printed(page)
    page.focus("#viewer")
    page.keyboard.press("/")
    page.keyboard.type("human rights")
    page.wait_for_selector("#viewer .text mark.current")
    assert page.inner_text("#viewer .finds").startswith("Words are found in the text.")
    printed(page, on=False)
    for _ in range(3):
        page.keyboard.press("Enter")
    sheet = page.locator("mark.current").first.evaluate("n => n.closest('.sheet').ariaLabel")
    page.wait_for_timeout(700)
    page.keyboard.press("Escape")
    printed(page)
    expect(page.locator("#viewer .finds")).not_to_be_visible()
    page.wait_for_selector(f".leaf[aria-label='{sheet}'] img")
    assert page.evaluate("document.activeElement.closest('.leaf')?.ariaLabel") == sheet
    page.keyboard.press("/")
    page.wait_for_selector("#viewer .find")
    page.click(SWITCH)
    printed(page)
    expect(page.locator("#viewer .find")).not_to_be_visible()


def test_a_page_that_cannot_be_drawn_says_why_and_has_its_text_as_text(page):
    show(page, "w.pdf")
    page.click(SWITCH)
    why = page.locator(".leaf .unread")
    expect(why).to_have_text(
        "Page 2 has larger images than are safe to open, so there is no picture of it. "
        "Read its text instead."
    )
    expect(page.locator(".leaf[aria-label='page 2']").first).to_contain_text(HOSTILE)
    expect(page.locator(".leaf b")).to_have_count(0)
    assert page.evaluate("window.hit") is None
    cite(page, "w.pdf", "The price of rice").first.click()
    page.wait_for_selector(".leaf mark.chosen, .leaf .unmarked")


def test_2000_pages_are_there_at_once_and_few_of_their_pictures(page):
    show(page, "Long")
    took_ms = page.evaluate(
        """async switch_ => { const t = performance.now(); document.querySelector(switch_).click();
        while (!document.querySelector('.leaf')) await new Promise(requestAnimationFrame);
        return performance.now() - t; }""",
        SWITCH,
    )
    printed(page)
    print("2,000 pages after", took_ms)
    assert took_ms < 2000
    expect(page.locator(".leaf")).to_have_count(2000)
    cite(page, "l.pdf", "Page 1900 is about wells.").first.click()
    page.wait_for_selector(".leaf[aria-label='page 1901'] mark.chosen")
    page.wait_for_selector(".leaf[aria-label='page 1901'] img")
    assert middle_of_what_is_free(page, ".leaf mark.chosen") < 40
    page.wait_for_timeout(300)
    assert page.locator(".leaf img").count() <= 6


def test_a_document_of_before_has_its_switch_as_soon_as_its_file_was_added_again(page):
    show(page, "numbers-chromium.pdf")
    expect(page.locator(SWITCH)).not_to_be_visible()
    page.click("#library-button")
    page.set_input_files("#library input[type=file] >> nth=0", DATA / "numbers-chromium.pdf")
    page.wait_for_selector("#library .jobs >> text=its pages can be shown as printed from now on")
    page.click("#library .doc-name >> text=Border crossings in numbers")
    page.wait_for_selector(SWITCH)
    page.click(SWITCH)
    printed(page)


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_in_french_in_the_dark_and_on_a_telephone(url, browser, width, scheme):
    size = {"width": width, "height": 780}
    page, _ = opened(browser, url, locale="fr-FR", viewport=size, color_scheme=scheme)
    page.wait_for_function("window.sahelBrief?.documents")
    cite(page, "report-chromium.pdf", FIRST, SECOND).first.click()
    page.wait_for_selector("#viewer .text mark.chosen")
    page.get_by_role("button", name="Pages telles qu’imprimées").click()
    page.wait_for_selector(".leaf img")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page, "#viewer").response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    paper = page.locator(".leaf .face").first.evaluate("n => getComputedStyle(n).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    assert set(left(page)) == {f"page {n}" for n in range(1, 13)}  # the same in French
    page.get_by_role("button", name="Rechercher dans ce document (/)").click()
    page.wait_for_selector("#viewer .finds >> text=La recherche se fait dans le texte.")
    assert all(words.startswith("page ") for words in left(page))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
