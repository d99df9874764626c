"""The routes of signing in and out, and of the audit log."""

import asyncio
import re
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from web.guard.audit import Audit
from web.guard.login_page import Language, language_of, login_page
from web.guard.rates import Rates, address_of
from web.guard.waiting import wait_words
from web.refusals import in_french
from web.users.cookies import end_session, session_in, set_session
from web.users.store import Users

_WRONG = "This name and password do not belong together. Try again."
_BUSY = "Many are signing in at this moment. Try again in a few seconds."
_HERE = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")  # a path of this page and nothing else
_AT_ONCE = 20  # who wait for their password to be checked

Text = Annotated[str, Form(max_length=1000)]


def signing_routes(users: Users | None, rates: Rates, audit: Audit) -> APIRouter:
    """Return the routes; `users` is None where nobody has to sign in."""
    router = APIRouter()
    # One password after the other: each takes 64 MB and a processor while it is checked.
    turn = asyncio.Semaphore(1)
    waiting = 0

    @router.get("/login")
    def page(request: Request, next: str = "/", lang: str | None = None) -> Response:
        if users is None:
            return RedirectResponse("/", 303)
        return _page(_language(request, lang), next_=_own(next))

    @router.post("/login")
    async def sign_in(
        request: Request, name: Text, password: Text, next: Text = "/", lang: str | None = None
    ) -> Response:
        nonlocal waiting
        if users is None:
            return RedirectResponse("/", 303)
        language, address = _language(request, lang), address_of(request)
        name = name.strip().casefold()
        # A password that was typed in place of a name must not be written down.
        who = name if await run_in_threadpool(users.is_known, name) else ""
        shown = partial(_page, language, next_=_own(next), name=name)
        if waiting >= _AT_ONCE:
            return shown(problem=_BUSY, status=429, wait_s=5)
        waiting += 1
        try:
            async with turn:
                if wait := rates.may_sign_in(name, address):
                    words = wait_words(wait)
                    audit.write("login held back", who, address=address)
                    return shown(problem=words, status=429, wait_s=wait.seconds)
                user = await run_in_threadpool(users.checked, name, password)
                if user is None:
                    rates.failed(name, address)
                    audit.write("login failed", who, address=address)
                    return shown(problem=_WRONG, status=401)
        finally:
            waiting -= 1
        rates.signed_in(name, address)
        audit.write("login", name, address=address)
        answer = RedirectResponse(_own(next), 303)
        # Always a new one, and what the browser came with ends: nobody can have given it that.
        if old := session_in(request):
            await run_in_threadpool(users.sign_out, old)
        set_session(request, answer, await run_in_threadpool(users.sign_in, user))
        return answer

    @router.post("/logout")
    def sign_out(request: Request) -> Response:
        if users and (secret := session_in(request)):
            if user := users.signed_in(secret):
                audit.write("logout", user.name, address=address_of(request))
            users.sign_out(secret)
        answer = RedirectResponse("/login" if users else "/", 303)
        end_session(request, answer)
        # What the browser has kept of this page goes as well.
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer

    @router.get("/audit.jsonl")
    def log() -> Response:
        if audit.path is None or not audit.path.exists():
            raise HTTPException(404, "No audit log is kept here.")
        return FileResponse(audit.path, media_type="application/jsonl")

    return router


def _page(
    language: Language,
    *,
    next_: str,
    name: str = "",
    problem: str = "",
    status: int = 200,
    wait_s: int = 0,
) -> HTMLResponse:
    words = in_french(problem) if language == "fr" else problem
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": str(wait_s)} if wait_s else {})
    page = login_page(language, next_=next_, name=name, problem=words)
    return HTMLResponse(page, status, headers)


def _language(request: Request, chosen: str | None) -> Language:
    return language_of(chosen, request.headers.get("accept-language", ""))


def _own(next_: str) -> str:
    """Return where to go after signing in: a path of this page, else the page."""
    return next_ if _HERE.fullmatch(next_) else "/"
