"""Pages of PDF files as they are printed: pictures within bounds, quotations where they stand."""

import io
import signal
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pypdfium2
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from index.access import changing
from index.formats.pictures import NoSuchPage, page_sizes, picture
from index.originals import Originals
from index.outcomes import outcome
from index.printed import quotations
from index.quotes import find_quote, fold
from index.reading import parse_document, read_bytes, read_document
from index.text import sentence_spans
from index.types import BriefError, Document
from tests.conftest import ROOT, running
from tests.fakes import BagOfWords
from tests.test_library_page import OWN, add, finished
from tests.test_pdf import DATA, LEFT, RIGHT, lines, made
from web.page import create_app
from web.removed import Bin, Removed

REPORT_PDF = DATA / "report-chromium.pdf"


def same(text):
    return "".join(c for c in text.casefold() if c.isalnum())


def said_in(data, page, boxes):
    """Return the letters that pdfium finds in boxes of a page that is not turned nor cropped."""
    with pypdfium2.PdfDocument(data) as file:
        wide, tall = file[page - 1].get_size()
        text = file[page - 1].get_textpage()
        corners = [
            (b.left * wide, (1 - b.bottom) * tall, b.right * wide, (1 - b.top) * tall)
            for b in boxes
        ]
        return same("".join(text.get_text_bounded(*c) for c in corners))


def boxed(document, *quotes):
    """Return what stands in the boxes of each quotation, over all of its pages."""
    spans = [(at := document.text.index(quote), at + len(quote)) for quote in quotes]
    return [
        "".join(said_in(bytes(document.original), on.page, on.boxes) for on in found)
        for found in quotations(document, document.original, spans)
    ]


@pytest.mark.parametrize(
    "name",
    ["report-chromium.pdf", "report-libreoffice.pdf", "numbers-chromium.pdf",
     "numbers-libreoffice.pdf", "brief-libreoffice.pdf"],
)  # fmt: skip
def test_the_boxes_of_every_sentence_hold_its_words_and_no_others(name):
    document = read_document(DATA / name)
    spans = sentence_spans(document.text)
    found = quotations(document, document.original, spans)
    wrong = []
    for (start, end), on_pages in zip(spans, found, strict=True):
        boxes = "".join(said_in(bytes(document.original), on.page, on.boxes) for on in on_pages)
        if boxes != same(document.text[start:end]):
            wrong.append((document.text[start:end], boxes))
    assert len(spans) > 10
    assert wrong == []


def test_a_quotation_over_the_end_of_a_page_has_boxes_on_both():
    document = read_document(REPORT_PDF)
    second = next(
        p.start for p in document.parts if p.kind == "page" and document.text[p.start - 1] == " "
    )
    (found,) = quotations(document, document.original, [(second - 30, second + 30)])
    assert found[0].page + 1 == found[1].page
    assert found[0].boxes[0].top > 0.8 and found[1].boxes[0].top < 0.2


def test_a_line_has_one_box_and_a_row_some_that_leave_the_other_rows_free():
    document = read_document(DATA / "numbers-libreoffice.pdf")
    start = document.text.index("| Ménaka |")
    (found,) = quotations(document, document.original, [(start, document.text.index("\n", start))])
    words = [said_in(bytes(document.original), 1, [box]) for box in found[0].boxes]
    assert len(words) <= 5 and words[0].startswith("ménaka")
    assert words[-2].startswith("theroad") and words[-1].endswith("byair")
    (found,) = quotations(document, document.original, [(0, 40)])
    assert len(found[0].boxes) <= 2


def test_columns_that_a_program_wrote_line_by_line_are_marked_in_one_column_alone():
    page = [
        item
        for n, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True))
        for item in ((50.0, 700.0 - 12 * n, left), (320.0, 700.0 - 12 * n, right))
    ]
    document = read_bytes(made(page), "a.pdf")
    quotes = [" ".join(LEFT), " ".join(RIGHT[1:4]), "in the month of May, and it will stay closed"]
    assert boxed(document, *quotes) == [same(quote) for quote in quotes]


def test_divided_words_and_cells_of_several_lines_are_marked_whole():
    page = [
        (50.0, 700.0, "Town"), (150.0, 700.0, "Rice"), (250.0, 700.0, "Remarks"),
        (50.0, 680.0, "Gao"), (150.0, 680.0, "410"), (250.0, 680.0, "By river, and then over"),
        (250.0, 668.0, "the bridge"), (350.0, 680.0, "monthly"),
        (50.0, 650.0, "Kidal"), (250.0, 650.0, "None sold"),
        *lines(50, 600, "The table shows that the distance of a town matters for all of its trans-",
               "portation costs, as it does for the prices of the north in the spring."),
    ]  # fmt: skip
    document = read_bytes(made(page), "a.pdf")
    assert "transportation costs" in document.text
    quotes = [
        "for all of its transportation costs, as it does",
        "By river, and then over the bridge",
    ]
    assert boxed(document, *quotes) == [same(quote) for quote in quotes]


def test_of_equal_words_those_are_marked_that_stand_in_the_same_place():
    page = lines(50, 700, "Rice is dear in Gao. It is sold.", "Salt is dear in Kidal. It is sold.",
                 "Fuel is dear in Ansongo. It is sold.", leading=30)  # fmt: skip
    document = read_bytes(made(page), "a.pdf")
    starts = [n for n in range(len(document.text)) if document.text.startswith("It is sold.", n)]
    found = quotations(document, document.original, [(n, n + 11) for n in starts])
    tops = [on.boxes[0].top for (on,) in found]
    assert len(tops) == 3 and tops == sorted(tops) and tops[0] < tops[1] < tops[2]
    assert find_quote(fold("a b. a b."), "a b", before="b") == [(5, 8)]


def test_what_is_not_on_the_page_has_no_box():
    document = read_bytes(made(lines(50, 700, *LEFT)), "a.pdf")
    other = read_bytes(made(lines(50, 700, *RIGHT)), "a.pdf")
    spans = [(0, len(document.text)), (5, 5), (10**6, 10**6 + 5)]
    assert quotations(document, other.original, spans) == [[(1, [])], [], []]
    assert find_quote(fold(""), "Gao") == find_quote(fold("Gao"), "—") == []
    assert find_quote(fold("Goïta, the ﬁrst"), "goita the first") == [(0, 15)]


@pytest.mark.parametrize(
    ("page", "size"),
    [
        (b"/MediaBox [0 0 600 800] /Rotate 90", (800, 600)),
        (b"/MediaBox [0 0 600 800] /Rotate 270 /CropBox [40 500 340 780]", (280, 300)),
        (b"/MediaBox [-100 -50 500 750] /CropBox [30 600 330 720]", (300, 120)),
    ],
)
def test_on_a_page_that_is_turned_and_cropped_the_box_is_where_the_ink_is(page, size):
    data = made([(60.0, 700.0, "Bamako")]).replace(b"/MediaBox [0 0 600 800]", page)
    document = read_bytes(data, "a.pdf")
    assert page_sizes(data) == [size]
    ((on,),) = quotations(document, data, [(0, len(document.text))])
    (box,) = on.boxes
    image = np.asarray(Image.open(io.BytesIO(picture(data, 1, width_px=1000))).convert("L"))
    ys, xs = np.nonzero(image < 128)
    ink = [xs.min() / image.shape[1], ys.min() / image.shape[0],
           (xs.max() + 1) / image.shape[1], (ys.max() + 1) / image.shape[0]]  # fmt: skip
    assert np.allclose(box, ink, atol=0.012)


def pages_of(data, **kwargs):
    return Image.open(io.BytesIO(picture(data, 1, **kwargs))).size


def test_a_page_that_claims_to_be_huge_has_a_picture_within_bounds():
    plain = made([(60.0, 700.0, "Bamako")])
    for box in (
        b"[0 0 14400 14400]",
        b"[0 0 1e9 3]",
        b"[0 0 3 1e9]",
        b"[0 0 0.001 0.001]",
        b"[0 0 0 0]",
    ):
        data = plain.replace(b"[0 0 600 800]", box)
        wide, tall = pages_of(data, width_px=800)
        assert 0 < wide <= 800 and 0 < tall <= 8000
        assert all(0 < x < 1e10 for x in page_sizes(data)[0])


def with_image(data, side_px):
    """Return a PDF file with an image on its last page that says to have so long sides."""
    image = f"<< /Type /XObject /Subtype /Image /Width {side_px} /Height {side_px} "
    image += "/BitsPerComponent 8 /ColorSpace /DeviceRGB /Length 3 >>\nstream\nabc\nendstream"
    before, _, last = data.rpartition(b"/Resources <<")
    last = last.replace(b"BT ", b"q 100 0 0 100 0 0 cm /I Do Q BT ")
    page = before + b"/Resources << /XObject << /I 99 0 R >>" + last
    return page.replace(b"trailer", f"99 0 obj\n{image}\nendobj\ntrailer".encode())


def test_images_that_would_fill_the_memory_are_not_unpacked():
    data = made([(60.0, 700.0, "Bamako")])
    assert picture(with_image(data, 10), 1, width_px=400)
    with pytest.raises(BriefError, match="Page 1 has larger images than are safe to open"):
        picture(with_image(data, 60_000), 1, width_px=400)


def test_drawing_ends_after_a_while(monkeypatch):
    monkeypatch.setattr("index.formats.pictures._MAX_S", 0.0)
    body = "0 0 5 5 re f " * 20_000
    data = made([(60.0, 700.0, "Bamako")]).replace(b"BT ", body.encode() + b"BT ")
    with pytest.raises(BriefError, match="takes too long to draw"):
        picture(data, 1, width_px=400)


def test_there_is_no_picture_of_a_page_that_is_not_there_or_of_a_damaged_file():
    for number in (0, 2, -1, 10**6):
        with pytest.raises(NoSuchPage, match="There is no page"):
            picture(made([(60.0, 700.0, "Bamako")]), number, width_px=400)
    with pytest.raises(BriefError, match="is damaged"):
        picture(b"%PDF-1.4 nothing", 1, width_px=400)


def test_a_large_original_waits_on_disk_and_is_the_same(monkeypatch):
    monkeypatch.setattr("index.originals._SMALL_BYTES", 1000)
    document = read_document(REPORT_PDF)
    assert type(document.original).__name__ == "mmap"
    assert bytes(document.original) == REPORT_PDF.read_bytes()
    assert picture(document.original, 2, width_px=400) == picture(
        REPORT_PDF.read_bytes(), 2, width_px=400
    )
    assert read_document(ROOT / "reports" / "sahel-security-report.md").original == b""


def test_many_threads_take_turns():
    data = REPORT_PDF.read_bytes()
    document = read_document(REPORT_PDF)
    acts = [
        lambda n: (
            picture(data, 1 + n % 12, width_px=200) == picture(data, 1 + n % 12, width_px=200)
        ),
        lambda n: bool(quotations(document, data, [(100 * n, 100 * n + 50)])[0]),
        lambda _: read_bytes(data, "a.pdf") == read_bytes(data, "a.pdf"),
    ]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda n: acts[n % 3](n), range(45)))


def test_originals_are_read_once_and_few_are_held():
    asked = []

    def read(name):
        asked.append(name)
        return name.encode()

    originals = Originals(held=2)
    for name in "abacab":
        assert originals.get(name, lambda n=name: read(n)) == name.encode()
    assert "".join(asked) == "abcb"
    assert originals.get("none", lambda: b"") == b""


def stored(folder):
    with sqlite3.connect(folder / "library.sqlite3") as db:
        return [bytes(data) for (data,) in db.execute("SELECT data FROM originals")]


def test_an_original_is_kept_replaced_and_removed_with_its_document(tmp_path):
    pdf, other = made(lines(50, 700, *LEFT)), made(lines(50, 700, *RIGHT))
    with changing(tmp_path, BagOfWords()) as library:
        first = read_bytes(pdf, "a.pdf")
        library.add(first, "/a.pdf")
        found = library.document(first.id)
        assert (found.original, len(found.printed)) == (b"", 16)
        assert library.store.original(first.id) == pdf
        assert library.whole(first.id).original == pdf
        library.rebuild()
        assert stored(tmp_path) == [pdf]
        second = read_bytes(other, "a.pdf")
        assert library.add(second, "/a.pdf").outcome == "replaced"
        assert stored(tmp_path) == [other]
        library.add(parse_document("Words.", name="b.md"), "/b.md")
        assert library.store.problems() == []
        library.remove(second.id)
        assert stored(tmp_path) == []


def test_a_document_of_before_gets_its_original_when_its_file_is_added_again(tmp_path):
    pdf = made(lines(50, 700, *LEFT))
    document = read_bytes(pdf, "a.pdf")
    with changing(tmp_path, BagOfWords()) as library:
        library.add(document, "/a.pdf")
    with sqlite3.connect(tmp_path / "library.sqlite3") as old:
        old.execute("DROP TABLE originals")
        old.execute("UPDATE meta SET value = '3' WHERE key = 'version'")
    old.close()
    with changing(tmp_path, BagOfWords()) as library:
        assert library.document(document.id).printed == ""
        added = library.add(document, "upload/a.pdf")
        assert (added.outcome, added.has_pages) == ("duplicate", True)
        assert outcome(added, document, 1)[1:] == ("its pages can be shown as printed from now on",)
        before = library.document(document.id).printed
        assert before and stored(tmp_path) == [pdf]
        # Saved anew by a program, with the same pages: the newer is kept, from its own path alone.
        newer = read_bytes(pdf + b"\n", "a.pdf")
        library.add(newer, "upload/a.pdf")
        assert stored(tmp_path) == [pdf]
        added = library.add(newer, "/a.pdf")
        assert (added.outcome, added.has_pages) == ("unchanged", False)
        assert stored(tmp_path) == [pdf + b"\n"]
        assert library.document(document.id).printed != before


def test_a_process_killed_while_it_adds_a_pdf_leaves_both_or_neither(tmp_path):
    program = f"""
        import os, signal
        from index.access import changing
        from index.reading import read_document
        from tests.fakes import BagOfWords
        class Killed(BagOfWords):
            def embed(self, texts):
                os.kill(os.getpid(), signal.SIGKILL)
        from pathlib import Path
        with changing(Path({str(tmp_path)!r}), Killed()) as library:
            library.add(read_document(Path({str(REPORT_PDF)!r})), "/r.pdf")
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT)
    assert ended.returncode == -signal.SIGKILL
    with changing(tmp_path, BagOfWords()) as library:
        (info,) = library.documents()
        assert library.store.original(info.id) == REPORT_PDF.read_bytes()
        assert library.store.problems() == []


def test_what_can_be_put_back_is_bounded_with_its_originals(monkeypatch):
    monkeypatch.setattr("web.removed._KEPT_BYTES", 10)
    bin_ = Bin()
    for id_ in "abc":
        bin_.put(Removed(Document(id_, id_, "", "", "", (), original=b"12345"), f"/{id_}"))
    assert [bool(bin_.take(id_)) for id_ in "abc"] == [False, True, True]


@pytest.fixture
def client(tmp_path):
    folder = tmp_path / "library"
    with changing(folder, BagOfWords()) as library:
        library.add(read_document(REPORT_PDF), "/r.pdf")
        library.add(parse_document("Words.", name="b.md"), "/b.md")
    with running(folder) as engine:
        yield TestClient(create_app(lambda: engine, examples=[]))


def shown(client, source):
    (row,) = [d for d in client.get("/documents").json() if d["source"] == source]
    return client.get(f"/documents/{row['id']}").json()


def test_sizes_pictures_and_marks_have_routes_and_what_is_unknown_is_404(client):
    document = shown(client, "report-chromium.pdf")
    path, of = f"/documents/{document['id']}", document["printed"]
    assert client.get(f"{path}/pages", params={"of": of}).json() == [[420.0, 595.0]] * 12
    answer = client.get(f"{path}/pages/3", params={"of": of, "width": 400})
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (400, 567)
    block = document["blocks"][2]
    spans = f"{block['start']}-{block['start'] + 20},0-5"
    (first, _) = client.get(f"{path}/marks", params={"of": of, "spans": spans}).json()
    assert first[0]["page"] == 1 and 0 < first[0]["boxes"][0][0] < 1
    asked = [
        (f"{path}/pages/13", {"of": of}), (f"{path}/pages/0", {"of": of}),
        (f"{path}/pages/3", {"of": "other"}), (f"{path}/pages", {"of": ""}),
        ("/documents/none/pages/1", {"of": of}), (f"{path}/marks", {"of": "x", "spans": "0-5"}),
        (f"/documents/{shown(client, 'b.md')['id']}/pages", {"of": ""}),
    ]  # fmt: skip
    assert [client.get(p, params=q).status_code for p, q in asked] == [404] * len(asked)
    assert (
        client.get(f"{path}/pages/13", params={"of": of}).json()["detail"].startswith("There is no")
    )
    wrong = [
        (f"{path}/pages/1", {"of": of, "width": 99_999}), (f"{path}/pages/x", {"of": of}),
        (f"{path}/pages", {}), (f"{path}/marks", {"of": of, "spans": "x-5"}),
    ]  # fmt: skip
    assert [client.get(p, params=q).status_code for p, q in wrong] == [422] * len(wrong)


def test_what_is_removed_in_the_page_and_put_back_has_its_pages_again(client):
    before = shown(client, "report-chromium.pdf")
    path, of = f"/documents/{before['id']}", {"of": before["printed"], "width": 200}
    picture_before = client.get(f"{path}/pages/1", params=of).content
    client.delete(path, headers=OWN)
    assert client.get(f"{path}/pages/1", params=of).status_code == 404
    assert finished(client, client.post(f"{path}/restore", headers=OWN))["state"] == "done"
    assert shown(client, "report-chromium.pdf") == before
    assert client.get(f"{path}/pages/1", params=of).content == picture_before
    id_ = add(client, "t.pdf", made([(60.0, 700.0, "Bamako is the capital of Mali.")]))["document"]
    assert len(client.get(f"/documents/{id_}").json()["printed"]) == 16
