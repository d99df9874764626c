"""Vectors on a Chroma server: shared, away, lost, moved; and what is said then."""

import argparse
import threading
import time
from dataclasses import replace

import pytest

from index.access import alone, changing, reading
from index.reading import parse_document, read_document
from index.settings import add_library_arguments, library_settings
from index.types import BriefError
from index.vectors import server as server_module
from index.vectors.address import chroma_server
from index.vectors.collection import VectorsAway
from qa.answering import Answerer
from qa.output import as_json, as_text, found_json
from tests.conftest import REPORT
from tests.fakes import BagOfWords, SharedWords
from tests.servers import answering, certificate, chroma
from web.cards import card
from web.records import new_record, told

pytestmark = pytest.mark.servers

COUP = "Who led a second coup in Mali?"
WELL = parse_document("The well at Orrin is dry.", name="well.md")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with chroma(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.fixture
def there(running):
    return chroma_server(running.url)


def opened(folder, server=None, **more):
    return reading(folder, BagOfWords(), server=server, bundled=[REPORT], **more)


def collections(library):
    return {model.name: model for model in library.dense.place._own()}


def first(library, query="second coup"):
    return library.search(query, 1)[0].passage.text


def test_a_library_on_a_server_finds_what_it_finds_in_its_folder(tmp_path, there):
    with opened(tmp_path / "a") as here, opened(tmp_path / "b", there) as elsewhere:
        for query in ("second coup", "Wagner gold", "when must MINUSMA leave"):
            want, have = here.search(query, 5), elsewhere.search(query, 5)
            assert [h.passage.text for h in have] == [h.passage.text for h in want]
            assert [h.score for h in have] == pytest.approx([h.score for h in want], abs=1e-4)
        (document,) = elsewhere.documents()
        assert elsewhere.search("second coup", 3, [document.id])
        assert elsewhere.search("second coup", 3, []) == []
        assert elsewhere.missed == 0
    assert not list((tmp_path / "b").glob("vectors*"))


def test_no_text_goes_to_the_server(tmp_path, there):
    with opened(tmp_path, there) as library:
        collection = library.dense.vectors.collection
        kept = collection.get(include=["documents", "metadatas", "uris"])
        ids = {d.id for d in library.documents()}
        assert len(kept["ids"]) == library.store.count_passages()
        assert not any(kept["documents"]) and not any(kept["uris"])
        assert all(set(m) == {"document"} and m["document"] in ids for m in kept["metadatas"])
        assert all(not p.startswith("sahel-security") for p in kept["ids"])


def test_a_library_moves_between_folder_and_servers_and_is_mended_from_the_store(
    tmp_path, there, running
):
    notices, done = [], []
    with opened(tmp_path / "data") as library:
        passages = library.store.count_passages()
    for server in (there, replace(there, url=running.url.replace("127.0.0.1", "localhost")), None):
        with opened(
            tmp_path / "data",
            server,
            on_notice=notices.append,
            on_progress=lambda *so_far: done.append(so_far),
        ) as library:
            assert "second coup" in first(library) and library.missed == 0
            assert library.dense.problems() == []
    # Not for the same server by another name.
    assert len(notices) == 2 and "made so from what is stored" in notices[0]
    assert done == [(passages, passages)] * 2


def test_what_a_server_lost_is_made_again_at_the_next_start(tmp_path, there):
    with opened(tmp_path, there) as library:
        for name in collections(library):
            library.dense.place._api.delete_collection(name)
        assert "second coup" in first(library)  # by its words
        assert library.missed == 1 and library.needs_mending
    with opened(tmp_path, there) as library:
        assert "second coup" in first(library)
        assert library.missed == 0 and library.dense.problems() == []


def test_libraries_share_a_server_and_touch_nothing_of_each_other(tmp_path, there, monkeypatch):
    monkeypatch.setattr(server_module, "_KEPT_S", -1.0)
    with opened(tmp_path / "a", there) as one, opened(tmp_path / "b", there) as other:
        one.dense.place._api.create_collection("of-somebody-else")
        kept = collections(other)
        for _ in range(2):
            with alone(one):
                one.rebuild()
        assert len(collections(one)) == 2  # the one in use, and that before it
        assert collections(other).keys() == kept.keys()
        assert one.dense.place._api.get_collection("of-somebody-else")
        assert "second coup" in first(other) and other.missed == 0
        assert not collections(one).keys() & collections(other).keys()


def test_a_collection_that_was_replaced_stays_while_others_may_be_reading_it(tmp_path, there):
    with opened(tmp_path, there) as one, opened(tmp_path, there) as other:
        old = other.dense.vectors
        with alone(one):
            one.rebuild(passage_chars=400)
        vector = other.embed(["second coup"])[0]
        assert old.search(vector, 1)
        assert "second coup" in first(other)
        assert other.dense.vectors.name == one.dense.vectors.name != old.name


def test_another_process_s_changes_are_noticed_at_the_next_question(tmp_path, there):
    with opened(tmp_path, there) as one, opened(tmp_path, there) as other:
        before = other.generation
        assert other.frequency("Orrin") == 0.0
        assert other.store.lexical._total() == other.store.count_passages()
        with alone(one):
            one.add(WELL, "/well.md")
        assert first(other, "well at Orrin") == WELL.text
        assert other.frequency("Orrin") > 0
        assert other.store.lexical._total() == other.store.count_passages()
        assert other.generation != before
        assert len(other.documents()) == 2
        with alone(one):
            one.remove(WELL.id)
        assert WELL.text not in [h.passage.text for h in other.search("well at Orrin", 5)]
        with pytest.raises(BriefError, match="There is no document"):
            other.document(WELL.id)


def test_changes_of_two_processes_wait_their_turn_and_both_succeed(tmp_path, there):
    with opened(tmp_path, there) as library:
        library.search("warm", 1)
    began, notices, errors = threading.Event(), [], []

    def second():
        try:
            began.wait(20)
            with changing(
                tmp_path, BagOfWords(), server=there, on_notice=notices.append
            ) as library:
                library.add(WELL, "/well.md")
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)

    thread = threading.Thread(target=second)
    thread.start()
    with changing(tmp_path, BagOfWords(), server=there) as library:
        began.set()
        time.sleep(1.5)
        library.add(parse_document("Quolls hunt at night.", name="q.md"), "/q.md")
    thread.join(30)
    assert errors == [] and "This waits until that is done." in notices[0]
    with opened(tmp_path, there) as library:
        assert len(library.documents()) == 3 and library.dense.problems() == []


def test_while_the_server_is_away_words_alone_answer_and_it_is_said(tmp_path):
    with (
        chroma(tmp_path / "chroma") as server,
        opened(tmp_path / "data", chroma_server(server.url)) as library,
    ):
        library.dense._away._rest_s = 1e9
        answerer = Answerer(library, lambda: None, SharedWords())

        def ask():
            *_, last = answerer.stream({"question": COUP})
            return last

        assert "Only words were searched" not in ask().notice
        assert found_json(library, COUP, 3)["notice"] == ""
        server.kill()
        began = time.monotonic()
        found = ask()
        assert "second coup" in found.text and found.provisional
        assert found.notice.splitlines()[-1].startswith("Only words were searched")
        shown = card(told(new_record(COUP, "1f"), found, library, ""))
        assert shown.count('<p class="notice">') == 2 and "Only words were searched" in shown
        assert "Only words were searched" in as_text(found) and as_json(found)["notice"]
        assert found_json(library, COUP, 3)["notice"].startswith("Only words were searched")
        with pytest.raises(VectorsAway, match="cannot be reached"), alone(library):
            library.add(WELL, "/well.md")
        assert [d.path for d in library.documents()] == [str(REPORT)]
        assert time.monotonic() - began < 5
        server.start()
        missed = library.missed
        assert ask().provisional and library.missed > missed  # it is left alone for a while
        library.dense._away._until = 0.0
        assert "Only words were searched" not in ask().notice
        with alone(library):
            library.add(WELL, "/well.md")
        assert first(library, "well at Orrin") == WELL.text


def test_what_the_server_leaves_half_added_is_finished_with_the_next_change(tmp_path):
    with (
        chroma(tmp_path / "chroma") as server,
        opened(tmp_path / "data", chroma_server(server.url)) as library,
    ):
        embed = library.dense.embedder.embed

        def fails(texts):
            server.kill()
            return embed(texts)

        library.dense.embedder.embed = fails
        with pytest.raises(VectorsAway), alone(library):
            library.add(WELL, "/well.md")
        library.dense.embedder.embed = embed
        assert len(library.documents()) == 1
        assert WELL.text not in [h.passage.text for h in library.search("well at Orrin", 5)]
        server.start()
        with alone(library):
            library.edit(library.documents()[0].id, title="Another")
        assert len(library.documents()) == 2 and library.dense.problems() == []


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, b"", "wants another token. Set SAHEL_BRIEF_CHROMA_TOKEN"),
        (403, b"<html>", "does not let this token in"),
        (404, b"<html>", "nothing at that address that speaks Chroma's API"),
        (501, b'{"error":"Unimplemented","message":"v1"}', "run Chroma of version 1"),
        (502, b"", "See whether it runs"),
        (503, b"", "failed with HTTP 503"),
        (200, b'"0.6.3"', "has version 0.6.3"),
        (200, b"<html>", "does not answer as Chroma does"),
    ],
)
def test_a_server_that_does_not_serve_is_told_with_the_remedy(tmp_path, status, body, words):
    with answering(status, body) as (url, shown):
        server = chroma_server(url, token="not-to-be-seen")
        with pytest.raises(VectorsAway, match=words) as told, opened(tmp_path, server):
            pass
    assert set(shown) == {"Bearer not-to-be-seen"}
    assert "not-to-be-seen" not in f"{told.value} {server!r}"


def test_a_server_that_hangs_keeps_no_question_waiting(tmp_path, there, monkeypatch):
    monkeypatch.setattr("index.vectors.session._SEARCH_S", 0.3)
    with opened(tmp_path, there) as library, answering(200, wait_s=2.0) as (url, _):
        library.dense.place._api._api_url = url
        began = time.monotonic()
        assert "second coup" in first(library)
        assert time.monotonic() - began < 1.5
        assert "in time" in library.dense._away.why


def test_a_certificate_that_nobody_vouches_for_is_refused_and_one_s_own_is_taken(tmp_path):
    key, ca = tmp_path / "key.pem", tmp_path / "ca.pem"
    certificate(ca, key)
    with answering(401, tls=(ca, key)) as (url, shown):
        with (
            pytest.raises(VectorsAway, match=r"not trusted.*SAHEL_BRIEF_CHROMA_CA"),
            opened(tmp_path / "data", chroma_server(url, token="secret")),
        ):
            pass
        assert shown == []  # not before it is known who listens
        with (
            pytest.raises(VectorsAway, match="wants another token"),
            opened(tmp_path / "data", chroma_server(url, token="secret", ca=ca)),
        ):
            pass


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("chroma:8000", "is none. Give it as"),
        ("http://ann:pw@chroma:8000", "has a name or password in it"),
        ("http://chroma:8000?tenan=x", "is none"),
        ("http://chroma:99999", "cannot be read"),
        ("http://chroma:8000", "would travel unencrypted to chroma"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_before_anything_is_sent(url, words):
    with pytest.raises(BriefError, match=words) as told:
        chroma_server(url, token="secret")
    assert "secret" not in str(told.value) and "pw" not in str(told.value)


def test_the_server_comes_from_option_and_environment_and_offline_sends_nothing(monkeypatch):
    parser = argparse.ArgumentParser()
    add_library_arguments(parser)
    parser.add_argument("--offline", action="store_true")
    monkeypatch.setenv("SAHEL_BRIEF_CHROMA", "http://chroma:8000?tenant=t&database=d")
    found = library_settings(parser.parse_args([])).chroma
    assert (found.url, found.tenant, found.database) == ("http://chroma:8000", "t", "d")
    with pytest.raises(BriefError, match="--offline sends nothing"):
        library_settings(parser.parse_args(["--offline"]))
    monkeypatch.setenv("SAHEL_BRIEF_CHROMA_TOKEN", "abc")
    here = ["--offline", "--chroma", "http://127.0.0.1:8000"]
    assert library_settings(parser.parse_args(here)).chroma.token == "abc"


def test_another_embedder_or_size_is_put_in_place_of_the_old_on_the_server(tmp_path, there):
    with opened(tmp_path, there):
        pass
    with changing(tmp_path, BagOfWords("new"), server=there, mend=False) as library:
        library.rebuild()
        library.add(read_document(REPORT), str(REPORT))
    with (
        pytest.raises(BriefError, match="python -m index rebuild"),
        changing(tmp_path, BagOfWords("old"), server=there),
    ):
        pass
