"""Who comes in: signing in and out, cookies, tokens, other sites' pages, and the audit log."""

import json
import re

import pytest
from fastapi.testclient import TestClient

from tests.guarded import HERE, PASSWORD, Page, asked
from web.database import Unreachable
from web.guard import gate, signing
from web.guard.origins import LOCAL, Hosts
from web.guard.rates import _FAILED_HERE, Rates, Wait
from web.guard.signing import _own
from web.guard.waiting import _WHY, wait_words
from web.page import create_app
from web.refusals import in_french
from web.users.store import Users

SESSION = "sahel_brief_session"
LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
ORIGIN = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return Page(tmp_path_factory.mktemp("guarded"))


@pytest.fixture
def page(whole):
    """The page with an empty audit log."""
    whole.audit.write_text("")
    return whole


def sign_in(client, name="ann", password=PASSWORD, **more):
    return client.post("/login", data={"name": name, "password": password, **more}, headers=ORIGIN)


def written(page):
    return [json.loads(line) for line in page.audit.read_text().splitlines()]


def test_nobody_sees_anything_before_signing_in_but_whether_the_page_is_up(page):
    browser = page.browser()
    opened = browser.get("/?c=1f", headers={"Accept": "text/html"})
    assert (opened.status_code, opened.headers["location"]) == (303, "/login?next=/%3Fc%3D1f")
    asked_by_script = browser.get("/conversations")
    assert asked_by_script.status_code == 401
    assert "not signed in" in asked_by_script.json()["detail"]
    assert browser.get("/healthz").json()["ready"] is False
    for path in ("/", "/config", "/assets/index.js", "/library", "/metrics", "/gradio_api/info"):
        assert browser.get(path).status_code in (401, 404), path


def test_the_health_of_the_page_names_no_document_to_who_is_not_known(page):
    assert set(page.browser().get("/healthz").json()) == {"ready", "message"}


def test_signing_in_leads_where_one_wanted_to_go_and_signing_out_ends_it(page):
    browser = page.browser()
    answer = sign_in(browser, "Ann ", next="/?c=1f")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?c=1f")
    assert browser.get("/conversations").json() == []
    secret = browser.cookies[SESSION]
    out = browser.post("/logout", headers=ORIGIN)
    assert (out.status_code, out.headers["location"]) == (303, "/login")
    assert browser.cookies.get(SESSION) is None
    browser.cookies.set(SESSION, secret)  # kept by whoever read it
    assert browser.get("/conversations").status_code == 401
    assert [e["event"] for e in written(page)] == ["login", "logout"]
    assert {e["who"] for e in written(page)} == {"ann"}


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/", "/"), ("/shared/abc?again=true", "/shared/abc?again=true"),
        ("//evil.example", "/"), ("/\\evil.example", "/"), ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"), ("/a\r\nSet-Cookie: x=1", "/"), ("/\t/evil.example", "/"),
        ("", "/"), ("evil.example", "/"), ("/é", "/"),
    ],
)  # fmt: skip
def test_signing_in_never_leads_to_another_site(wanted, led_to):
    assert _own(wanted) == led_to


def test_a_cookie_that_was_there_before_signing_in_is_worth_nothing_after(page):
    """Session fixation: what somebody else has put into a browser does not come to be theirs."""
    attacker = page.browser()
    sign_in(attacker, "kim")
    planted = attacker.cookies[SESSION]
    victim = page.browser()
    victim.cookies.set(SESSION, planted)
    sign_in(victim, "ann")
    given = [c.value for c in victim.cookies.jar if c.name == SESSION]
    assert planted not in given[-1:]
    assert attacker.get("/conversations").status_code == 401  # it was ended for everybody


def test_cookies_are_for_this_host_alone_and_no_script_reads_them(page):
    plain = sign_in(page.browser()).headers["set-cookie"]
    assert plain.startswith(f"{SESSION}=")
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=86400"} <= set(plain.split("; "))
    assert "Domain" not in plain and "Secure" not in plain
    over_tls = page.browser(base_url="https://testserver")
    answer = over_tls.post(
        "/login",
        data={"name": "ann", "password": PASSWORD},
        headers={"Origin": "https://testserver"},
    )
    safe = answer.headers["set-cookie"]
    assert safe.startswith(f"__Host-{SESSION}=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(safe.split("; "))
    assert "Domain" not in safe
    assert over_tls.get("/conversations").status_code == 200


def test_a_wrong_password_says_no_more_than_a_wrong_name_and_neither_is_written_down(page):
    answers = [
        sign_in(page.browser(), name, "not the password") for name in ("ann", "hunter2 secret")
    ]
    assert [a.status_code for a in answers] == [401, 401]
    pages = [re.sub(r'value="[^"]*"', "", a.text) for a in answers]
    assert pages[0] == pages[1]
    assert "do not belong together" in pages[0]
    assert [(e["event"], e["who"]) for e in written(page)] == [
        ("login failed", "ann"), ("login failed", ""),
    ]  # fmt: skip
    assert "hunter2" not in page.audit.read_text()
    assert "not the password" not in page.audit.read_text()


def test_the_login_page_escapes_what_it_is_given_and_has_no_script(page):
    nasty = '"><script>alert(1)</script>'
    for answer in (
        sign_in(page.browser(), nasty, "x", next=f"/{nasty}"),
        page.browser().get("/login", params={"next": f"/{nasty}", "lang": nasty}),
    ):
        assert "<script" not in answer.text


def test_the_login_page_speaks_french_and_labels_its_fields(page):
    french = page.browser().get("/login", headers={"Accept-Language": "fr-CH"}).text
    assert '<html lang="fr">' in french and "Mot de passe" in french
    chosen = page.browser().get("/login?lang=en", headers={"Accept-Language": "fr"}).text
    assert '<html lang="en">' in chosen
    for name in ("name", "password"):
        assert f'<label for="{name}">' in chosen and f'<input id="{name}"' in chosen
    failed = page.browser().post(
        "/login?lang=fr", data={"name": "ann", "password": "x"}, headers=ORIGIN
    )
    assert "ne vont pas ensemble" in failed.text


def test_failing_again_and_again_makes_one_wait_also_with_the_right_password(tmp_path):
    page = Page(tmp_path)
    tries = [sign_in(page.browser(), "ann", "wrong").status_code for _ in range(6)]
    assert tries == [401] * 5 + [429]
    held = sign_in(page.browser(), "ann")
    assert held.status_code == 429
    assert 50 <= int(held.headers["retry-after"]) <= 61
    assert re.search(r"attempts to sign in have failed. Try again in \d+ seconds", held.text)
    assert sign_in(page.browser(), "kim").status_code == 303  # another is not held up
    assert written(page)[-2]["event"] == "login held back"


def test_who_fails_on_waits_longer_and_longer(monkeypatch):
    now = [1_000_000.0]
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: now[0])
    monkeypatch.setattr("limits.strategies.time.time", lambda: now[0])
    monkeypatch.setattr("web.guard.rates.time.time", lambda: now[0])
    rates, waits = Rates(), []
    for _ in range(sum(item.amount for item in _FAILED_HERE)):
        while wait := rates.may_sign_in("ann", "203.0.113.7"):
            waits.append(wait.seconds)
            now[0] += wait.seconds
        rates.failed("ann", "203.0.113.7")
    assert waits[0] <= 61 < max(waits[:4]) <= 901 < max(waits)
    assert max(waits) > 80_000
    assert rates.may_sign_in("ann", "203.0.113.8") is None


def test_one_address_that_tries_many_names_waits_too():
    rates = Rates()
    for n in range(20):
        assert rates.may_sign_in(f"user{n}", "203.0.113.7") is None
        rates.failed(f"user{n}", "203.0.113.7")
    assert rates.may_sign_in("another", "203.0.113.7")
    assert rates.may_sign_in("another", "203.0.113.8") is None


def test_an_address_of_the_newer_kind_is_counted_by_its_network():
    """Whoever has one has 2^64 of them."""
    rates = Rates()
    for n in range(5):
        rates.failed("ann", f"2001:db8::{n}")
    assert rates.may_sign_in("ann", "2001:db8::ffff:1")
    assert rates.may_sign_in("ann", "2001:db8:0:1::1") is None


def test_made_up_tokens_do_not_fill_the_audit_log(tmp_path):
    page = Page(tmp_path)
    browser = page.browser()
    sent = {"Authorization": "Bearer sb_x"}
    statuses = [browser.get("/library", headers=sent).status_code for _ in range(25)]
    assert statuses == [401] * 20 + [429] * 5
    assert len(written(page)) == 20
    assert page.program("ann").get("/library").status_code == 200  # a good one is not held up


def test_a_program_is_known_by_its_token_alone(page):
    program = page.program("ann")
    assert program.get("/conversations").json() == []
    assert program.get("/metrics").status_code == 403
    page.users.revoke("ann")
    refused = program.get("/conversations")
    assert refused.status_code == 401
    assert "token is not valid" in refused.json()["detail"]
    events = [(e["event"], e["who"], e["path"]) for e in written(page)]
    assert events == [
        ("role refused", "ann", "/metrics"), ("token refused", "", "/conversations"),
    ]  # fmt: skip
    # A cookie that comes with a bad token does not count.
    browser = page.browser("ann")
    bad = browser.get("/conversations", headers={"Authorization": "Bearer sb_x"})
    assert bad.status_code == 401


@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://testserver"},
        {"Origin": "http://testserver:8080"},
        {"Origin": "http://testserver.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # another port of this machine
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
        {
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        },
    ],
)
def test_another_sites_page_changes_nothing_and_signs_nobody_in_or_out(page, sent):
    """Cross-site request forgery, on the routes of ours and on Gradio's own."""
    browser = page.browser("eve")
    for method, path in (
        ("POST", "/login"), ("POST", "/logout"), ("POST", "/documents?name=a.md"),
        ("DELETE", "/documents/7"), ("PATCH", "/brief"), ("POST", "/brief/items"),
        ("DELETE", "/conversations/7"), ("PUT", "/answers/7/thumb"), ("POST", "/prepare"),
        ("POST", "/gradio_api/queue/join"), ("POST", "/gradio_api/cancel"), ("POST", "/v1/ask"),
        ("POST", "/mcp"),
    ):  # fmt: skip
        answer = browser.request(method, path, headers={**sent, **HERE}, data={"name": "kim"})
        assert answer.status_code == 403, f"{method} {path}"
        assert "Another site's page sent this" in answer.json()["detail"]
    assert browser.get("/conversations").status_code == 200


def test_another_sites_page_may_lead_here_and_reads_nothing(page):
    browser = page.browser("ann")
    assert browser.get("/", headers=LINK).status_code == 200
    frame = {**LINK, "Sec-Fetch-Dest": "iframe"}
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    for sent in (frame, image, {"Origin": "http://localhost:3000"}):
        answer = browser.get("/conversations", headers=sent)
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_page_without_login_is_not_open_to_other_sites_either():
    client = TestClient(create_app(lambda: None, examples=[]))
    sent = {"Origin": "http://localhost:3000", "Host": "localhost:7860"}
    for method, path in (("GET", "/config"), ("POST", "/gradio_api/queue/join")):
        answer = client.request(method, path, headers=sent)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_without_login_there_is_no_login_page_and_nobody_signs_in():
    client = TestClient(create_app(lambda: None, examples=[]), follow_redirects=False)
    assert client.get("/login").headers["location"] == "/"
    assert client.post("/login", data={"name": "a", "password": "b"}).headers["location"] == "/"
    assert client.post("/logout").headers["location"] == "/"
    assert client.get("/audit.jsonl").status_code == 404


@pytest.mark.parametrize(
    ("host", "loopback", "outside"),
    [
        ("localhost", True, True), ("LOCALHOST:7860", True, True), ("127.0.0.1:7860", True, True),
        ("[::1]:7860", True, True), ("localhost.", True, True), ("briefs.example", True, True),
        ("evil.example", False, False), ("localhost.evil.example", False, False),
        ("192.168.1.5:7860", False, True), ("[2001:db8::1]", False, True),
        ("127.0.0.1@evil.example", False, False), ("", False, False), ("[", False, False),
        ("localhost:x", True, True),
    ],
)  # fmt: skip
def test_only_names_of_this_page_are_served(host, loopback, outside):
    """Another site's name that is made to point here would come with that name."""
    names = LOCAL | {"briefs.example"}
    assert Hosts(names, addresses=False).serve(host) == loopback
    assert Hosts(names, addresses=True).serve(host) == outside


def test_a_name_that_is_not_served_is_told_how_it_would_be(tmp_path):
    page = Page(tmp_path, hosts=LOCAL)
    status, _, _ = asked(page.app, "GET", "/healthz")
    assert status == 503
    other = page.browser(base_url="http://evil.example").get("/healthz")
    assert other.status_code == 421
    assert "--allowed-host" in other.json()["detail"]


def test_that_users_cannot_be_known_now_is_said_where_gradio_shows_it(tmp_path, monkeypatch):
    browser = Page(tmp_path).browser("ann")

    def away(*args):
        raise Unreachable("What is kept here cannot be reached.")

    monkeypatch.setattr(Users, "signed_in", away)
    for path, status in (("/brief", 503), ("/gradio_api/queue/data", 502)):
        refused = browser.get(path)
        assert refused.status_code == status
        assert refused.json()["detail"] == "What is kept here cannot be reached."


def test_what_a_proxy_would_say_is_believed_of_nobody(tmp_path):
    """Only uvicorn reads it, from the address that --behind-proxy names."""
    page = Page(tmp_path, hosts=LOCAL)
    sent = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Real-IP": "1.2.3.4",
    }
    local = page.browser("ann", base_url="http://localhost")
    local.headers |= sent
    shown = local.get("/").text
    assert "evil.example" not in shown and "https://localhost" not in shown
    sign_in = local.post(
        "/login", data={"name": "x", "password": "y"}, headers={"Origin": "http://localhost"}
    )
    assert sign_in.status_code == 401
    assert written(page)[-1]["address"] == "testclient"


def test_control_characters_and_long_words_forge_no_line_of_the_audit_log(page):
    browser = page.browser("eve")
    name = 'a\r\n{"event": "login", "who": "root"}\u2028\x1b[2J\ud7ff' + "x" * 5000
    browser.post("/documents", params={"name": name}, headers=HERE, content=b"x")
    raw = page.audit.read_bytes()
    assert raw.count(b"\n") == 1 and raw.endswith(b"\n")
    assert not [byte for byte in raw[:-1] if byte < 32 or byte > 126]
    (event,) = written(page)
    assert (event["event"], event["who"], event["status"]) == ("document added", "eve", 503)
    assert event["file"] == name[:300]


def test_the_audit_log_tells_who_changed_documents_and_who_was_not_let(page):
    for name in ("ann", "ben"):
        browser = page.browser(name)
        browser.delete("/documents/7", headers=HERE)
        browser.patch("/documents/7", headers=HERE, json={"title": "Secret title"})
    events = [(e["event"], e["who"], e.get("status")) for e in written(page)]
    assert events == [
        ("role refused", "ann", None), ("role refused", "ann", None),
        ("document removed", "ben", 503), ("document edited", "ben", 503),
    ]  # fmt: skip
    assert "Secret title" not in page.audit.read_text()
    read = page.browser("eve").get("/audit.jsonl")
    assert read.text == page.audit.read_text()
    assert page.browser("ben").get("/audit.jsonl").status_code == 403


def test_the_page_offers_to_sign_out_and_changes_only_to_who_may(page):
    shown = page.browser("ann").get("/").text
    assert "/logout" in shown
    assert "/logout" not in TestClient(create_app(lambda: None, examples=[])).get("/").text


def test_what_the_gate_says_has_french():
    said = [value for name, value in vars(gate).items() if re.fullmatch("_[A-Z_]+", name)]
    said += [signing._WRONG, signing._BUSY]
    said += [wait_words(Wait(n, why)) for why in _WHY for n in (1, 40, 400, 40_000)]
    assert len(said) > 20
    for words in said:
        shown = words.format(need="add") if "{need}" in words else words
        assert in_french(shown) != shown, words
