"""The guard put around the application: its routes and its layers, the outermost last."""

from collections.abc import Iterable

from fastapi import FastAPI

from web.database import Sessions
from web.guard.audit import Audit
from web.guard.gate import Gate
from web.guard.headers import SafeHeaders
from web.guard.origins import Hosts
from web.guard.rates import Rates
from web.guard.settings import Guarding
from web.guard.signing import signing_routes
from web.guard.tabs import Tabs
from web.refusals import refusal_script
from web.users.store import Users


def put_guard(
    app: FastAPI, sessions: Sessions, guarding: Guarding, scripts: Iterable[str] = ()
) -> Rates:
    """Guard an application that has its other layers already; return what counts questions.

    Args:
        app: its routes are those of `web/guard/rules.py`.
        sessions: where users are kept.
        guarding: who may come in.
        scripts: the inline scripts that the page adds by script.

    Raises:
        BriefError: the audit log cannot be written.
    """
    users = Users(sessions) if guarding.login else None
    audit = Audit(guarding.audit)
    rates = Rates(guarding.questions_per_minute, guarding.megabytes_per_hour)
    hosts = Hosts(guarding.hosts, addresses=guarding.addresses) if guarding.hosts else None
    app.include_router(signing_routes(users, rates, audit))
    app.add_middleware(Tabs)
    app.add_middleware(Gate, users, hosts, rates, audit)
    app.add_middleware(SafeHeaders, [*scripts, refusal_script()])
    return rates
