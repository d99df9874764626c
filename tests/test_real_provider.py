"""A real OpenAI-compatible server in another process, and what its answers come to."""

import os
from pathlib import Path

import pytest

from benchmarks.fault_server import Reply, faults
from qa.answering import Answerer
from qa.engine import Engine
from qa.providers import Provided
from qa.remote_model import RemoteModel
from qa.weights import KNOWN
from tests.conftest import needs
from tests.fakes import SharedWords
from tests.llama_server import llama_server

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

COUP = "Who led the second coup in Mali?"


@pytest.fixture(scope="module")
def url():
    cache = Path(os.environ.get("SAHEL_BRIEF_CACHE", "~/.cache/sahel-brief")).expanduser()
    found = [path for w in KNOWN.values() if (path := cache / w.file).exists()]
    needs("a language model", bool(found), "start app.py once")
    with llama_server(found[0]) as url:
        yield url


def test_its_probabilities_count_and_a_cut_leaves_a_checked_answer(url, library):
    with faults(Reply(upstream=url)) as server:
        model = RemoteModel(Provided("openai", "qwen", f"{server.url}/v1"))
        model.start()
        model.wait()
        assert model.status.state == "ready", model.status
        engine = Engine(library, Answerer(library, lambda: model.chat, SharedWords()), model)
        steps = list(engine.stream({"question": COUP}))
        before = next(s for s in steps if s.state == "evidence").answerability
        whole = steps[-1]
        assert "Goita" in whole.text and not whole.provisional
        assert whole.answerability > before
        server.script(Reply(upstream=url, cut_after=6))
        *_, cut = engine.stream({"question": COUP, "fresh": True})
        assert cut.provisional and "broke off" in cut.notice
        assert [s.status for s in cut.sentences] == ["quoted", "removed"]
        assert model.status.failures == {"broken": 1}
        model.close()
