"""Each route of the application needs a role, and nothing is served that is in no rule."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.guarded import HERE, ROLES, Page, asked, routes
from web.guard.rules import RULES, may, rule_for
from web.page import create_app

ANYBODY = {
    ("GET", "/healthz"), ("GET", "/login"), ("POST", "/login"), ("POST", "/logout"),
    ("GET", "/favicon.ico"), ("GET", "/robots.txt"),
}  # fmt: skip
ADMIN = {("GET", "/metrics"), ("GET", "/audit.jsonl")}
# Of Gradio's own routes these are what the page is made of. It has dozens more: uploads, files of
# this machine, a proxy, a coding assistant.
OF_GRADIO = {
    "/", "/config", "/theme.css", "/manifest.json", "/favicon.ico", "/robots.txt",
    "/assets/{path:path}", "/static/{path:path}", "/login", "/gradio_api/queue/join",
    "/gradio_api/queue/data", "/gradio_api/heartbeat/{session_hash}", "/gradio_api/cancel",
    "/gradio_api/info",
}  # fmt: skip


def least(method, path):
    """Say what each route should need, in other words than the table."""
    if (method, path) in ANYBODY:
        return "nobody"
    if (method, path) in ADMIN:
        return "admin"
    changes = method in ("POST", "PATCH", "PUT", "DELETE")
    return "add" if changes and path.removeprefix("/v1").startswith("/documents") else "read"


def address(path):
    return re.sub(r"{(\w+):path}", "a/b", re.sub(r"{\w+}", "7", path))


def own_routes():
    app = create_app(lambda: None, examples=[])
    return sorted({(m, p) for m, p, gradio in routes(app) if not gradio} | {("GET", "/")})


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return Page(tmp_path_factory.mktemp("guarded"))


def test_every_route_of_the_application_has_a_rule_that_needs_what_it_should():
    found = own_routes()
    assert len(found) > 30
    for method, path in found:
        rule = rule_for(method, address(path))
        assert rule, f"{method} {path} is in no rule of web/guard/rules.py"
        assert rule.need == least(method, path), f"{method} {path}"


def test_of_gradios_routes_only_those_are_served_that_the_page_needs():
    app = create_app(lambda: None, examples=[])
    gradio = {(m, p) for m, p, own in routes(app) if own}
    assert {p for m, p in gradio if rule_for(m, address(p))} == OF_GRADIO
    assert rule_for("POST", "/gradio_api/call/ask").asks
    client = TestClient(app)
    for method, path in sorted(gradio):
        if path not in OF_GRADIO:
            answer = client.request(method, address(path))
            assert answer.status_code == 404, f"{method} {path}"
            assert method == "HEAD" or "There is nothing here" in answer.text


def test_each_role_may_do_what_it_needs_and_nothing_above(page):
    clients = {role: page.browser(name) for name, role in ROLES.items()}
    clients["nobody"] = page.browser()
    tried = 0
    for method, path in own_routes():
        if path == "/logout":  # which would end what the others of this test use
            continue
        need = least(method, path)
        for role, client in clients.items():
            if path == "/mcp" and role != "nobody":  # it lives in one event loop (test_tools.py)
                continue
            answer = client.request(method, address(path), headers=HERE)
            allowed = role == need or need == "nobody" or may(role.replace("nobody", ""), need)
            refused = 401 if role == "nobody" else 403
            assert (answer.status_code != refused) == allowed, f"{role} {method} {path}"
            tried += 1
    assert tried > 120


@pytest.mark.parametrize(
    "path",
    [
        *("/metrics/", "//metrics", "/Metrics", "/metrics%2f", "/%2e%2e/metrics", "/metrics;a"),
        *(
            "/documents/../metrics",
            "/healthz/../metrics",
            "/metrics\0",
            "\\metrics",
            "/v1",
            "",
            "*",
        ),
        *("/gradio_api/file=/etc/passwd", "/gradio_api/proxy=http://203.0.113.1/", "/monitoring"),
        *("/openapi.json", "/docs", "/v1", "/gradio_api/upload", "/gradio_api/vibe-code/"),
    ],
)
def test_a_path_that_is_written_otherwise_leads_nowhere(page, path):
    """Not even for who may see it: what the rules do not know is not served."""
    token = page.users.new_token("eve")
    assert asked(page.app, "GET", "/metrics", authorization=f"Bearer {token}")[0] == 200
    assert asked(page.app, "GET", path, authorization=f"Bearer {token}")[0] == 404
    assert asked(page.app, "GET", path)[0] == 404


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_are_not_served(page, method):
    assert page.browser("eve").request(method, "/documents").status_code == 404


def test_a_route_that_is_added_without_a_rule_is_not_served():
    app: FastAPI = create_app(lambda: None, examples=[])
    app.add_api_route("/new", lambda: "served", methods=["GET"])
    app.router.routes.insert(0, app.router.routes.pop())
    assert TestClient(app).get("/new").status_code == 404


def test_no_rule_stands_behind_one_that_hides_it():
    for rule in RULES:
        assert rule_for(rule.method, address(rule.path)) == rule, rule


def test_a_websocket_is_closed_before_it_is_opened(page):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), page.browser("eve").websocket_connect("/"):
        pass


def test_what_is_for_programs_needs_the_roles_that_were_agreed():
    needs = {
        ("POST", "/v1/ask"): "read", ("POST", "/v1/search"): "read",
        ("GET", "/v1/documents"): "read", ("GET", "/v1/openapi.json"): "read",
        ("GET", "/v1/docs"): "read", ("POST", "/v1/documents"): "add",
        ("PATCH", "/v1/documents/7"): "add", ("DELETE", "/v1/documents/7"): "add",
        ("POST", "/v1/briefs"): "read", ("DELETE", "/v1/briefs/7"): "read",
        ("POST", "/mcp"): "read", ("GET", "/mcp"): "read", ("POST", "/mcp/messages"): "read",
    }  # fmt: skip
    assert {key: rule_for(*key).need for key in needs} == needs
