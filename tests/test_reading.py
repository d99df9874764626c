import os
from itertools import pairwise
from pathlib import Path

import pytest

from index.passages import MAX_CHARS, split_passages
from index.reading import parse_document, read_document
from index.types import BriefError, Document, Part
from tests.conftest import REPORT


def test_front_matter_gives_the_metadata_even_where_it_is_not_yaml():
    document = read_document(REPORT)
    assert document.title == "Mali after MINUSMA: the Sahel security situation"
    assert document.as_of == "2023-09"
    assert document.source.startswith("Written for this project")


def test_given_metadata_wins_over_the_file(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: Old\nas_of: 2020\n---\nText.")
    document = read_document(path, title="New", as_of="2021-05", source="UN")
    assert (document.title, document.as_of, document.source) == ("New", "2021-05", "UN")


def test_title_comes_from_the_heading_then_a_short_first_line_then_the_name():
    assert parse_document("# A title\n\nText.", name="x.md").title == "A title"
    assert parse_document("A short line\n\nText.", name="x.txt").title == "A short line"
    assert parse_document("Text that is a sentence.", name="my-report.txt").title == "My report"


def test_nested_front_matter_of_other_programs_is_passed_over():
    text = "---\ninfoboxes:\n  - title:\n      text: no\nsource: W\n---\nText."
    document = parse_document(text, name="a b.md")
    assert (document.title, document.source) == ("A b", "W")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Goïta".encode(), "Goïta"),
        ("Goïta".encode("utf-8-sig"), "Goïta"),
        ("Goïta".encode("utf-16"), "Goïta"),
        ("L’armée de Goïta a été accusée à Bamako".encode("cp1252"), "L’armée de Goïta"),
        ("Отчёт о положении в Мали".encode("cp1251"), "Отчёт о"),
        (b"one\r\ntwo", "one\ntwo"),
    ],
)
def test_common_encodings_are_read(tmp_path, data, text):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert read_document(path).text.startswith(text)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.txt", b"", "is empty"),
        ("a.txt", b" \n\n ", "is empty"),
        ("a.txt", b"\xef\xbb\xbf\n", "is empty"),
        ("a.md", b"---\ntitle: x\n---\n\n", "no text"),
        ("a.txt", bytes(range(256)) * 20, "is not text"),
        ("a.txt", b"\x7fELF\x00\x00\x01", "is not text"),
        ("a.pdf", b"%PDF-1.4", "damaged"),
        ("a.xyz", b"Some words.", "not a format"),
    ],
)
def test_what_cannot_be_read_is_said_with_a_remedy(tmp_path, name, data, says):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(BriefError, match=says):
        read_document(path)


def test_a_missing_file_and_a_folder_are_said(tmp_path):
    with pytest.raises(BriefError, match="no file"):
        read_document(tmp_path / "none.md")
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(BriefError, match="is a folder"):
        read_document(tmp_path / "folder.md")


def test_a_wrong_date_is_said():
    with pytest.raises(BriefError, match="not a date"):
        parse_document("Text.", name="a.md", as_of="last week")


def test_the_id_is_that_of_the_text_alone():
    first = parse_document("Text.", name="a.md", title="T")
    assert parse_document("Text.", name="b.md", title="U", as_of="2023").id == first.id
    assert parse_document("Text!", name="a.md", title="T").id != first.id


@pytest.mark.parametrize("which", ["report", "article"])
def test_passages_are_verbatim_ordered_and_lose_no_paragraph(which, request):
    path: Path = REPORT if which == "report" else request.getfixturevalue("article")
    document = read_document(path)
    passages = split_passages(document)
    assert all(document.text[p.start : p.end] == p.text for p in passages)
    assert all(a.end <= b.start for a, b in pairwise(passages))
    between = document.text
    for start, end in sorted([(p.start, p.end) for p in passages] + [*document.aside])[::-1]:
        between = between[:start] + between[end:]
    kept_out = [line for line in between.split("\n") if line.strip()]
    assert all(
        line.startswith(("#", "---", "title", "as_of", "source", "region")) for line in kept_out
    )


def test_a_passage_says_where_it_is():
    places = [p.place for p in split_passages(read_document(REPORT))]
    assert "3. Coups and the transitional government, paragraphs 1–2" in places
    assert "6. Human rights, paragraph 3" in places


def test_endless_text_is_cut_at_spaces_and_stays_verbatim():
    text = ("word " * 2000).strip()
    document = parse_document(text, name="a.txt")
    passages = split_passages(document)
    assert all(len(p.text) <= MAX_CHARS for p in passages)
    assert " ".join(p.text for p in passages) == text


def test_form_feeds_separate_pages_and_the_place_says_which():
    text = "First page, one.\n\nFirst page, two.\n\fSecond page.\n\f\n\fFourth page.\n\f"
    document = parse_document(text, name="a.txt", title="T")
    assert [p.label for p in document.parts] == ["page 1", "page 2", "page 4"]
    assert [(p.place, p.text) for p in split_passages(document)] == [
        ("page 1, paragraphs 1–2", "First page, one.\n\nFirst page, two."),
        ("page 2, paragraph 1", "Second page."),
        ("page 4, paragraph 1", "Fourth page."),
    ]


def test_a_page_that_begins_inside_a_paragraph_is_named_with_the_one_before():
    text = "Short.\n\nIt begins here and goes on.\n\nThen this.\n\n# Coups\n\nA coup."
    parts = (
        Part(0, "page 5", "page"),
        Part(text.index("and goes"), "page 6", "page"),
        Part(text.index("# Coups"), "Coups"),
    )
    document = Document("id", "T", "", "", text, parts)
    assert [p.place for p in split_passages(document)] == [
        "pages 5–6, paragraphs 1–2",
        "page 6, paragraph 1",
        "Coups, page 6, paragraph 1",
    ]


def test_no_passage_crosses_a_slide_or_holds_what_is_set_aside():
    text = "One.\n\nContents .... 7\n\nTwo.\n\nThree."
    parts = (Part(0, "slide 1", "slide"), Part(text.index("Three"), "slide 2: End", "slide"))
    aside = ((text.index("Contents"), text.index("\n\nTwo")),)
    document = Document("id", "T", "", "", text, parts, aside=aside)
    assert [(p.place, p.text) for p in split_passages(document)] == [
        ("slide 1, paragraph 1", "One."),
        ("slide 1, paragraph 3", "Two."),
        ("slide 2: End, paragraph 1", "Three."),
    ]


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(500_000_000)
    with pytest.raises(BriefError, match="larger than 100 MB"):
        read_document(path)


class Restless(type(Path())):
    """A file that grows whenever it is read, `times` times."""

    times = 0

    def read_bytes(self):
        data = super().read_bytes()
        if Restless.times:
            Restless.times -= 1
            with self.open("ab") as file:
                file.write(b" And more.")
        return data


def test_a_file_that_changes_while_it_is_read_is_read_again_once(tmp_path):
    path = Restless(tmp_path / "a.txt")
    path.write_text("Text.")
    Restless.times = 1
    assert read_document(path).text == "Text. And more."
    Restless.times = 2
    with pytest.raises(BriefError, match="changes while it is read"):
        read_document(path)


def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "a.txt")
    with pytest.raises(BriefError, match="device or a pipe"):
        read_document(tmp_path / "a.txt")


def test_a_name_may_be_in_any_script(tmp_path):
    path = tmp_path / "تقرير-مالي 马里.txt"
    path.write_text("A sentence about Mali.")
    assert read_document(path).source == "تقرير-مالي 马里.txt"


@pytest.mark.parametrize(
    ("text", "as_of"),
    [
        ("# Mali\n\nSahel desk, 5 September 2023\n\nThe army took over.", "2023-09-05"),
        ("Mali\n\nSeptember 12, 2023\n\nThe army took over.", "2023-09-12"),
        ("# Report of August 2022\n\nThe army took over.", "2022-08"),
        ("# Mali\n\nIn June 2021 the army took over.", ""),
        ("# Mali\n\nThe mission ends on 31 December 2023 if nobody extends it before then", ""),
        ("---\nas_of: 2024\n---\n# Report of August 2022\n\nText.", "2024"),
    ],
)
def test_the_date_of_a_title_page_is_the_as_of_date(text, as_of):
    assert parse_document(text, name="a.md").as_of == as_of
