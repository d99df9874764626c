import sqlite3
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace

import numpy as np
import pytest

from index.access import alone, changing, reading
from index.changes import Changes, sharing_python
from index.likeness import likeness, likest, sketch
from index.reading import parse_document, read_document
from index.types import BriefError, Passage
from index.vectors.folders import Folders
from tests.conftest import REPORT, ROOT
from tests.fakes import BagOfWords


def test_search_finds_the_passage_that_shares_the_words(library):
    best = library.search("second coup", 3)[0]
    assert "led a second coup" in best.passage.text
    assert best.score == 1.0


def test_lexical_search_folds_accents(library):
    (passage, _), *_ = library.store.lexical_search("Goïta", 5)
    assert "Goita" in passage.text


def test_what_alone_has_a_name_is_found_among_many_that_share_the_other_words(tmp_path):
    common = (
        "When he fell in the raid in the north of the country on that day, he was with two men."
    )
    crowd = "\n\n".join(f"## Day {n}\n\n{common} It was day {n}." for n in range(20))
    crowd += "".join(f"\n\n## Well {n}\n\nA well gave water to {n} goats." for n in range(99))
    long = " ".join(["Bertoncello died that night."] + ["Nothing else is known of it."] * 30)
    question = "What was Bertoncello doing in the north when he fell in the raid on that day?"
    with changing(tmp_path / "library", BagOfWords()) as library:
        library.add(parse_document(f"{crowd}\n\n## Night\n\n{long}", name="raids.md"), "/raids.md")
        by_words = [p.text for p, _ in library.store.lexical_search(question, 12)]
        assert not any("Bertoncello" in text for text in by_words)
        found = library.search(question, 12)
        assert len(found) == 12
        assert "Bertoncello" in found[-1].passage.text
        assert len(library.search(question, 1)) == 1


def test_a_search_for_nothing_finds_nothing(library):
    assert library.store.lexical_search("?!", 5) == []


def test_a_document_that_is_removed_while_it_is_found_is_not_found(library, monkeypatch):
    search = library.store.lexical.search

    def removed_meanwhile(*asked):
        found = search(*asked)
        library.remove(library.documents()[0].id)
        return found

    monkeypatch.setattr(library.store.lexical, "search", removed_meanwhile)
    assert library.store.lexical_search("second coup", 3) == []


def test_words_are_found_while_others_are_added_and_removed(library):
    over, failed = threading.Event(), []

    def keep_finding():
        while not over.is_set():
            try:
                assert library.store.lexical.search("second coup", 8)
                assert library.store.lexical.words_like("coup")
            except Exception as error:  # noqa: BLE001 - told below
                failed.append(repr(error))
                return

    finding = [threading.Thread(target=keep_finding) for _ in range(3)]
    for thread in finding:
        thread.start()
    text = "\n\n".join(f"A coup in the town {n} of many words. " * 5 for n in range(15))
    for n in range(30):
        library.add(parse_document(f"# Note {n}\n\n{text}", name=f"{n}.md"), f"/{n % 3}.md")
    over.set()
    for thread in finding:
        thread.join()
    assert failed == []


def test_query_syntax_is_only_words(library):
    assert library.store.lexical_search('coup" OR NEAR(', 5)


def test_adding_the_same_document_again_changes_nothing(library):
    embedder = library.dense.embedder
    before, passages = len(embedder.embedded), library.store.count_passages()
    assert library.add(read_document(REPORT), str(REPORT)).outcome == "unchanged"
    assert len(embedder.embedded) == before
    assert library.store.count_passages() == passages == library.dense.vectors.count()


def test_a_changed_document_replaces_the_old(tmp_path):
    with changing(tmp_path, BagOfWords()) as library:
        library.add(parse_document("Old words.", name="a.md"), "/a.md")
        assert library.add(parse_document("New words.", name="a.md"), "/a.md").outcome == "replaced"
        assert [library.document(d.id).text for d in library.documents()] == ["New words."]
        assert library.dense.vectors.count() == library.store.count_passages() == 1
        assert [h.passage.text for h in library.search("old words", 5)] == ["New words."]


def test_a_removed_document_is_gone(library):
    library.remove(library.documents()[0].id)
    assert library.documents() == []
    assert library.search("coup", 5) == []
    assert library.dense.vectors.count() == 0


def test_frequency_counts_phrases_in_passages_and_titles(library):
    assert library.frequency("Royce de Melo") > 0
    assert library.frequency("Melo Royce") == 0
    assert library.frequency("Macron") == 0
    assert library.frequency("Sahel security situation") == 1.0


def test_another_embedder_is_an_error_that_says_to_rebuild_and_rebuild_cures_it(tmp_path):
    with changing(tmp_path, BagOfWords("one")) as library:
        library.add(parse_document("Some words.", name="a.md"), "/a.md")
    with (
        pytest.raises(BriefError, match="python -m index rebuild"),
        changing(tmp_path, BagOfWords("two")),
    ):
        pass
    with changing(tmp_path, BagOfWords("two"), mend=False) as library:
        library.rebuild()
    with reading(tmp_path, BagOfWords("two")) as library:
        assert [h.passage.text for h in library.search("words", 1)] == ["Some words."]
    assert len(list(tmp_path.glob("vectors*"))) == 1


def test_an_empty_library_gets_the_bundled_report_and_a_filled_one_does_not(tmp_path):
    with reading(tmp_path, BagOfWords(), bundled=[REPORT]) as library:
        assert len(library.documents()) == 1
    with reading(tmp_path, BagOfWords(), bundled=[ROOT / "README.md"]) as library:
        assert [d.as_of for d in library.documents()] == ["2023-09"]


def test_the_same_text_from_another_file_is_a_duplicate(library):
    added = library.add(read_document(REPORT, title="A copy"), "/copy.md")
    assert (added.outcome, added.like.title) == ("duplicate", library.documents()[0].title)
    assert len(library.documents()) == 1


def test_nearly_the_same_text_is_added_and_pointed_out(library):
    text = REPORT.read_text("utf-8").replace("three hundred", "four hundred")
    added = library.add(parse_document(text, name="new.md"), "/new.md")
    assert added.outcome == "added"
    assert added.like.as_of == "2023-09"
    assert 0.9 < added.likeness < 1


def test_metadata_given_changes_a_known_document_and_that_of_the_file_undoes_no_edit(library):
    before = library.document(library.documents()[0].id)
    library.edit(before.id, title="My title", as_of="2024-01")
    assert library.add(read_document(REPORT), str(REPORT)).outcome == "unchanged"
    added = library.add(read_document(REPORT), str(REPORT), given={"source": "The desk"})
    assert added.outcome == "edited"
    after = library.document(library.documents()[0].id)
    assert (after.title, after.as_of, after.source) == ("My title", "2024-01", "The desk")
    assert library.frequency("my title") == 1.0
    with pytest.raises(BriefError, match="not a date"):
        library.edit(before.id, as_of="last week")


def test_a_new_version_of_a_file_keeps_what_the_user_gave_and_takes_the_rest_from_the_file(
    tmp_path,
):
    with changing(tmp_path, BagOfWords()) as library:
        first = parse_document("# One\n\nOld words.", name="a.md", source="The desk")
        library.add(first, "/a.md", given={"source": "The desk"})
        library.edit(first.id, as_of="2023-05", author="")
        library.add(parse_document("---\nauthor: Ann\n---\n# Two\n\nNew.", name="a.md"), "/a.md")
        second = library.document(library.documents()[0].id)
        assert (second.title, second.source, second.as_of, second.author) == (
            "Two", "The desk", "2023-05", "",
        )  # fmt: skip
        given = parse_document("# Three\n\nNewer.", name="a.md", as_of="2024")
        library.add(given, "/a.md", given={"as_of": "2024"})
        third = library.document(library.documents()[0].id)
        assert (third.title, third.source, third.as_of) == ("Three", "The desk", "2024")
        assert third.edited == ("as_of", "author", "source")
        library.add(parse_document("# Other\n\nWords.", name="b.md"), "/b.md")
        assert next(d for d in library.documents() if d.title == "Other").source == "b.md"


def test_what_was_edited_outlives_a_removal_that_is_undone(tmp_path):
    with changing(tmp_path, BagOfWords()) as library:
        library.add(parse_document("# One\n\nOld words.", name="a.md"), "/a.md")
        library.edit(library.documents()[0].id, title="Mine")
        removed = library.document(library.documents()[0].id)
        library.remove(removed.id)
        library.add(removed, "/a.md")
        library.add(parse_document("# Two\n\nNew words.", name="a.md"), "/a.md")
        assert [d.title for d in library.documents()] == ["Mine"]


def test_a_library_of_version_2_is_brought_up_to_date(tmp_path):
    with changing(tmp_path, BagOfWords()) as library:
        library.add(parse_document("# One\n\nOld words.", name="a.md"), "/a.md")
    with sqlite3.connect(tmp_path / "library.sqlite3") as old:
        old.execute("ALTER TABLE documents DROP COLUMN edited")
        old.execute("UPDATE meta SET value = '2' WHERE key = 'version'")
    old.close()
    with changing(tmp_path, BagOfWords()) as library:
        document = library.document(library.documents()[0].id)
        assert (document.title, document.edited) == ("One", ())
        library.edit(document.id, title="Mine")
        assert library.document(library.documents()[0].id).edited == ("title",)


def test_a_search_may_be_restricted_to_documents(library):
    library.add(parse_document("A coup in Gabon.", name="g.md", as_of="2024"), "/g.md")
    gabon = next(d.id for d in library.documents() if d.as_of == "2024")
    assert {h.passage.document_id for h in library.search("coup", 9)} > {gabon}
    assert {h.passage.document_id for h in library.search("coup", 9, {gabon})} == {gabon}
    assert library.search("coup", 9, set()) == []
    assert library.store.problems() == []


def test_a_library_of_the_version_before_is_brought_up_to_date(tmp_path):
    with sqlite3.connect(tmp_path / "library.sqlite3") as old:
        old.executescript(
            """
            CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
            CREATE TABLE documents (
                id TEXT PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL, as_of TEXT NOT NULL,
                source TEXT NOT NULL, text TEXT NOT NULL, parts TEXT NOT NULL,
                ready INTEGER NOT NULL DEFAULT 0);
            INSERT INTO meta VALUES ('version', '1'), ('embedder', 'bag-of-words');
            INSERT INTO documents VALUES
                ('a1', '/a', 'T', '2023', 's', 'US troops left.', '[]', 1);
            """
        )
    with sqlite3.connect(tmp_path / "library.sqlite3") as old:
        old.execute("CREATE TABLE passages (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, "
                    "document_id TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, "
                    "text TEXT NOT NULL, place TEXT NOT NULL)")  # fmt: skip
        old.execute(
            "INSERT INTO passages VALUES (1, 'a1:0-15', 'a1', 0, 15, 'US troops left.', '')"
        )
    old.close()
    (tmp_path / "vectors").mkdir()
    with reading(tmp_path, BagOfWords()) as library:
        assert [d.title for d in library.documents()] == ["T"]
        assert library.frequency("United States") == 1.0
        assert library.search("troops", 1, {"a1"})[0].passage.text == "US troops left."


KILLED = """
    import os, signal
    from pathlib import Path
    from index.access import changing
    from index.reading import parse_document
    from tests.fakes import BagOfWords

    class Killer(BagOfWords):
        def embed(self, texts):
            if any("third" in t for t in texts):
                os.kill(os.getpid(), signal.SIGKILL)
            return super().embed(texts)

    with changing(Path({folder!r}), Killer()) as library:
        library.add(parse_document("The first.", name="a"), "/a")
        library.add(parse_document("The second.", name="b"), "/b")
        library.add(parse_document("The third.", name="c"), "/c")
"""


def run_killed(folder):
    code = textwrap.dedent(KILLED.format(folder=str(folder)))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == -9


def test_a_process_killed_while_indexing_loses_nothing_and_the_next_start_is_whole(tmp_path):
    run_killed(tmp_path)
    with reading(tmp_path, BagOfWords()) as library:
        assert sorted(library.document(d.id).text for d in library.documents()) == [
            "The first.",
            "The second.",
            "The third.",
        ]
        assert library.dense.vectors.count() == 3
        assert library.search("third", 1)[0].passage.text == "The third."


def test_kills_at_random_lose_nothing_that_was_acknowledged():
    command = [sys.executable, "-m", "benchmarks.crashes", "--times", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("lost or wrong: 0\n\n")


def test_lost_vectors_are_made_again_from_the_store(tmp_path):
    run_killed(tmp_path)
    for file in sorted((tmp_path / "vectors").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    with reading(tmp_path, BagOfWords()) as library:
        assert library.dense.vectors.count() == 3


def test_destroyed_vectors_are_made_again_from_the_store(tmp_path):
    with changing(tmp_path, BagOfWords()) as library:
        library.add(parse_document("Some words.", name="a"), "/a")
    (tmp_path / "vectors" / "chroma.sqlite3").write_bytes(b"garbage" * 1000)
    code = textwrap.dedent(
        f"""
        from pathlib import Path
        from index.access import reading
        from tests.fakes import BagOfWords
        with reading(Path({str(tmp_path)!r}), BagOfWords()) as library:
            print([h.passage.text for h in library.search("words", 1)])
        """
    )
    # In a new process: Chroma remembers an open folder.
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "['Some words.']\n"


def test_a_full_disk_is_said_and_what_was_there_stays(tmp_path):
    with changing(tmp_path, BagOfWords()) as library:
        library.add(parse_document("Some words.", name="a"), "/a")
    code = textwrap.dedent(
        f"""
        import resource
        from pathlib import Path
        from index.access import changing
        from index.reading import parse_document
        from index.types import BriefError
        from tests.fakes import BagOfWords
        big = parse_document("A sentence of some words.\\n\\n" * 20000, name="b")
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))  # as good as a full disk
        try:
            with changing(Path({str(tmp_path)!r}), BagOfWords()) as library:
                library.add(big, "/b")
        except BriefError as error:
            print(error)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert "make room" in done.stdout.lower()
    with reading(tmp_path, BagOfWords()) as library:
        assert "Some words." in [library.document(d.id).text for d in library.documents()]


def test_many_may_read_but_a_change_needs_the_folder_alone(tmp_path):
    with reading(tmp_path, BagOfWords(), bundled=[REPORT]):
        with reading(tmp_path, BagOfWords()) as second:
            assert second.search("coup", 1)
        with (
            pytest.raises(BriefError, match="in use by another process"),
            changing(tmp_path, BagOfWords(), wait_s=0.1),
        ):
            pass


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(BriefError, match="SAHEL_BRIEF_DATA"),
        reading(tmp_path / "file", BagOfWords()),
    ):
        pass


def test_a_damaged_store_is_said(tmp_path):
    (tmp_path / "library.sqlite3").write_bytes(b"not a database, " * 100)
    with pytest.raises(BriefError, match="cannot be used"), reading(tmp_path, BagOfWords()):
        pass


def test_a_library_that_is_open_can_be_changed_and_is_seen_changed_at_once(tmp_path):
    new = parse_document("A new well.", name="w.md")
    with reading(tmp_path, BagOfWords(), bundled=[REPORT]) as library:
        changes = Changes(library)
        added = changes.put(lambda own: own.add(new, "/w.md").outcome)
        failed = changes.put(lambda own: own.edit(new.id, as_of="last week"))
        changes.end()
        changes.run()
        assert added.result() == "added"
        assert "not a date" in str(failed.exception())
        assert "A new well." in {h.passage.text for h in library.search("well", 3)}
        with reading(tmp_path, BagOfWords()) as second:  # others may read again
            assert len(second.documents()) == 2


def test_a_library_that_another_process_reads_is_not_changed(tmp_path, monkeypatch):
    monkeypatch.setattr("index.access._WAIT_S", 0.1)
    with reading(tmp_path, BagOfWords(), bundled=[REPORT]) as library:
        with (
            reading(tmp_path, BagOfWords()),
            pytest.raises(BriefError, match="in use by another process"),
            alone(library),
        ):
            pass
        assert library.search("coup", 1)


def test_many_vectors_are_put_where_they_open_fast_and_stay_what_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr("index.vectors.folders.Folders.settles_after", 3)
    with changing(tmp_path, BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
        before = library.dense.place.path(library.dense.vectors.name)
        found = library.search("second coup", 3)
    with changing(tmp_path, BagOfWords()) as library:
        assert library.dense.place.path(library.dense.vectors.name) != before
        assert not before.exists()
        # Chroma writes this file when it has synced.
        (synced,) = library.dense.place.path(library.dense.vectors.name).glob(
            "*/index_metadata.pickle"
        )
        assert library.search("second coup", 3) == found
        # What comes after is not synced in place: there a kill could destroy it.
        was = synced.stat().st_mtime_ns
        for n in range(2):
            library.add(parse_document(f"Well {n} is dry.", name=f"{n}.md"), f"/{n}.md")
        assert library.search("well dry", 1)[0].passage.text.startswith("Well")
        assert synced.stat().st_mtime_ns == was
        assert library.dense._unsettled() == 2
    with reading(tmp_path, BagOfWords()) as library:
        assert library.is_whole()
        assert library.dense.problems() == []
        assert library.search("well dry", 1)[0].passage.text.startswith("Well")


def test_an_open_library_is_searched_while_its_vectors_are_put_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr("index.vectors.folders.Folders.settles_after", 3)
    with reading(tmp_path, BagOfWords(), bundled=[REPORT]) as library:
        old = library.dense.vectors
        with alone(library):
            library.add(parse_document("A well is dry.", name="a.md"), "/a.md")
            vector = library.embed(["second coup"])[0]
        # Another thread may still hold the old ones.
        assert old.search(vector, 1)[0][0] == library.dense.vectors.search(vector, 1)[0][0]
        assert library.search("well dry", 1)[0].passage.text == "A well is dry."


def test_without_room_for_a_copy_of_the_vectors_all_stays_as_it_is(tmp_path, monkeypatch):
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.vectors.folders.Folders.settles_after", 3)
    monkeypatch.setattr("index.vectors.folders.shutil.copytree", full)
    with changing(tmp_path, BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
    with reading(tmp_path, BagOfWords()) as library:
        assert library.search("second coup", 1)
        assert library.dense._unsettled() == library.store.count_passages()


def test_a_list_of_documents_holds_no_text_but_says_how_much_there_is(library):
    (info,) = library.documents()
    document = library.document(info.id)
    assert info == replace(document.info, path=str(REPORT.resolve()), passages=info.passages)
    assert (info.characters, info.passages) == (len(document.text), library.dense.vectors.count())
    assert not hasattr(info, "text")


def test_the_likest_of_many_is_the_one_that_likeness_finds():
    texts = [f"the {n} wells of the village are {n} dry and {n} deep" for n in range(40)]
    others = {text: sketch(text) for text in texts}
    own = sketch(f"{texts[7]} or so")
    best, share = likest(own, others)
    assert best == texts[7]
    assert share == likeness(own, others[best]) == max(likeness(own, o) for o in others.values())


def test_words_that_most_passages_have_are_left_out_of_a_search_without_changing_it(
    tmp_path, monkeypatch
):
    with changing(tmp_path, BagOfWords()) as library:
        for n in range(30):
            text = f"The village of place{n} has a well, and the well of place{n} is {n} deep."
            library.add(parse_document(text, name=f"{n}.md", title=str(n)), f"/{n}.md")
        query = "What is the depth of the well of place7?"
        whole = library.store.lexical_search(query, 3)
        monkeypatch.setattr("index.lexical._SMALL", 10)
        told = library.store.lexical_search(query, 3)
        assert told[0][0] == whole[0][0]
        assert "place7" in told[0][0].text
        assert len(told) == 1  # no other passage has a word that tells
        assert len(library.store.lexical_search("the well of", 30)) == 30  # and no word tells
        library.remove(told[0][0].document_id)
        assert library.store.lexical_search("place7", 3) == []


def test_vectors_that_are_added_later_are_found_by_themselves(tmp_path):
    # Without RAYON_NUM_THREADS one in ten collections loses one; with it one in a thousand.
    rng = np.random.default_rng(1)
    lost = []
    for number in range(60):
        rows = rng.normal(1, 1, (60, 64)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        passages = [Passage(f"{number}:{row}", "d", 0, 1, "", "") for row in range(60)]
        vectors = Folders(tmp_path).open(f"vectors-{number}")
        for some in (slice(0, 30), slice(30, 60)):
            vectors.add(passages[some], rows[some])
            found = [vectors.search(row, 1)[0][0] for row in rows[: some.stop]]
            if found != [p.id for p in passages[: some.stop]]:
                lost.append(number)
    assert len(set(lost)) <= 1


def test_python_is_given_up_sooner_until_the_last_document_is_read():
    usual = sys.getswitchinterval()
    with sharing_python():
        with sharing_python():
            pass
        assert sys.getswitchinterval() < usual / 5
    assert sys.getswitchinterval() == usual
