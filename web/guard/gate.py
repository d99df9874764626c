"""Who comes in: each request is held against the rules, as ASGI middleware: streams pass untouched.

Behind it `scope["state"]` has `user` (a name, "" without login), `role` and `visitor`.
"""

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.database import Unreachable
from web.guard.audit import Audit
from web.guard.bodies import Body
from web.guard.origins import Hosts, is_foreign, without_forwarded
from web.guard.rates import Rates, address_of, counted_as
from web.guard.rules import Rule, may, rule_for
from web.guard.waiting import wait_words
from web.refusals import refusal
from web.users.cookies import session_in
from web.users.store import User, Users

_NOT_SERVED = "There is nothing here. See the address, or open the page."
_WRONG_HOST = (
    "This name is not served here. Start app.py with --allowed-host and the name, if it should be."
)
_FOREIGN = (
    "Another site's page sent this. Use the page itself. Behind a proxy, start app.py with "
    "--behind-proxy and let the proxy pass on Host and X-Forwarded-Proto."
)
_UNKNOWN = "You are not signed in. Open /login, or send Authorization: Bearer and a token."
_BAD_TOKEN = "This token is not valid. Ask for another: python -m web.users token NAME"  # noqa: S105
_TOO_LITTLE = "Your role may not do this. Ask an administrator for the role {need}."
_TOO_MUCH = "This is more than is taken at once. Send less."
_FAILED = "Something went wrong here. Try again; if it happens again, see the log of app.py."
_TOO_SLOW = "This arrived too slowly. Send it again."


class Refused(Exception):
    """A request that is not let in: the status, the words, and for how long if not for ever."""

    def __init__(self, status: int, words: str, wait_s: int = 0) -> None:
        """Take them."""
        super().__init__(words)
        self.status, self.words, self.wait_s = status, words, wait_s


class Gate:
    """Lets in what the rules allow; `users` is None where nobody has to sign in."""

    def __init__(
        self, app: ASGIApp, users: Users | None, hosts: Hosts | None, rates: Rates, audit: Audit
    ) -> None:
        """Take what answers the requests. Without `hosts` any name is served."""
        self._app, self._users, self._hosts = app, users, hosts
        self._rates, self._audit = rates, audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "websocket":  # nothing here has one
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "headers": without_forwarded(scope["headers"])}
        request = Request(scope)
        try:
            rule = self._served(request)
            user = await self._user(request)
            scope["state"] = {**scope.get("state", {}), **self._known(user)}
            self._allow(request, rule)
            self._limit(request, rule)
        except Refused as no:
            await _answer(request, no)(scope, receive, send)
            return
        except Unreachable as error:  # who asks cannot be known at this moment
            # Gradio's script puts words of its own in place of a 503's: that the page is busy.
            status = 502 if scope["path"].startswith("/gradio_api/") else 503
            await refusal(request, str(error), status)(scope, receive, send)
            return
        await self._pass(request, receive, send, rule)

    def _known(self, user: User | None) -> dict[str, str]:
        if user:
            return {"user": user.name, "visitor": user.id, "role": user.role}
        return {"user": "", "visitor": "", "role": "" if self._users else "admin"}

    def _served(self, request: Request) -> Rule:
        if self._hosts and not self._hosts.serve(request.headers.get("host", "")):
            raise Refused(421, _WRONG_HOST)
        if is_foreign(request):
            raise Refused(403, _FOREIGN)
        if (rule := rule_for(request.method, request.scope["path"])) is None:
            raise Refused(404, _NOT_SERVED)
        return rule

    async def _user(self, request: Request) -> User | None:
        if self._users is None:
            return None
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.casefold() == "bearer":
            if user := await run_in_threadpool(self._users.holder, token.strip()):
                return user
            if wait := self._rates.bad_token(address_of(request)):
                raise Refused(429, wait_words(wait), wait.seconds)
            self._note("token refused", request)
            raise Refused(401, _BAD_TOKEN)
        secret = session_in(request)
        return await run_in_threadpool(self._users.signed_in, secret) if secret else None

    def _allow(self, request: Request, rule: Rule) -> None:
        role = request.state.role
        if may(role, rule.need):
            return
        if not role:
            raise Refused(401, _UNKNOWN)
        self._note("role refused", request)
        raise Refused(403, _TOO_LITTLE.format(need=rule.need))

    def _limit(self, request: Request, rule: Rule) -> None:
        if request.method in ("GET", "HEAD"):
            return
        who = counted_as(request)
        wait = self._rates.may_send(who) or self._rates.change(who)
        if rule.asks:
            wait = wait or self._rates.question(who)
        if wait:
            raise Refused(429, wait_words(wait), wait.seconds)
        length = request.headers.get("content-length", "")
        if rule.most_bytes is not None and length.isdecimal() and int(length) > rule.most_bytes:
            raise Refused(413, _TOO_MUCH)

    async def _pass(self, request: Request, receive: Receive, send: Send, rule: Rule) -> None:
        who = counted_as(request)
        body = Body(receive, rule.most_bytes, lambda size: self._rates.sent(who, size))
        status = 0

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start" and not body.refused:
                status = message["status"]
            if status:  # else it answers what was not taken whole
                await send(message)

        try:
            await self._app(request.scope, body, send_noting)
        except Exception:
            if not status and not body.refused:  # in words, and with the headers of all answers
                await refusal(request, _FAILED, 500)(request.scope, receive, send)
            if not body.refused:
                raise
        finally:
            if rule.event and status:
                self._note(rule.event, request, status)
        if body.refused and not status:
            words = _TOO_MUCH if body.refused == 413 else _TOO_SLOW
            await refusal(request, words, body.refused)(request.scope, receive, send)

    def _note(self, event: str, request: Request, status: int | None = None) -> None:
        self._audit.write(
            event,
            request.scope.get("state", {}).get("user", ""),
            address=address_of(request),
            method=request.method,
            path=request.scope["path"],
            file=request.query_params.get("name") if event.startswith("document") else None,
            status=status,
        )


def _answer(request: Request, no: Refused) -> ASGIApp:
    if no.status == 401 and _is_opened(request):
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        next_ = f"?next={quote(path)}" if path != "/" else ""
        return RedirectResponse(f"/login{next_}", 303)
    headers = Headers({"retry-after": str(no.wait_s)} if no.wait_s else {})
    if no.status == 401:
        headers = Headers({"www-authenticate": "Bearer"})
    return refusal(request, no.words, no.status, headers)


def _is_opened(request: Request) -> bool:
    """Return whether somebody opens a page, and no script or program asks."""
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")
