"""Files of every format, made by other programs (see data/README.md), and files that are wrong."""

import io
import stat
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from index.formats import detection, html, pdf
from index.formats.archive import members
from index.formats.furniture import without_furniture
from index.formats.hyphens import joined
from index.formats.lines import Line
from index.formats.paragraphs import blocks
from index.formats.writing import clean, ranges, real_title
from index.passages import split_passages
from index.reading import front_matter, read_document, read_members
from index.text import words
from index.types import BriefError, Document
from tests.conftest import REPORT, ROOT

DATA = Path(__file__).parent / "data"
REPORTS = sorted(DATA.glob("report-*"))
SECTIONS = [
    "1. Summary",
    "2. Armed groups",
    "3. Coups and the transitional government",
    "4. The UN withdrawal",
    "5. Wagner and the Russian role",
    "6. Human rights",
    "7. Spillover from Niger",
    "8. The threat beyond West Africa",
    "9. Displacement and trafficking",
    "10. What the experts recommend",
]


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def labels(document: Document, kind: str) -> list[str]:
    return [part.label for part in document.parts if part.kind == kind]


@pytest.mark.parametrize("path", REPORTS, ids=lambda p: p.name)
def test_no_word_of_the_report_is_lost_and_no_section(path):
    text = REPORT.read_text()
    wanted = Counter(words(text[front_matter(text)[1] :]))
    document = read_document(path)
    assert wanted - Counter(words(document.text)) == Counter()
    assert [label for label in labels(document, "heading") if label in SECTIONS] == SECTIONS
    assert document.title == "Mali after MINUSMA: the Sahel security situation"


@pytest.mark.parametrize("path", sorted(DATA.glob("*-*")), ids=lambda p: p.name)
def test_passages_of_every_format_are_verbatim(path):
    if path.name.startswith("encrypted"):
        return
    document = read_document(path)
    passages = split_passages(document)
    assert passages
    assert all(document.text[p.start : p.end] == p.text for p in passages)


@pytest.mark.parametrize("name", ["report-chromium.pdf", "report-libreoffice.pdf"])
def test_every_paragraph_of_a_pdf_is_whole_also_over_the_end_of_a_page(name):
    straight = str.maketrans("’“”", '\'""')
    text = REPORT.read_text().translate(straight)
    wanted = [p for p in text[front_matter(text)[1] :].strip().split("\n\n") if p[0] != "#"]
    found = set(read_document(DATA / name).text.translate(straight).split("\n\n"))
    assert [p for p in wanted if p not in found] == []


def test_a_pdf_has_its_pages_and_its_running_lines_are_left_out():
    document = read_document(DATA / "report-chromium.pdf")
    assert labels(document, "page") == [f"page {n}" for n in range(1, 13)]
    assert document.notices == (
        "Lines that repeat at the edge of pages are left out: “Sahel report, September 2023”; "
        "“Page 1 of 12”.",
        f"Its as-of date, {document.as_of}, is that of the file. If its facts are of another, say "
        "so: edit the document, or add it with --as-of.",
    )
    given = read_document(DATA / "report-chromium.pdf", as_of="2023-09")
    assert len(given.notices) == 1
    places = [p.place for p in split_passages(document)]
    assert places[1] == "1. Summary, page 1, paragraph 1"
    assert "3. Coups and the transitional government, pages 3–4, paragraphs 1–2" in places


def test_a_pdf_has_rows_items_footnotes_and_its_own_metadata():
    document = read_document(DATA / "brief-libreoffice.pdf")
    found = document.text.split("\n\n")
    assert found[-1] == "1 The price of fuel rose by 12 percent in July."
    for paragraph in ("• Rice from Gao.", "| Gao | 410 | 95 |", "### Prices by town"):
        assert paragraph in found
    assert (document.author, document.as_of) == ("Ann Example", "2026-11-24")


def test_word_headings_items_rows_notes_and_contents():
    document = read_document(DATA / "brief-pandoc.docx")
    assert labels(document, "heading") == [
        "Border crossings of the Sahel",
        "Border crossings",
        "Prices by town",
        "Outlook",
        "Notes",
    ]
    assert "- Salt from Taoudenni." in document.text
    assert "| Ménaka | 455 | 120 |" in document.text
    assert document.text.endswith("# Notes\n\nThe price of fuel rose by 12 percent in July.")
    assert [document.text[s:e] for s, e in document.aside] == ["Table of Contents"]
    assert document.author == "Ann Example"


@pytest.mark.parametrize("program", ["pandoc", "libreoffice"])
def test_slides_have_their_titles_rows_and_speaker_notes(program):
    document = read_document(DATA / f"brief-{program}.pptx")
    assert labels(document, "slide")[3:5] == ["slide 4: Prices by town", "slide 5: Outlook"]
    assert "| Gao | 410 | 95 |" in document.text
    assert "- Fuel from Niamey" in document.text
    assert "Notes:\n\nAsk the mission in Niamey for the figures of August." in document.text
    assert "slide 5: Outlook, paragraphs 1–3" in [p.place for p in split_passages(document)]


def test_an_e_book_has_its_metadata_headings_and_no_marks_of_notes():
    document = read_document(DATA / "brief-pandoc.epub")
    assert (document.author, document.as_of, document.source) == (
        "Ann Example",
        "2023-09-15",
        "Example Press",
    )
    assert "- Fuel from Niamey.\n\n## Prices by town" in document.text


def test_a_web_page_keeps_its_article_and_no_script_menu_or_advert():
    page = """<html><head><title>Border report</title><meta name="author" content="Ann Lee">
    <script>var secret = "scriptword";</script><style>.x{color:red}</style></head><body>
    <nav><a href="/">Home</a> <a href="/about">menuword</a></nav><article>
    <h1>Border report</h1><p>The border at Gao was closed by the army on Monday, and traders
    were sent back to the town without their goods.</p><h2>Prices</h2>
    <p>Rice rose to 455 francs a kilogram in Ménaka after the closure of the road.</p>
    <script>document.write("scriptword")</script></article>
    <footer>Copyright footerword</footer></body></html>"""
    found = html.extract(page.encode(), "a.html")
    assert "Rice rose to 455 francs" in found.text
    assert [p.label for p in found.parts] == ["Border report", "Prices"]
    assert not {"scriptword", "menuword", "footerword"} & set(words(found.text))
    assert (found.title, found.author) == ("Border report", "Ann Lee")


@pytest.mark.parametrize(
    "meta",
    [
        '<meta charset="cp1251">',
        '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
    ],
)
def test_a_web_page_is_decoded_as_it_declares(meta):
    sentence = "Отчёт о положении в Мали говорит, что граница закрыта до октября этого года."
    page = f"<html><head>{meta}</head><body><article><p>{sentence}</p></article></body></html>"
    assert sentence in html.extract(page.encode("cp1251"), "a.html").text


def test_a_web_page_without_an_article_says_what_to_do():
    with pytest.raises(BriefError, match="Print the page as PDF"):
        html.extract(b"<html><body><script>app()</script></body></html>", "a.html")


def test_reading_files_imports_no_library_of_a_format_before_it_is_needed():
    code = (
        "import sys, index.reading; "
        "print({'lxml', 'docx', 'pptx', 'trafilatura', 'pypdfium2'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert run.stdout.strip() == "set()"


DOCX_BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><x>&c;</x>"""


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.pdf", b"", "is empty"),
        ("a.pdf", b"%PDF-1.4 and no more", "is damaged"),
        ("a.pdf", b"Some words.", "is damaged or no PDF"),
        ("a.docx", zipped(**{"a.txt": b"x"}), "is a ZIP archive and no Word file"),
        ("a.docx", b"PK\x03\x04 and no more", "is damaged"),
        ("a.docx", b"Some words.", "is damaged or no DOCX"),
        ("a.docx", zipped(**{"word/document.xml": b"<x/>"}), "is damaged or no Word file"),
        ("a.docx", zipped(**{"word/document.xml": DOCX_BOMB}), "is damaged or no Word file"),
        ("a.pptx", zipped(**{"ppt/presentation.xml": b"<x/>"}), "is damaged or no PowerPoint"),
        ("a.docx", zipped(**{"word/document.xml": b" " * 101_000_000}), "more than is safe"),
        ("a.epub", zipped(**{"META-INF/container.xml": DOCX_BOMB}), "a.epub is damaged"),
        ("a.xlsx", zipped(**{"xl/workbook.xml": b"<x/>"}), "is a spreadsheet"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old Office format"),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "is encrypted",
        ),
        ("a.rtf", b"{\\rtf1 Some words}", "is RTF"),
        ("a.txt", zipped(**{"a.txt": b"x"}), "is a ZIP archive"),
    ],
)
def test_a_wrong_file_is_said_with_a_remedy(name, data, says):
    with pytest.raises(BriefError, match=says):
        detection.extract(data, name)


def test_an_encrypted_pdf_says_to_remove_the_password():
    with pytest.raises(BriefError, match="Remove the password"):
        read_document(DATA / "encrypted-libreoffice.pdf")


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("path", REPORTS, ids=lambda p: p.name)
def test_a_file_cut_off_is_read_in_part_or_said_never_a_crash(path, cut):
    data = path.read_bytes()
    try:
        found = detection.extract(data[: int(len(data) * cut)], path.name)
    except BriefError:
        return
    assert found.text


def test_what_is_inside_counts_more_than_the_name():
    data = (DATA / "brief-libreoffice.pdf").read_bytes()
    assert detection.extract(data, "brief.txt").parts[0].label == "page 1"


def pdf_with_empty_pages(*at: int) -> bytes:
    import pypdfium2

    file = pypdfium2.PdfDocument(DATA / "report-libreoffice.pdf")
    for index in at:
        file.new_page(400, 600, index)
    made = io.BytesIO()
    file.save(made)
    return made.getvalue()


def test_pages_without_text_are_named_and_a_pdf_of_nothing_else_is_refused():
    import pypdfium2

    found = pdf.extract(pdf_with_empty_pages(2, 4, 5), "a.pdf")
    assert found.notices == (
        "pages 3, 5–6 have no text: they may be scans. "
        "Run text recognition (OCR) and add the file again.",
    )
    assert [p.label for p in found.parts if p.kind == "page"] == [
        f"page {n}" for n in (1, 2, 4, 7, 8)
    ]
    scan = pypdfium2.PdfDocument.new()
    scan.new_page(400, 600)
    made = io.BytesIO()
    scan.save(made)
    with pytest.raises(BriefError, match="no text: it may be a scan"):
        pdf.extract(made.getvalue(), "scan.pdf")


def test_a_sentence_over_the_end_of_a_page_goes_on_past_its_footnote():
    first = [
        Line("The road to Ansongo was closed by the", 10, 50, 300, 700),
        Line("army in May, and it will stay closed to the", 10, 50, 300, 688),
        Line("1 So says the mission.", 8, 50, 150, 50),
    ]
    second = [Line("traders of the town.", 10, 50, 170, 700)]
    found = blocks([first, second], Counter())
    assert [(b.text, b.runs_over) for b in found] == [
        ("1 So says the mission.", []),
        (
            "The road to Ansongo was closed by the army in May, and it will stay closed to the "
            "traders of the town.",
            [(2, 82)],
        ),
    ]


def test_rows_items_and_lines_of_contents_make_paragraphs_of_their_own():
    page = [
        Line("Human rights . . . . . . . 7", 10, 50, 300, 700),
        Line("Outlook . . . . . . . . . . 9", 10, 50, 300, 688),
        Line("Town Rice Salt", 10, 50, 130, 664),
        Line("Gao 410 95", 10, 50, 110, 652),
        Line("• The road is closed, says the mission of the", 10, 50, 298, 640),
        Line("United Nations in Mali.", 10, 60, 180, 628),
    ]
    assert [b.text for b in blocks([page], Counter())] == [
        "Human rights . . . . . . . 7",
        "Outlook . . . . . . . . . . 9",
        "Town Rice Salt",
        "Gao 410 95",
        "• The road is closed, says the mission of the United Nations in Mali.",
    ]


def test_running_lines_go_where_they_repeat_digits_aside():
    pages = [
        [
            Line("A report", 8, 50, 90, 800),
            *(
                Line(f"Words {'abcde'[i]}{'xyz'[n - 9]}.", 10, 50, 300, 700 - 12 * i)
                for i in range(5)
            ),
            Line(f"Page {n}", 8, 50, 90, 20),
        ]
        for n in (9, 10, 11)
    ]
    kept, left_out = without_furniture(pages)
    assert [len(page) for page in kept] == [5, 5, 5]
    assert left_out == ["A report", "Page 9"]


@pytest.mark.parametrize(
    ("before", "after", "whole"),
    [
        ("national secu\ufffe", "rity forces", "national security forces"),
        ("the fifteen\ufffe", "member council", "the fifteen-member council"),
        ("the al\ufffe", "Qaeda group", "the al-Qaeda group"),
        ("the co\ufffe", "operation", "the co-operation"),
        ("the end", "of it", "the end of it"),
    ],
)
def test_a_divided_word_is_made_whole_where_that_is_safe(before, after, whole):
    assert joined(before, after, Counter({"co-operation": 1})) == whole


def test_text_is_cleaned_of_what_nobody_sees():
    assert clean("secu\xadrity\u200b  \ufb01rst\x00\n now") == "security first now"
    assert ranges([3, 7, 8, 9]) == "3, 7–9"
    assert [real_title(t) for t in ("Microsoft Word - x.doc", "untitled", "Mali")] == [
        "",
        "",
        "Mali",
    ]


def test_an_archive_yields_its_files_and_says_which_it_cannot_read(tmp_path):
    path = tmp_path / "all.zip"
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("folder")
        archive.writestr("folder/تقرير.txt", "A report.")
        archive.writestr("../../etc/evil.txt", "Another report.")
        archive.writestr("__MACOSX/folder/._a.txt", "x")
        archive.writestr(".DS_Store", "x")
        archive.writestr("inner.zip", zipped(a=b"x"))
        archive.writestr(link, "/etc/passwd")
        archive.writestr("picture.png", b"\x89PNG\r\n\x1a\n\0\0")
        archive.write(DATA / "brief-pandoc.docx", "brief.docx")
    found = dict(read_members(path))
    assert list(found) == [
        "folder/تقرير.txt", "evil.txt", "inner.zip", "link.txt", "picture.png", "brief.docx",
    ]  # fmt: skip
    assert found["folder/تقرير.txt"].text == "A report."
    assert found["evil.txt"].text == "Another report."
    assert found["brief.docx"].title == "Border crossings of the Sahel"
    assert "archive inside an archive" in str(found["inner.zip"])
    assert "is a link" in str(found["link.txt"])
    assert "not a format" in str(found["picture.png"])
    assert {p.name for p in tmp_path.iterdir()} == {"all.zip"}


def test_a_bomb_fails_alone_and_a_lying_header_does_not_help():
    data = zipped(**{"bomb.txt": b"0" * 30_000_000, "good.txt": b"Words."})
    # The size in the headers, changed to 5, and what comes out is cut off there by the reader.
    found = dict(members(data, "a.zip"))
    assert "more than is safe" in str(found["bomb.txt"])
    assert found["good.txt"] == b"Words."
    size = (30_000_000).to_bytes(4, "little")
    lying = dict(members(data.replace(size, (5).to_bytes(4, "little")), "a.zip"))
    assert "damaged" in str(lying["bomb.txt"])


def test_an_encrypted_member_is_said():
    data = bytearray(zipped(**{"a.txt": b"Words."}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + offset] |= 1
    assert "encrypted" in str(dict(members(bytes(data), "a.zip"))["a.txt"])


def test_an_archive_of_too_many_files_or_none_is_refused():
    with pytest.raises(BriefError, match="more than 1,000"):
        list(members(zipped(**{str(n): b"x" for n in range(1001)}), "a.zip"))
    with pytest.raises(BriefError, match="holds no files"):
        list(members(zipped(), "a.zip"))


def test_one_file_is_one_document_or_one_error(tmp_path):
    assert [d.title for _, d in read_members(REPORT)] == [read_document(REPORT).title]
    ((_, error),) = read_members(tmp_path / "none.zip")
    assert "There is no file" in str(error)
