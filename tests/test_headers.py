"""The headers of every answer, and what the browser then lets the page do: all that it needs."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from index.access import changing
from index.reading import read_document
from tests.browser import ask, finished, marked, served
from tests.conftest import REPORT, ROOT, running
from tests.fakes import BagOfWords
from tests.guarded import PASSWORD, Page
from tests.test_hostile import VIOLATIONS
from web.guard.headers import script_hash
from web.page import create_app
from web.refusals import refusal_script

ALWAYS = {
    "x-content-type-options": "nosniff", "x-frame-options": "DENY",
    "referrer-policy": "same-origin", "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}  # fmt: skip


def policy(answer):
    """Return the directives of an answer's policy, each with its sources."""
    parts = answer.headers["content-security-policy"].split("; ")
    return {name: sources.split() for name, _, sources in (p.partition(" ") for p in parts)}


@pytest.fixture(scope="module")
def client():
    return TestClient(create_app(lambda: None, examples=[]), raise_server_exceptions=False)


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/none", "/documents", "/config", "/theme.css", "/gradio_api/file=x"]
)
def test_every_answer_has_them_also_what_is_refused(client, path):
    answer = client.get(path)
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "strict-transport-security" not in answer.headers  # nobody could take it back
    found = policy(answer)
    for name in ("default-src", "object-src", "frame-ancestors"):
        assert found[name] == ["'none'"]
    for name in ("base-uri", "form-action", "connect-src"):
        assert found[name] == ["'self'"]
    own = {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}
    others = {s for sources in found.values() for s in sources} - own
    assert not [s for s in others if not re.match("'(nonce|sha256)-", s)]
    assert "'unsafe-inline'" not in found["script-src"]
    assert ("'unsafe-eval'" in found["script-src"]) == (path == "/")


def test_what_is_ones_own_is_not_kept_by_the_browser_and_the_pages_own_files_are(client):
    for path in ("/", "/library", "/conversations", "/none"):
        assert client.get(path).headers["cache-control"] == "no-store", path
    assert client.get("/theme.css").headers.get("cache-control") != "no-store"


def test_over_https_the_browser_is_told_to_stay_there():
    app = create_app(lambda: None, examples=[])
    answer = TestClient(app, base_url="https://testserver").get("/healthz")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_each_page_has_a_number_of_its_own_and_no_script_without_it(client):
    nonces = set()
    for _ in range(2):
        answer = client.get("/")
        (nonce,) = re.findall("'nonce-([^']+)'", answer.headers["content-security-policy"])
        scripts = re.findall(r"<script\b[^>]*>", answer.text)
        assert len(scripts) > 3
        assert all(f'nonce="{nonce}"' in script for script in scripts)
        assert int(answer.headers["content-length"]) == len(answer.content)
        nonces.add(nonce)
    assert len(nonces) == 2


def test_the_script_of_a_refusal_is_known_by_its_hash(client):
    answer = client.get("/none", headers={"Accept": "text/html"})
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    assert script == refusal_script()
    assert script_hash(script) in policy(answer)["script-src"]


@pytest.mark.browser
def test_the_whole_page_works_for_who_signs_in_without_a_violation_of_the_policy(
    browser, tmp_path, monkeypatch
):
    with changing(tmp_path / "library", BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
    with running(tmp_path / "library") as engine:
        guarded = Page(tmp_path, lambda: engine)
        with served(guarded.app) as url:
            page = browser.new_context().new_page()
            page.add_init_script(VIOLATIONS)
            wrong = []
            page.on("console", lambda m: wrong.append(m.text) if "Policy" in m.text else None)
            page.on("request", lambda r: wrong.append(r.url) if url not in r.url else None)

            def fine():
                assert page.evaluate("window.violations") == []
                assert [w for w in wrong if not w.startswith(("blob:", "data:"))] == []

            page.goto(f"{url}/?c=1f")
            assert page.url.startswith(f"{url}/login")
            fine()
            page.keyboard.type("ben")  # the field has the focus
            page.keyboard.press("Tab")
            page.keyboard.type(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_selector("#viewer .block", timeout=60_000)
            ask(page, "Who led a second coup?")
            assert "Goita" in finished(page)
            page.click(".card .chip")
            assert "Goita then led a second coup" in marked(page)
            page.get_by_role("button", name="+ Brief").click()
            page.click("#brief-button")
            page.wait_for_selector("#brief[open] .item")
            with page.expect_download() as saved:
                page.locator("#brief .exports button", has_text="Markdown").click()
            assert "second coup" in Path(saved.value.path()).read_text("utf-8")
            page.keyboard.press("Escape")
            page.click("#library-button")
            page.wait_for_selector("#library[open] .doc-name")
            page.locator("#library input[type=file]").first.set_input_files(
                [{"name": "w.md", "mimeType": "text/markdown",
                  "buffer": b"# The well\n\nThe well in Kati was dug in 2019."}]
            )  # fmt: skip
            page.wait_for_selector("#library .doc-name >> text=The well", timeout=30_000)
            page.keyboard.press("Escape")
            page.click("#theme-button")
            page.click("#language-button")
            fine()
            page.click("#sign-out button")
            page.wait_for_url(f"{url}/login")
            page.goto(url)
            assert page.url.startswith(f"{url}/login")
            fine()
        events = guarded.audit.read_text()
        assert "Kati" not in events and '"file": "w.md"' in events and '"who": "ben"' in events


def test_what_security_md_says_is_shown_by_tests_that_exist():
    """Each test that it names begins with the words between the asterisks."""
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    files = set(re.findall(r"`(test_\w+\.py)`", text))
    assert len(files) > 8
    tests = ""
    for name in files:
        tests += (ROOT / "tests" / name).read_text("utf-8")
    claims = re.findall(r"(?<!\*)\*([a-zG][^*:]+)\*(?!\*)", " ".join(text.split()))
    assert len(claims) > 25
    for claim in claims:
        name = re.sub(r"\W+", "_", re.sub("['’]", "", claim.lower())).strip("_")
        assert f"def test_{name}" in tests, claim
