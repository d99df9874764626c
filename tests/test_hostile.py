"""Hostile files, names and addresses: nothing is read beside the library, nothing is fetched."""

import socket
import threading
import time
import zipfile
from io import BytesIO

import pytest
from docx import Document as Docx
from docx.opc.constants import RELATIONSHIP_TYPE
from fastapi.testclient import TestClient
from reportlab.pdfgen.canvas import Canvas

from tests.browser import ask, finished, opened, served
from tests.conftest import running
from tests.guarded import HERE, asked, routes
from tests.test_rules import address
from web.guard.rules import rule_for
from web.guard.settings import Guarding
from web.page import create_app

SECRET = "the-secret-of-the-heron"
UP = "../" * 12
PATHS = [
    "../secret.txt", f"{UP}etc/passwd", "..%2f..%2fsecret.txt", "%2e%2e/secret.txt", "/etc/passwd",
    "....//secret.txt", "..\\secret.txt", "file:///etc/passwd", "secret.txt\0.md", "~/.ssh/id_rsa",
]  # fmt: skip
QUERIES = ("name", "folder", "format", "of", "spans", "words", "session_hash", "next", "lang", "c")


class Listener:
    """A server of another origin on this machine that counts who comes."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.came = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.came += 1
            connection.close()

    def close(self):
        self._socket.close()


@pytest.fixture
def elsewhere():
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def app(tmp_path):
    """The application on a library beside which a secret lies."""
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "secret.txt").write_text(SECRET)
    with running(tmp_path / "library") as engine:
        guarding = Guarding(audit=tmp_path / "audit.jsonl")
        yield create_app(
            lambda: engine, examples=[], database=tmp_path / "c.sqlite3", guarding=guarding
        )


def add(app, name, data):
    client = TestClient(app)
    job = client.post("/documents", params={"name": name}, content=data, headers=HERE).json()["job"]
    for _ in range(500):
        state = client.get(f"/jobs/{job}").json()
        if state["state"] in ("done", "failed"):
            return state
        time.sleep(0.02)
    raise AssertionError(state)


def test_no_path_and_no_id_leads_to_another_file(app):
    """Tried on every route that is served, Gradio's own too, in each part of it and as a query."""
    tried = 0
    for method, path, _ in routes(app):
        if method != "GET" or "{" not in path or not rule_for(method, address(path)):
            continue
        if path.startswith("/gradio_api/heartbeat/"):  # a stream that says nothing
            continue
        for wrong in PATHS:
            place = path[: path.index("{")] + wrong
            status, _, body = asked(app, method, place)
            led_on = status == 303 and place.startswith("/shared/")  # to the same, with a cookie
            assert led_on or status in (403, 404, 405, 422), f"{method} {place}: {status}"
            assert SECRET.encode() not in body and b"root:x:0" not in body
            tried += 1
    assert tried > 100
    client = TestClient(app, follow_redirects=False)
    for wrong in PATHS:
        for path in ("/", "/brief/export", "/feedback.jsonl", "/conversations", "/login"):
            found = client.get(path, params=dict.fromkeys(QUERIES, wrong))
            assert found.status_code < 500
            assert SECRET not in found.text and "root:x:0" not in found.text


def beside_the_library(folder):
    return {path for path in folder.rglob("*") if folder / "library" not in path.parents}


@pytest.mark.parametrize(
    "name", ["../../evil.md", "/etc/evil.md", "C:\\evil.md", "a/../../evil.md"]
)
def test_a_files_name_is_no_place_on_this_machine(app, tmp_path, name):
    before = beside_the_library(tmp_path)
    assert add(app, name, b"# A heron\n\nThe heron nests here in the reeds.")["state"] == "done"
    assert beside_the_library(tmp_path) - before <= {tmp_path / "c.sqlite3-wal"}
    assert not list(tmp_path.rglob("evil.md"))


def test_an_archive_writes_nothing_beside_itself(app, tmp_path):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("../../evil.md", "/tmp/evil-heron.md", "ok.md"):
            archive.writestr(name, f"# Of {name}\n\nThe heron nests in the reeds of {name}.")
    add(app, "a.zip", packed.getvalue())
    assert not list(tmp_path.parent.rglob("evil*.md"))


def hostile_files(url):
    """Return files of several formats that ask to have something fetched, by their names."""
    word, packed, pdf = Docx(), BytesIO(), BytesIO()
    word.add_paragraph("The heron nests in the reeds by the river.")
    word.part.relate_to(f"{url}/word.png", RELATIONSHIP_TYPE.IMAGE, is_external=True)
    template = RELATIONSHIP_TYPE.IMAGE.replace("image", "attachedTemplate")
    word.part.relate_to(f"{url}/t.dotm", template, is_external=True)
    word.save(packed)
    canvas = Canvas(pdf)
    canvas.drawString(72, 700, "The stork nests on the roof of the old mill.")
    canvas.linkURL(f"{url}/pdf", (72, 690, 300, 710))
    canvas.save()
    html = (
        f'<html><head><link rel=stylesheet href="{url}/a.css"><base href="{url}/">'
        f'<meta http-equiv=refresh content="0;url={url}/r"></head><body><h1>Egret</h1>'
        f'<img src="{url}/a.png"><iframe src="{url}/f"></iframe><script src="{url}/a.js"></script>'
        f'<svg><image href="{url}/s.svg"/><use href="{url}/u#x"/></svg><object data="{url}/o">'
        "</object><p>The egret nests in a colony near the lake, with others.</p></body></html>"
    )
    entity = (
        f'<!DOCTYPE html SYSTEM "{url}/x.dtd" [<!ENTITY e SYSTEM "{url}/e">]>'
        "<html><body><p>The ibis &e; nests in trees here.</p></body></html>"
    )
    return {
        "a.docx": packed.getvalue(),
        "b.pdf": pdf.getvalue(),
        "c.html": html.encode(),
        "d.html": entity.encode(),
        "e.md": f"# Crane\n\n![x]({url}/m.png) The crane nests on the ground in the marsh. "
                f'<img src="{url}/m2.png"> [link]({url}/l)'.encode(),
        f"{url}/f.md": b"# Bittern\n\nThe bittern nests among the reeds, well hidden.",
    }  # fmt: skip


def test_adding_a_document_fetches_nothing_that_it_names(app, elsewhere):
    for name, data in hostile_files(elsewhere.url).items():
        assert add(app, name, data)["state"] == "done", name
    client = TestClient(app)
    for row in client.get("/documents").json():
        sent = {"source": f"{elsewhere.url}/source", "title": f"![]({elsewhere.url}/title)"}
        assert client.patch(f"/documents/{row['id']}", json=sent, headers=HERE).status_code == 200
    time.sleep(0.3)
    assert elsewhere.came == 0
    socket.create_connection(("127.0.0.1", int(elsewhere.url.rpartition(":")[2]))).close()
    time.sleep(0.2)
    assert elsewhere.came == 1  # who comes is counted


def test_there_is_no_route_that_takes_an_address_to_be_fetched(app):
    """Gradio has two, a proxy and files by URL; neither is served."""
    for path in ("/gradio_api/proxy=http://127.0.0.1/", "/gradio_api/file=http://127.0.0.1/x"):
        assert asked(app, "GET", path)[0] == 404
    taken = {
        name
        for _, path, gradio in routes(app)
        if not gradio
        for name in ("url", "uri", "href", "link", "address")
        if name in path
    }
    assert taken == set()


NASTY = "<img src=x onerror=window.hit=1><script>window.hit=2</script><svg onload=window.hit=3>"
MARKDOWN = "![i](http://203.0.113.1/x) [l](javascript:window.hit=4) <b>bold</b> `c` {{7*7}} ${7*7}"
# What Gradio and the page have of their own is in no place where words of others are.
PLACES = "#chat [data-testid=bot], #chat [data-testid=user], #viewer, #library, #brief, #stage, nav"
FOREIGN = ":is(img:not([src^='documents/']):not([src^=blob]), script, iframe, object, embed, b)"
VIOLATIONS = """window.violations = [];
document.addEventListener('securitypolicyviolation',
  (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));"""


@pytest.mark.browser
def test_words_of_documents_questions_names_and_answers_never_become_code(
    app, browser, elsewhere, tmp_path
):
    """Looked for in the page itself, as its policy would keep most of it from running anyway."""
    text = f"# {NASTY} {MARKDOWN}\n\nThe quoll {NASTY} lives in trees. {MARKDOWN} It eats figs.\n"
    with served(app) as url:
        page = browser.new_context().new_page()
        page.add_init_script(VIOLATIONS)
        page.goto(url)
        add(app, "quoll.md", text.encode())
        add(
            app,
            f"{NASTY}.md".replace("/", ""),
            b"The numbat lives alone in a hollow log, far away.",
        )
        page.reload()
        page.wait_for_selector("#viewer .block", timeout=60_000)
        ask(page, f"Where does the quoll live? {NASTY} {MARKDOWN}")
        assert "lives in trees" in finished(page)
        page.locator(".card .chip").first.click()
        page.wait_for_selector("#viewer mark.chosen")
        page.get_by_role("button", name="+ Brief").click()
        conversation = page.evaluate("fetch('conversations').then((r) => r.json())")[0]
        page.evaluate(
            """([id, title]) => fetch(`conversations/${id}`, { method: 'PATCH',
            headers: { 'X-Sahel-Brief': '1', 'Content-Type': 'application/json' },
            body: JSON.stringify({ title }) })""",
            [conversation["id"], f"{NASTY} {MARKDOWN}"[:200]],
        )
        page.click("#brief-button")
        page.wait_for_selector("#brief[open] .item")
        page.keyboard.press("Escape")
        page.click("#library-button")
        page.wait_for_selector("#library[open] .doc-name")
        page.keyboard.press("Escape")
        page.click("#language-button")
        page.reload()
        page.wait_for_selector("#viewer .block", timeout=60_000)
        assert "<img src=x" in page.inner_text("body")
        found = page.evaluate(
            """([places, foreign]) => [...document.querySelectorAll(places)].flatMap((place) =>
            [...place.querySelectorAll(foreign)].map((n) => n.outerHTML))""",
            [PLACES, FOREIGN],
        )
        assert found == []
        assert page.evaluate("window.hit") is None
        assert page.evaluate("window.violations") == []
        links = page.locator("a[href^='javascript'], a[href*='203.0.113.1']")
        assert links.count() == 0


@pytest.mark.browser
def test_looking_at_documents_in_the_page_fetches_nothing_that_they_name(app, browser, elsewhere):
    for name, data in hostile_files(elsewhere.url).items():
        add(app, name, data)
    with served(app) as url:
        page, wrong = opened(browser, url)
        for row in page.evaluate("fetch('documents').then((r) => r.json())"):
            page.evaluate("(id) => fetch(`documents/${id}`)", row["id"])
        ask(page, "Where does the crane nest?")
        assert "nests on the ground" in finished(page)
        page.locator(".card .chip").first.click()
        page.wait_for_selector("#viewer mark.chosen")
        page.wait_for_timeout(300)
        assert wrong == []
    assert elsewhere.came == 0
