"""What pages do not say but show: headings, tables, columns, notes. Most pages are written here."""

from collections import Counter

import pytest

from index.formats import pdf
from index.passages import split_passages
from index.reading import read_document
from tests.conftest import ROOT

DATA = ROOT / "tests" / "data"
ROWS = [
    "| Town | Rice, francs a kilogram | Salt | Remarks |",
    "| Gao | 410 | 95 | Supplied by river |",
    "| Ménaka | 455 | 120 | The road has been closed since the spring, so that everything comes by "
    "air |",
    "| Kidal | 470 | | No salt was sold |",
]


def made(*pages: list[tuple[float, float, str]]) -> bytes:
    """Return a PDF file with texts at (x, y), bold after "**", small before "~"."""
    bodies = []
    for page in pages:
        shown = [
            f"/F{1 + text.startswith('**')} {7 if text.endswith('~') else 10} Tf "
            f"1 0 0 1 {x} {y} Tm <{text.strip('*~').encode('latin-1').hex()}> Tj"
            for x, y, text in page
        ]
        bodies.append("BT " + " ".join(shown) + " ET")
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(len(bodies)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(bodies)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>",
    ]
    for n, body in enumerate(bodies):
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << "
            f"/F1 3 0 R /F2 4 0 R >> >> /Contents {6 + 2 * n} 0 R >>"
        )
        objects.append(f"<< /Length {len(body)} >>\nstream\n{body}\nendstream")
    listed = "\n".join(f"{n} 0 obj\n{o}\nendobj" for n, o in enumerate(objects, start=1))
    return f"%PDF-1.4\n{listed}\ntrailer << /Root 1 0 R >>\n%%EOF".encode()


def paragraphs(*pages: list[tuple[float, float, str]]) -> list[str]:
    return pdf.extract(made(*pages), "a.pdf").text.split("\n\n")


def lines(x: float, y: float, *texts: str, leading: float = 12) -> list[tuple[float, float, str]]:
    return [(x, y - leading * n, text) for n, text in enumerate(texts)]


@pytest.mark.parametrize("name", ["numbers-chromium.pdf", "numbers-libreoffice.pdf"])
def test_bold_lines_are_headings_and_cells_of_a_row_stand_in_one_line(name: str):
    document = read_document(DATA / name)
    assert [p.label for p in document.parts if p.kind == "heading"] == [
        "Border crossings in numbers", "1. Summary", "Prices by town", "2. Findings", "Outlook",
    ]  # fmt: skip
    found = document.text.split("\n\n")
    assert [line for line in found if line.startswith("|")] == ROWS
    assert "Fuel is scarce. It comes from Niamey." in document.text  # bold inside a paragraph
    assert any(p.text.startswith(ROWS[0]) for p in split_passages(document))


def test_columns_are_read_one_after_the_other():
    found = read_document(DATA / "numbers-chromium.pdf").text.split("\n\n")
    at = found.index("## 2. Findings")
    assert found[at + 2].startswith("Transportation costs increased substantially during the rainy")
    assert found[at + 2].endswith("established routes between the regional capitals.")
    assert found[at + 3].endswith("provided that contractors received guarantees.")


LEFT = """The road to Ansongo was closed by
the army in the month of May, and
it will stay closed to all of the
traders of the town of Gao until
the rains are over, so that those
who want to sell rice have to go
by the river, which is slow work.""".split("\n")
RIGHT = """The price of rice rose by a fifth
in all of the towns of the north,
and that of salt by a third part
of what it had been in the spring
of the year, says the mission and
say the traders themselves, who
want an escort for their trucks.""".split("\n")


def test_columns_that_a_program_wrote_line_by_line_are_no_table():
    page = [
        item
        for n, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True))
        for item in ((50.0, 700.0 - 12 * n, left), (320.0, 700.0 - 12 * n, right))
    ]
    assert paragraphs(page) == [" ".join(LEFT), " ".join(RIGHT)]


def test_rows_have_empty_cells_and_cells_of_several_lines():
    page = [
        (50.0, 700.0, "Town"), (150.0, 700.0, "Rice"), (250.0, 700.0, "Remarks"),
        (50.0, 680.0, "Gao"), (150.0, 680.0, "410"), (250.0, 680.0, "By river, and then over"),
        (250.0, 668.0, "the bridge"),
        (50.0, 650.0, "Kidal"), (250.0, 650.0, "None sold"),
        (50.0, 610.0, "The table shows that distance matters for all of the prices of the north."),
    ]  # fmt: skip
    assert paragraphs(page) == [
        "| Town | Rice | Remarks |",
        "| Gao | 410 | By river, and then over the bridge |",
        "| Kidal | | None sold |",
        "The table shows that distance matters for all of the prices of the north.",
    ]


@pytest.mark.parametrize("marks", ["---", ("1.", "2.", "3."), ("(a)", "(b)", "(c)")])
def test_items_with_hanging_marks_are_no_table(marks):
    items = ["Rice from Gao and Niamey.", "Salt from Taoudenni.", "Fuel from Niamey."]
    page = [
        item
        for n, (mark, text) in enumerate(zip(marks, items, strict=True))
        for item in ((50.0, 700.0 - 14 * n, mark), (80.0, 700.0 - 14 * n, text))
    ]
    assert paragraphs(page) == [f"{mark} {text}" for mark, text in zip(marks, items, strict=True)]


@pytest.mark.parametrize("small", ["~", ""])
def test_a_footnote_below_a_column_does_not_cut_the_sentence(small: str):
    left = [*lines(50, 700, *LEFT[:6]), (50.0, 620.0, f"1 So says the mission.{small}")]
    found = paragraphs([*left, *lines(320, 700, "over the river, which is slow.", *RIGHT)])
    assert found[0] == "1 So says the mission."
    assert found[1].startswith(" ".join(LEFT[:6]) + " over the river, which is slow.")


def test_the_number_of_a_page_is_in_no_sentence_also_where_there_are_two_pages():
    one = [*lines(50, 700, *LEFT[:5]), (290.0, 30.0, "1")]
    two = [*lines(50, 700, "and who have no trucks must wait.", *RIGHT), (290.0, 30.0, "- 2 -")]
    found = paragraphs(one, two)
    assert found[0].startswith(" ".join(LEFT[:5]) + " and who have no trucks must wait.")
    assert found[-1].endswith(RIGHT[-1])


def test_a_numbered_line_above_text_is_a_heading_and_an_item_of_a_list_is_none():
    text = lines(50, 660, *[f"{a} {b}" for a, b in zip(LEFT, RIGHT, strict=True)])
    items = lines(
        50, 540, "1. Rice from Gao", "2. Salt from Taoudenni", "3. Fuel from Niamey", leading=20
    )
    found = paragraphs([(50.0, 690.0, "3.1 Findings of the mission"), *text, *items])
    assert found[0] == "## 3.1 Findings of the mission"
    assert found[-3:] == ["1. Rice from Gao", "2. Salt from Taoudenni", "3. Fuel from Niamey"]


def test_where_most_is_bold_nothing_is_a_heading_for_it():
    page = [*lines(50, 700, *(f"**{text}" for text in LEFT)), (50.0, 590.0, "**Outlook")]
    assert paragraphs([*page, *lines(50, 570, *RIGHT[:2])]) == [
        " ".join(LEFT),
        "Outlook",
        " ".join(RIGHT[:2]),
    ]


def test_the_size_of_a_line_is_that_of_its_letters_not_of_its_spaces():
    # pdfium gives the spaces that it adds between words the size 1.
    page = [
        (50.0 + 30 * n, 700.0, word) for n, word in enumerate("The of it to an as be in".split())
    ]
    from index.formats.pdfium import read_lines

    found, _ = read_lines(made(page), "a.pdf")
    assert Counter(line.size for line in found[0]) == Counter({10.0: 1})
