"""What one user has asked and kept is nobody else's, whatever they know of it."""

import re

import pytest

from tests.briefs import COUP, citation, record
from tests.guarded import HERE, Page, routes
from web.brief.store import Briefs
from web.conversations import Conversations
from web.visitors import COOKIE

SECRET = "Where does the heron nest?"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return Page(tmp_path_factory.mktemp("guarded"))


@pytest.fixture
def anns(page):
    """What Ann has: a conversation, an answer in it, and that in her brief; the ids by name."""
    ann = next(user for user, _ in page.users.all() if user.name == "ann")
    kept = record("ann-answer", question=SECRET, resolved=SECRET, conversation="ann-talk",
                  evidence=[citation(1, COUP)])  # fmt: skip
    Conversations(page.users._sessions).put(ann.id, "ann-talk", kept)
    brief, _ = Briefs(page.users._sessions).add(ann.id, kept)
    return {
        "conversation_id": "ann-talk", "record_id": "ann-answer", "item_id": brief.items[0].id
    }  # fmt: skip


def seen_by(page, name):
    """Return all that a user sees of conversations and briefs, as one text."""
    browser = page.browser(name)
    paths = ("/conversations", "/brief", "/feedback.jsonl", f"/conversations?words={SECRET[:18]}")
    return "\n".join(browser.get(path).text for path in paths)


def test_every_route_with_an_id_refuses_anothers_and_says_nothing_of_it(page, anns):
    """All that there are in the application, so that a new one is tried too."""
    before = seen_by(page, "ann")
    assert before.count(SECRET) >= 3
    tried = []
    for method, path, gradio in routes(page.app):
        names = re.findall(r"{(\w+)}", path)
        if gradio or not names or not set(names) <= set(anns):
            continue
        address = path.format_map(anns)
        bodies = ({"title": "Mine"}, {"thumb": "up"}, {"shared": True}, {"position": 0}, None)
        for name in ("kim", "ben", "eve"):  # not even administrators
            browser = page.browser(name)
            for body in bodies:
                answer = browser.request(method, f"{address}?format=md", json=body, headers=HERE)
                assert answer.status_code >= 400, f"{name} {method} {path}"
                assert SECRET not in answer.text and "Goïta" not in answer.text
        tried.append((method, path))
    assert len(tried) >= 11, tried
    assert seen_by(page, "ann") == before


def test_lists_searches_and_exports_show_the_users_own_alone(page, anns):
    for name in ("kim", "eve"):
        assert SECRET not in seen_by(page, name)
        assert page.browser(name).get("/brief/export?format=md").status_code == 422  # it is empty
    assert SECRET in page.browser("ann").get("/brief/export?format=md").text


def test_anothers_answer_cannot_be_put_into_ones_own_brief(page, anns):
    sent = {"record": "ann-answer"}
    assert page.browser("kim").post("/brief/items", json=sent, headers=HERE).status_code == 422
    assert page.browser("ann").post("/brief/items", json=sent, headers=HERE).status_code == 200


def test_a_user_finds_their_own_in_every_browser_and_with_a_token(page, anns):
    for client in (page.browser("ann"), page.browser("ann"), page.program("ann")):
        assert SECRET in client.get("/conversations").text
        assert client.get("/answers/ann-answer").json()["question"] == SECRET


def test_a_cookie_that_names_a_visitor_is_worth_nothing_where_one_signs_in(page, anns):
    ann = next(user for user, _ in page.users.all() if user.name == "ann")
    kim = page.browser("kim")
    kim.cookies.set(COOKIE, ann.id)
    assert SECRET not in kim.get("/conversations").text
    nobody = page.browser()
    nobody.cookies.set(COOKIE, ann.id)
    assert nobody.get("/conversations").status_code == 401


def test_a_link_shares_one_conversation_as_a_copy_until_it_is_taken_back(page, anns):
    ann, kim = page.browser("ann"), page.browser("kim")
    where = "/conversations/ann-talk/shared"
    secret = ann.put(where, json={"shared": True}, headers=HERE).json()["shared"]
    assert page.browser().get(f"/shared/{secret}").status_code == 401  # it is no way in
    taken = kim.get(f"/shared/{secret}")
    copy = taken.headers["location"].removeprefix("/?c=")
    assert copy != "ann-talk"
    kim.patch(f"/conversations/{copy}", json={"title": "Kim's own"}, headers=HERE)
    assert "Kim's own" not in seen_by(page, "ann")
    kim.delete(f"/conversations/{copy}", headers=HERE)
    assert SECRET in seen_by(page, "ann")
    ann.put(where, json={"shared": False}, headers=HERE)
    assert kim.get(f"/shared/{secret}").status_code == 422
    for guess in ("None", "null", "%00", "..%2f", "ann-talk", "%25"):
        assert kim.get(f"/shared/{guess}").status_code in (404, 422)


def test_anothers_tab_cannot_be_listened_to_nor_spoken_for(page):
    """Gradio tells tabs apart by a number that the browser makes up."""
    ann, kim = page.program("ann"), page.program("kim")
    sent = {"fn_index": 0, "event_id": "7", "session_hash": "annstab"}
    assert ann.post("/gradio_api/cancel", json=sent).status_code == 200
    for method, path, body in (
        ("POST", "/gradio_api/queue/join", {**sent, "data": []}),
        ("POST", "/gradio_api/cancel", sent),
        ("GET", "/gradio_api/queue/data?session_hash=annstab", None),
        ("GET", "/gradio_api/queue/data?session_hash=x&session_hash=annstab", None),
        ("GET", "/gradio_api/heartbeat/annstab", None),
    ):
        refused = kim.request(method, path, json=body)
        assert refused.status_code == 403, path
        assert "somebody else's" in refused.json()["detail"]
    assert ann.post("/gradio_api/cancel", json=sent).status_code == 200
