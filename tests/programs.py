"""The API alone, without the page, which takes half a second to be built."""

from fastapi import FastAPI

from web.adding import Adding
from web.api.application import api
from web.api.following import Following
from web.api.problems import say_problems
from web.brief.store import Briefs
from web.conversations import Conversations
from web.database import open_database
from web.engine import Engine, Waiting
from web.jobs import Jobs
from web.removed import Bin


def api_app(engine: Engine | None) -> FastAPI:
    """Return an application that has the API at /v1 and nothing else."""
    sessions = open_database()
    conversations, jobs = Conversations(sessions), Jobs()
    app = FastAPI(openapi_url=None)
    own = api(
        lambda: engine,
        conversations=conversations,
        briefs=Briefs(sessions),
        following=Following(conversations, Waiting(), lambda asked: None),
        jobs=jobs,
        adding=Adding(lambda: engine, jobs),
        bin_=Bin(),
    )
    app.mount("/v1", own)
    say_problems(app)  # of a path with a line end, which no mount takes
    return app
