"""Another embedder or passage size: the library is indexed anew while the old index answers."""

import argparse
import threading

import pytest

from index.access import changing, embedder_of, reading
from index.embedding import DEFAULT_EMBEDDER
from index.reading import parse_document, read_document
from index.settings import LibrarySettings, add_library_arguments, library_settings
from index.types import BriefError
from qa.engine import open_engine
from qa.local_model import LocalModel
from tests.conftest import REPORT
from tests.fakes import BagOfWords

COUP = "Who led a second coup and took the title of transitional president?"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A library made with the embedder "old", where any of three names is an embedder."""

    def embedder(name="old"):
        if name == "gone":
            return Gone()
        return BagOfWords(name)

    monkeypatch.setattr("qa.engine.SentenceEmbedder", embedder)
    with changing(tmp_path, BagOfWords("old")) as library:
        library.add(read_document(REPORT), str(REPORT))
    return tmp_path


class Gone:
    name = "gone"

    def embed(self, texts):
        raise BriefError("It is not on this machine.")


def opened(folder, notices, **settings):
    chosen = LibrarySettings(folder, **{"embedder": "old", **settings})
    model = LocalModel("1.5b", folder)
    return open_engine(chosen, model, on_notice=notices.append, renewing=True)


@pytest.mark.parametrize("change", [{"embedder": "new"}, {"passage_chars": 400}])
def test_the_old_index_answers_until_the_new_one_is_whole(folder, change):
    notices = []
    with opened(folder, notices, **change) as engine:
        before = engine.library.store.count_passages()
        assert engine.library.embedder == "old"
        assert "second coup" in engine.library.search(COUP, 1)[0].passage.text
        engine.changes.end()
        engine.changes.run()
        assert engine.library.embedder == change.get("embedder", "old")
        after = engine.library.store.count_passages()
        assert (after > 1.5 * before) == ("passage_chars" in change)
        assert "second coup" in engine.library.search(COUP, 1)[0].passage.text
        engine.library.add(_document(), "/quolls.md")  # in the new way
    assert notices[-1] == f"The library is indexed anew: {after} passages."
    made = {"embedder": "old", "passage_chars": 1000, **change}
    with reading(folder, BagOfWords(made["embedder"])) as library:
        assert library.dense.is_made_with(made["embedder"], made["passage_chars"])
        assert library.dense.problems() == []
    with opened(folder, again := [], **change):
        assert again == []


def test_questions_are_answered_while_it_is_indexed_anew(folder, monkeypatch):
    halfway, go_on = threading.Event(), threading.Event()
    embed = BagOfWords.embed

    def slow(self, texts):
        if self.name == "new" and len(texts) > 1:
            halfway.set()
            assert go_on.wait(20)
        return embed(self, texts)

    monkeypatch.setattr(BagOfWords, "embed", slow)
    with opened(folder, [], embedder="new") as engine:
        engine.changes.end()
        asked = []

        def ask():
            assert halfway.wait(20)
            asked.append(engine.library.search(COUP, 1)[0].passage.text)
            go_on.set()

        asking = threading.Thread(target=ask)
        asking.start()
        engine.changes.run()
        asking.join()
    assert "second coup" in asked[0]


def test_without_a_choice_a_library_keeps_the_embedder_that_it_was_indexed_with(folder, tmp_path):
    parser = argparse.ArgumentParser()
    add_library_arguments(parser)

    def chosen(*options):
        return library_settings(parser.parse_args(options)).embedder

    assert chosen("--data", str(folder)) == "old"
    assert chosen("--data", str(folder), "--embedder", "new") == "new"
    assert chosen("--data", str(tmp_path / "another")) == DEFAULT_EMBEDDER
    assert not list((tmp_path / "another").glob("*.sqlite3"))


def test_where_the_old_embedder_is_gone_the_remedy_is_said(folder):
    with changing(folder, BagOfWords("old")) as library:
        library.store.set_meta(embedder="gone")
    assert embedder_of(folder) == "gone"
    with pytest.raises(BriefError, match="python -m index rebuild"), opened(folder, []) as engine:
        engine.library.search(COUP, 1)


def test_passages_of_two_sizes_are_not_mixed(folder):
    with (
        changing(folder, BagOfWords("old"), passage_chars=400) as library,
        pytest.raises(BriefError, match=r"up to 1000 characters.*python -m index rebuild"),
    ):
        library.add(_document(), "/quolls.md")


def _document():
    return parse_document("Quolls hunt at night. They sleep by day.", name="quolls.md")
