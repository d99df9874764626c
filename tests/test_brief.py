"""The brief: what is exported is opened and read back, what is kept is each visitor's own."""

import io
import json
import re
import shutil
import subprocess
import threading
import zipfile
from datetime import UTC, datetime

import docx
import pypdfium2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from lxml import etree
from markdown_it import MarkdownIt

from index.types import BriefError
from tests.briefs import COUP, ENDED, SHA256, citation, declined, record
from web.brief.content import Brief, Item, content
from web.brief.export import export
from web.brief.font import printable
from web.brief.routes import brief_routes
from web.brief.store import MOST, Briefs
from web.brief.words import clean, clean_lines
from web.database import open_database
from web.refusals import refused
from web.visitors import COOKIE

MADE = datetime(2026, 11, 25, 21, 30, tzinfo=UTC)
HERE = {"X-Sahel-Brief": "1"}
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
HOSTILE = (
    "=cmd|'/c calc'!A1 # *b* _i_ `c` [l](http://e.example) ![i](x) <script>x</script> &amp; $x^2$ "
    "~~s~~ | www.e.example \x00\x0b\ud800\u202eevil\ufffe {\\rtf} {{x}} %n " + "W" * 3000
)


def brief(*items, title="Mali: situation"):
    return Brief(title, tuple(i if isinstance(i, Item) else Item("", "", i) for i in items), MADE)


def written(format_, *items, **more):
    return export(brief(*items, **more), format_).data


def pdf_text(data):
    file = pypdfium2.PdfDocument(data)
    pages = [file[n].get_textpage().get_text_range() for n in range(len(file))]
    return " ".join(" ".join(pages).replace("\ufffe", "").split())


def parts(data):
    """Return the XML of a Word file by name; all of it must be well-formed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = [n for n in archive.namelist() if n.endswith((".xml", ".rels"))]
        return {name: etree.fromstring(archive.read(name)) for name in names}


def words(node):
    return "".join(node.itertext(f"{W}t"))


ALL = (
    Item("The second coup", "For the minister:\nsee below.\n\nAlso this.", record()),
    Item("", "", declined()),
    Item("", "", record("a3", model="/home/x/own.gguf")),
)


def test_notes_are_numbered_through_the_whole_brief_in_the_order_of_the_words():
    first, second, third = content(brief(*ALL)).sections
    assert [s.notes for s in first.answer] == [(1,), (1, 2)]
    assert [s.notes for s in second.closest] == [(3,)]
    assert [s.notes for s in third.answer] == [(4,), (4, 5)]
    assert [n.n for s in (first, second, third) for n in s.notes] == [1, 2, 3, 4, 5]


def test_a_note_has_all_of_its_provenance():
    coup, ended = content(brief(record())).notes
    assert coup.said == f"“{COUP}”"
    assert coup.origin == (
        "Sahel security report · A. Diallo · report.pdf, 2. Mali, page 3, paragraph 1; "
        "as of September 2023."
    )
    assert coup.provenance == (
        f"Document SHA-256 {SHA256[:16]}…; worded by language model Qwen2.5-Coder-1.5B-Instruct; "
        "asked 25 November 2026, 20:50 UTC; check: supported: the sentence is carried by this "
        "quotation; quoted: the document’s own words."
    )
    assert ended.said == f"Jack Lewis: “{ENDED}”"
    assert "; as of 5 March 2024." in ended.origin
    assert "; quotation, no model; " in ended.provenance


def test_what_is_not_known_of_a_document_is_left_out_or_said():
    cited = citation(1, COUP, as_of="", author="", source="", document_sha256="")
    (note,) = content(brief(record(citations=[cited]))).notes
    assert note.origin == "Sahel security report, 2. Mali, page 3, paragraph 1; no as-of date."
    assert note.provenance.startswith("Worded by")


def test_where_a_model_lies_on_this_machine_is_not_told():
    for format_ in ("md", "json"):
        text = written(format_, *ALL).decode()
        assert "own.gguf" in text
        assert "/home/x" not in text


def test_facts_say_how_the_check_ended_and_what_was_removed():
    (section,) = content(brief(record(stopped=True, notice="The model was slow."))).sections
    assert section.facts == (
        "Asked 25 November 2026, 20:50 UTC · language model Qwen2.5-Coder-1.5B-Instruct · "
        "sentences checked: 1 supported, 1 quoted, 1 removed · "
        "as of September 2023 and 5 March 2024"
    )
    assert section.removed == ("Three thousand left.",)
    assert section.notices == (
        "The model was slow.",
        "Stopped before it was finished; what was not checked yet is left out.",
    )


def test_a_declined_answer_has_its_reason_and_the_closest_passages_with_notes():
    (section,) = content(brief(declined())).sections
    assert section.reason == "The report does not say: it never mentions people in Chad."
    assert section.facts == "Asked 25 November 2026, 20:50 UTC · declined"
    (note,) = section.notes
    assert note.said == "“Chad sent 1,000 soldiers.”"
    assert (note.sha256, note.as_of) == (
        SHA256,
        "September 2023",
    )  # of the same document's evidence
    assert "check: declined: one of the closest passages" in note.provenance
    (section,) = content(brief({**declined(), "evidence": []})).sections
    assert section.notes[0].origin == "Chad today, 3. Chad."  # whether it has a date is not known


def test_markdown_has_footnotes_and_no_markup_but_its_own():
    text = written("md", *ALL).decode()
    assert text.startswith("# Mali: situation\n\n25 November 2026, 21:30 UTC · 3 answers · ")
    assert f"Goïta led it in May 2021.[^1] “{ENDED}”[^1][^2]" in text
    assert re.findall(r"^\[\^(\d+)\]: ", text, re.MULTILINE) == ["1", "2", "3", "4", "5"]
    assert "~~Three thousand left.~~" in text
    assert "> **Comment:** For the minister:\\\n> see below.\n>\n> Also this.\n" in text


def test_markdown_escapes_what_is_untrusted():
    hostile = record(question=HOSTILE, resolved=HOSTILE)
    hostile["sentences"][0]["text"] = hostile["citations"][0]["quote"] = HOSTILE
    text = written("md", Item(HOSTILE, HOSTILE, hostile), title=HOSTILE).decode()
    parser = MarkdownIt("commonmark", {"linkify": False}).enable(["strikethrough", "table"])
    tokens = [t for block in parser.parse(text) for t in [block, *(block.children or [])]]
    kinds = {t.type.removesuffix("_open").removesuffix("_close") for t in tokens}
    own = {"heading", "inline", "text", "paragraph", "em", "strong", "s", "blockquote"}
    assert kinds <= {*own, "text_special", "softbreak", "hardbreak"}
    (heading,) = [t for t in tokens if t.type == "inline" and t.content.startswith("\\=cmd")][:1]
    assert "".join(t.content for t in heading.children or []) == clean(HOSTILE)
    # What GitHub makes links of although nothing marks them.
    assert "http://" not in text and "www.e" not in text


def test_json_has_hashes_whole_and_the_answers_as_they_were_stored():
    found = json.loads(written("json", *ALL))
    assert found["title"] == "Mali: situation"
    assert found["made_at"] == "2026-11-25T21:30:00+00:00"
    assert [n["n"] for n in found["notes"]] == [1, 2, 3, 4, 5]
    assert [n["item"] for n in found["notes"]] == [1, 1, 2, 3, 3]
    assert found["notes"][0] == {
        "n": 1, "item": 1, "quotation": COUP, "speaker": "", "document": "Sahel security report",
        "author": "A. Diallo", "source": "report.pdf", "place": "2. Mali, page 3, paragraph 1",
        "start": 10, "end": 10 + len(COUP), "as_of": "2023-09", "as_of_words": "September 2023",
        "document_id": "d1", "document_sha256": SHA256, "model": "Qwen2.5-Coder-1.5B-Instruct",
        "asked_at": "2026-11-25T20:50:00+00:00",
        "check": "supported: the sentence is carried by this quotation; "
        "quoted: the document’s own words",
    }  # fmt: skip
    assert found["items"][0]["record"]["sentences"] == record()["sentences"]
    assert found["items"][1]["declined"]


def test_the_word_file_has_real_footnotes():
    data = written("docx", *ALL)
    document = docx.Document(io.BytesIO(data))
    assert document.paragraphs[0].text == "Mali: situation"
    assert document.core_properties.title == "Mali: situation"
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert headings == [
        "The second coup", "How many people live in Chad?", "Who led the second coup in Mali?",
    ]  # fmt: skip
    assert "Goïta led it in May 2021." in " ".join(p.text for p in document.paragraphs)
    xml = parts(data)
    body, notes = xml["word/document.xml"], xml["word/footnotes.xml"]
    referred = [n.get(f"{W}id") for n in body.iter(f"{W}footnoteReference")]
    assert referred == ["1", "2", "3", "4", "5"]
    own = {n.get(f"{W}id"): words(n) for n in notes if not n.get(f"{W}type")}
    assert list(own) == referred
    assert f"“{COUP}”" in own["1"]
    assert f"Document SHA-256 {SHA256[:16]}…" in own["1"]
    fields = [n.get(f"{W}instr").split()[:2] for n in body.iter(f"{W}fldSimple")]
    assert fields == [["NOTEREF", "_RefNote1"], ["NOTEREF", "_RefNote4"]]
    styles = {s.get(f"{W}styleId") for s in xml["word/styles.xml"]}
    used = {
        s.get(f"{W}val") for part in (body, notes) for s in part.iter(f"{W}pStyle", f"{W}rStyle")
    }
    assert used <= styles
    struck = [words(r) for r in body.iter(f"{W}r") if r.find(f"{W}rPr/{W}strike") is not None]
    assert struck == ["Three thousand left."] * 2


def test_the_word_file_opens_in_libreoffice(tmp_path):
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if not office:
        pytest.skip("LibreOffice is not here: install your system's package libreoffice-writer")
    (tmp_path / "brief.docx").write_bytes(
        written("docx", *ALL, Item(HOSTILE, HOSTILE, record("h")))
    )
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", tmp_path]
    subprocess.run([*command, tmp_path / "brief.docx"], check=True, timeout=240)
    text = pdf_text((tmp_path / "brief.pdf").read_bytes())
    for expected in ("Mali: situation", "Goïta led it in May 2021.1", "Épervier", SHA256[:16]):
        assert expected in text
    assert "own words.” 2" not in text and "5 “" not in text[:200]
    assert text.count("Document SHA-256") == 7  # every footnote once


def test_the_pdf_has_selectable_text_and_a_link_to_each_source():
    data = written("pdf", *ALL)
    text = pdf_text(data)
    for expected in ("Goïta led it in May 2021.", f"“{COUP}”", "Épervier mission – its",
                     "“left no one behind”", "Comment: For the minister:", SHA256[:16],
                     "Question: Who led the second coup in Mali?", "Page 1"):  # fmt: skip
        assert expected in text
    file = pypdfium2.PdfDocument(data)
    assert file.get_metadata_value("Title") == "Mali: situation"
    outline = [item.get_title() for item in file.get_toc()]
    assert outline == ["The second coup", "How many people live in Chad?",
                       "Who led the second coup in Mali?", "Sources"]  # fmt: skip
    assert data.count(b"/Subtype /Link") == 7


def test_letters_of_the_sahel_are_printed_and_other_scripts_are_said():
    assert printable("Ɓàmánánkán ɲɛ́ ŋ ɗ ƴ Goïta Épervier “–” € N’Djaména") == (
        "Ɓàmánánkán ɲɛ́ ŋ ɗ ƴ Goïta Épervier “–” € N’Djaména"
    )
    assert printable("Goi\u0308ta ≤ 5") == "Goïta <= 5"
    said = "Goïta ([2 words in Arabic]) said [2 Chinese characters] [grinning face] so"
    assert printable("Goïta (عاصمي غويتا) said 漢字 😀\ufe0f so") == said
    quoted = record()
    quoted["sentences"][2]["text"] = "عاصمي غويتا is Goïta."
    assert "“[2 words in Arabic] is Goïta.”" in pdf_text(written("pdf", quoted))
    assert "عاصمي غويتا" in written("md", quoted).decode()


@pytest.mark.parametrize("format_", ["docx", "pdf", "md", "json"])
def test_nothing_untrusted_breaks_an_export(format_):
    hostile = record(question=HOSTILE * 6, resolved=HOSTILE, notice=HOSTILE, as_of="never")
    for s in hostile["sentences"]:
        s["text"], s["source"], s["as_of"] = HOSTILE, HOSTILE, "2023-13"
    for c in hostile["citations"]:
        for key in ("quote", "document", "place", "author", "source", "speaker", "as_of"):
            c[key] = HOSTILE
    refused_ = {**declined(), "reason": HOSTILE, "closest": [{"quote": HOSTILE, "place": HOSTILE}]}
    bare = {"id": "b", "state": "done"}
    data = written(format_, Item(HOSTILE * 3, HOSTILE, hostile), refused_, bare, title=HOSTILE)
    if format_ == "docx":
        assert "<script>x</script>" in docx.Document(io.BytesIO(data)).paragraphs[0].text
        parts(data)
    elif format_ == "pdf":
        assert "<script>x</script>" in pdf_text(data)
    elif format_ == "json":
        assert len(json.loads(data)["items"]) == 3


def test_lines_are_cleaned():
    assert clean("a\x00\tb\u2028c\u202e") == "a b c"
    assert clean_lines("\n a \r\n\n\n\nb\x07\nc ") == "a\n\nb\nc"
    assert clean(None) == ""


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Mali: Goïta / 2", "Mali Goïta 2 2026-11-25.pdf"),
        ("", "Briefing note 2026-11-25.pdf"),
        ("../..\\<x>|'\"", "x 2026-11-25.pdf"),
        ("x" * 400, "x" * 80 + " 2026-11-25.pdf"),
    ],
)
def test_a_file_is_named_after_the_brief_and_its_day(title, name):
    assert export(brief(record(), title=title), "pdf").name == name


def test_an_empty_brief_and_an_unknown_format_are_refused_in_words():
    with pytest.raises(BriefError, match="The brief is empty"):
        export(brief(), "pdf")
    with pytest.raises(BriefError, match="docx, pdf, md, json"):
        export(brief(record()), "exe")


# What is kept.


@pytest.fixture
def sessions(where):
    return open_database(where)


@pytest.fixture
def briefs(sessions):
    return Briefs(sessions)


def order(kept):
    return [item.record["id"] for item in kept.items]


def filled(briefs, *ids):
    for id_ in ids:
        briefs.add("me", record(id_))
    return [item.id for item in briefs.get("me").items]


def test_a_brief_outlives_a_restart(where):
    one = Briefs(open_database(where))
    (a,) = filled(one, "a")
    one.edit("me", a, title="T", comment="C")
    one.rename("me", "Mine")
    other = Briefs(open_database(where)).get("me")
    assert other == one.get("me")
    assert (other.title, other.items[0].title, other.items[0].comment) == ("Mine", "T", "C")
    assert other.items[0].record == record("a")


def test_each_change_makes_a_newer_version(briefs):
    assert briefs.get("me").version == 0
    (a,) = filled(briefs, "a")
    versions = [
        briefs.get("me").version, briefs.edit("me", a, comment="C").version,
        briefs.rename("me", "M").version, briefs.remove("me", a).version,
        briefs.restore("me", a).version,
    ]  # fmt: skip
    assert versions == [1, 2, 3, 4, 5]


def test_an_answer_is_in_a_brief_once_and_as_it_was_when_added(briefs):
    assert briefs.add("me", record("a", answer="Before"))[1]
    kept, added = briefs.add("me", record("a", answer="After"))
    assert (added, order(kept), kept.items[0].record["answer"]) == (False, ["a"], "Before")


def test_answers_are_moved(briefs):
    a, b, c = filled(briefs, "a", "b", "c")
    assert order(briefs.edit("me", c, position=0)) == ["c", "a", "b"]
    assert order(briefs.edit("me", c, position=1)) == ["a", "c", "b"]
    assert order(briefs.edit("me", a, position=99)) == ["c", "b", "a"]
    assert order(briefs.edit("me", b, position=1)) == ["c", "b", "a"]


def test_what_is_removed_comes_back_to_its_place_with_its_words(briefs):
    _, b, _ = filled(briefs, "a", "b", "c")
    briefs.edit("me", b, comment="Kept")
    assert order(briefs.remove("me", b)) == ["a", "c"]
    restored = briefs.restore("me", b)
    assert order(restored) == ["a", "b", "c"]
    assert restored.items[1].comment == "Kept"


def test_what_was_removed_long_ago_or_added_again_does_not_come_back(briefs, monkeypatch):
    a, b = filled(briefs, "a", "b")
    briefs.remove("me", a)
    briefs.add("me", record("a"))
    with pytest.raises(BriefError, match="in the brief again already"):
        briefs.restore("me", a)
    briefs.remove("me", b)
    monkeypatch.setattr("web.brief.store.KEPT_S", -1.0)
    with pytest.raises(BriefError, match="removed too long ago"):
        briefs.restore("me", b)


def test_an_unfinished_answer_and_one_too_many_are_refused(briefs):
    with pytest.raises(BriefError, match="not finished"):
        briefs.add("me", record("a", state="answering"))
    filled(briefs, *(f"a{n}" for n in range(MOST)))
    with pytest.raises(BriefError, match=f"holds {MOST} answers at most"):
        briefs.add("me", record("more"))


def test_changes_at_once_lose_nothing(briefs):
    def change(n):
        kept, _ = briefs.add("me", record(f"a{n}"))
        briefs.edit("me", kept.items[-1].id, comment=str(n))

    threads = [threading.Thread(target=change, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    kept = briefs.get("me")
    assert sorted(order(kept)) == sorted(f"a{n}" for n in range(12))
    assert kept.version == 24


# The routes.


@pytest.fixture
def client(tmp_path):
    def find(visitor, record_id):
        if visitor != "m" * 32 or record_id not in ("a1", "a2"):
            raise BriefError("There is no such conversation here.")
        return record() if record_id == "a1" else declined()

    app = FastAPI()
    app.include_router(brief_routes(Briefs(open_database(tmp_path / "kept.sqlite3")), find))
    app.add_exception_handler(BriefError, refused)
    return TestClient(app, cookies={COOKIE: "m" * 32}, headers=HERE)


def added(client, id_="a1"):
    answer = client.post("/brief/items", json={"record": id_})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def test_a_brief_is_made_read_changed_and_undone_over_its_routes(client):
    assert client.get("/brief").json() == {"title": "", "version": 0, "items": []}
    assert added(client)["added"] is True
    assert added(client)["added"] is False
    first, second = added(client, "a2")["items"]
    assert first == {
        "id": first["id"], "record": "a1", "title": "Who led the second coup in Mali?",
        "comment": "", "question": "Who led the second coup in Mali?", "declined": False,
        "answer": record()["answer"],
        "facts": "Asked 25 November 2026, 20:50 UTC · 2 sources · 1 sentence removed by the check",
    }  # fmt: skip
    assert second["facts"] == "Asked 25 November 2026, 20:50 UTC · declined"
    path = f"/brief/items/{second['id']}"
    sent = {"title": " A\x00 b ", "comment": "x\r\ny", "position": 0}
    now = client.patch(path, json=sent).json()["items"][0]
    assert (now["title"], now["comment"], now["record"]) == ("A b", "x\ny", "a2")
    assert client.patch("/brief", json={"title": "Mali"}).json()["title"] == "Mali"
    assert len(client.delete(path).json()["items"]) == 1
    assert client.post(f"{path}/restore").json()["items"][0]["title"] == "A b"


def test_a_brief_is_its_visitors_alone(client):
    item = added(client)["items"][0]["id"]
    client.cookies.set(COOKIE, "o" * 32)
    assert client.get("/brief").json()["items"] == []
    for method, path in (("PATCH", f"/brief/items/{item}"), ("DELETE", f"/brief/items/{item}"),
                         ("POST", f"/brief/items/{item}/restore")):  # fmt: skip
        answer = client.request(method, path, json={} if method == "PATCH" else None)
        assert (
            answer.status_code,
            "brief" in answer.json()["detail"] or "removed" in answer.text,
        ) == (404, True)
    assert client.post("/brief/items", json={"record": "a1"}).status_code == 422
    assert client.get("/brief/export", params={"format": "md"}).status_code == 422
    client.cookies.clear()
    assert client.get("/brief").status_code == 403


def test_changes_need_the_pages_own_header(client):
    item = added(client)["items"][0]["id"]
    client.headers.pop("X-Sahel-Brief")
    for method, path, sent in (
        ("POST", "/brief/items", {"record": "a2"}), ("PATCH", "/brief", {"title": "x"}),
        ("PATCH", f"/brief/items/{item}", {"title": "x"}), ("DELETE", f"/brief/items/{item}", None),
        ("POST", f"/brief/items/{item}/restore", None),
    ):  # fmt: skip
        assert client.request(method, path, json=sent).status_code == 403
    assert len(client.get("/brief").json()["items"]) == 1


@pytest.mark.parametrize(
    "sent",
    [
        {"title": "x" * 301}, {"comment": "x" * 5001}, {"position": -1}, {"position": "x"},
        {"record": {}}, {"title": "\ud800"},
    ],
)  # fmt: skip
def test_what_is_too_long_or_no_change_is_refused(client, sent):
    item = added(client)["items"][0]["id"]
    body = json.dumps(sent)
    answer = client.patch(f"/brief/items/{item}", content=body)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("format_", "begins"), [("docx", b"PK"), ("pdf", b"%PDF-"), ("md", b"# Go"), ("json", b"{\n")]
)
def test_an_export_is_a_file_with_a_name(client, format_, begins):
    added(client)
    client.patch("/brief", json={"title": "Goïta: – “May”"})
    answer = client.get("/brief/export", params={"format": format_})
    assert answer.content.startswith(begins)
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(
        rf'attachment; filename="Goita May \d{{4}}-\d\d-\d\d.{format_}"; '
        rf"filename\*=UTF-8''Go%C3%AFta%20%E2%80%93%20May%20\d{{4}}-\d\d-\d\d.{format_}",
        answer.headers["content-disposition"],
    )


def test_an_export_that_cannot_be_says_why(client):
    assert client.get("/brief/export", params={"format": "pdf"}).json()["detail"] == (
        "The brief is empty. Add an answer to it first."
    )
