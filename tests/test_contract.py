"""The API against its own description: what it takes and gives is what it says that it does."""

import hypothesis
import pytest
import schemathesis
from fastapi.testclient import TestClient
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from index.access import changing
from index.reading import parse_document
from tests.conftest import running
from tests.fakes import BagOfWords
from tests.programs import api_app

_EXAMPLES = 15  # of each route, of what it takes and of what it does not
PATHS = TestClient(api_app(None)).get("/v1/openapi.json").json()["paths"]
ROUTES = [
    (method, path, route) for path, routes in PATHS.items() for method, route in routes.items()
]
TAKEN = [(method, path, GenerationMode.POSITIVE) for method, path, _ in ROUTES]
# Where all that is sent is a path, nothing is wrong with it but that nothing is there.
REFUSED = [
    (method, path, GenerationMode.NEGATIVE)
    for method, path, route in ROUTES
    if "requestBody" in route or any(p["in"] == "query" for p in route.get("parameters", ()))
]
# A question without words, a date that is none and an empty brief are not told by a schema.
NOT_TOLD = [positive_data_acceptance]


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """The description, of a library that is changed by what is sent to it."""
    folder = tmp_path_factory.mktemp("library")
    with changing(folder, BagOfWords()) as library:
        library.add(parse_document("# Mali\n\nA coup in Mali.", name="m.md", as_of="2021"), "/x/m")
    with running(folder) as engine:
        yield schemathesis.openapi.from_asgi("/v1/openapi.json", api_app(engine))


@pytest.mark.parametrize(("method", "path", "mode"), [*TAKEN, *REFUSED])
def test_whatever_is_sent_is_answered_as_described(described, method, path, mode):
    cases = described[path][method].as_strategy(generation_mode=mode)

    @hypothesis.given(case=cases)
    @hypothesis.settings(
        max_examples=_EXAMPLES, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    def send(case):
        case.call_and_validate(excluded_checks=NOT_TOLD)

    send()
