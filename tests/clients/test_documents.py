"""Files as they come: what they say and where, and what becomes of hostile and broken ones."""

import io
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clients.documents.child import read_file
from core.clients.documents.docx import read_docx
from core.clients.documents.html import read_html
from core.clients.documents.pdf import read_pdf
from core.clients.documents.told import Limits, UnreadableError
from tests.support.files import pdf

LIMITS = Limits(chars=1_000_000, pages=50, seconds=20)
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
STYLES = (
    f'<w:styles {W}><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:styleId="Titel"><w:name w:val="Title"/></w:style></w:styles>'
)


def docx(body: str, **parts: str) -> bytes:
    """A Word file with this body."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
        for name, content in ({"styles": STYLES} | parts).items():
            package.writestr(f"word/{name}.xml", content)
    return file.getvalue()


def p(text: str, style: str = "") -> str:
    kind = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{kind}<w:r><w:t>{text}</w:t></w:r></w:p>"


def said(told) -> list[tuple[str, int]]:
    return [(block.text, block.level) for block in told.reading.blocks]


def test_a_pdf_is_read_page_by_page():
    told = read_file("pdf", pdf("First page", "", "Third page"), LIMITS)
    assert (told.problem, told.pages, told.reading.unit) == ("", 3, "page")
    assert [(block.text, block.at) for block in told.reading.blocks] == [("First page", 1), ("Third page", 3)]


def test_a_word_file_with_headings_in_any_language_a_table_and_notes():
    table = (
        f"<w:tbl><w:tr><w:tc>{p('Lamp')}</w:tc><w:tc>{p('12')}{p('euros')}</w:tc></w:tr>"
        f"<w:tr><w:tc>{p('Chair')}</w:tc><w:tc>{p('')}</w:tc></w:tr></w:tbl>"
    )
    reviewed = (
        "<w:p><w:r><w:t>Paid </w:t></w:r><w:ins><w:r><w:t>within 14 days</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>never</w:delText></w:r></w:del><w:r><w:tab/><w:t>x</w:t><w:br/><w:t>y</w:t></w:r></w:p>"
    )
    control = f"<w:sdt><w:sdtContent>{p('In a control')}</w:sdtContent></w:sdt>"
    notes = f"<w:footnotes {W}><w:footnote>{p('A note')}</w:footnote></w:footnotes>"
    body = p("Terms", "Titel") + p("Refunds", "berschrift1") + reviewed + table + control
    told = read_file("docx", docx(body, footnotes=notes), LIMITS)
    assert told.problem == ""
    assert said(told) == [
        ("Terms", 1),
        ("Refunds", 1),
        ("Paid within 14 days\tx\ny", 0),
        ("Lamp | 12 euros", 0),
        ("Chair", 0),
        ("In a control", 0),
        ("A note", 0),
    ]
    assert [block.at for block in told.reading.blocks] == [1, 2, 3, 4, 5, 6, 7]


def test_a_text_box_is_read_once():
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    box = f"<w:txbxContent>{p('boxed')}</w:txbxContent>"
    body = (
        f"<w:p {mc}><w:r><mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    assert said(read_docx(docx(body), LIMITS)) == [("boxed", 0)]


def test_a_page_is_read_without_what_nobody_reads():
    page = (
        b"<!doctype html><html><head><title>t</title><style>x{}</style></head><body><nav>Menu</nav>"
        b"<h1>Re<b>turns</b></h1>loose <i>text</i><!-- hidden --> goes on<br>below<script>alert('no')</script>"
        b"<table><tr><th>Name</th><td>Lamp &amp; <a href='x'>shade</a></td></tr></table>"
        b"<h2>Code</h2><pre>a = 1\n  b = 2</pre><ul><li>one<li>two</ul></body></html>"
    )
    assert said(read_file("html", page, LIMITS)) == [
        ("Returns", 1),
        ("loose text goes on\nbelow", 0),
        ("Name | Lamp & shade", 0),
        ("Code", 2),
        ("a = 1\nb = 2", 0),
        ("one", 0),
        ("two", 0),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "<p>Größe €</p>".encode(),
        "<p>Größe €</p>".encode("cp1252"),
        "<p>Größe €</p>".encode("utf-16"),
        '<meta charset="iso-8859-15"><p>Größe €</p>'.encode("iso-8859-15"),
        '<meta charset="no-such"><p>Größe €</p>'.encode(),
    ],
)
def test_a_page_is_read_in_its_own_encoding(content):
    assert said(read_html(content, LIMITS)) == [("Größe €", 0)]


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("pdf", b"no pdf at all", "cannot be read as a PDF"),
        ("pdf", pdf("x", password="secret"), "is locked with a password"),
        ("pdf", pdf(*["x"] * 51), "has 51 pages; 50 are allowed"),
        ("docx", b"no zip", "is no Word document"),
        ("docx", docx("<broken"), "is a broken Word document"),
        ("docx", docx(p("x"))[:-30], "is no Word document"),
        ("html", b"", "cannot be read as HTML"),
    ],
)
def test_what_cannot_be_read_says_why(kind, content, why):
    told = read_file(kind, content, LIMITS)
    assert told.problem.startswith(why)
    assert not told.reading.blocks


def test_a_word_file_that_is_no_word_file():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("xl/workbook.xml", "<x/>")
    assert read_file("docx", file.getvalue(), LIMITS).problem == "is no Word document (.docx)"


def test_a_bomb_is_not_unpacked():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b" " * 150_000_000)
    bomb = file.getvalue()
    assert len(bomb) < 200_000
    assert read_file("docx", bomb, LIMITS).problem == "unpacks to more than 100 MB"


def test_entities_are_not_expanded_and_nothing_is_fetched(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("pa55word")
    body = f'<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY f SYSTEM "file://{secret}">]>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        inside = f"<w:document {W}><w:body>{p('x &a; &f;')}</w:body></w:document>"
        package.writestr("word/document.xml", body + inside)
    told = read_file("docx", file.getvalue(), LIMITS)
    assert "pa55word" not in str(told)


def test_nothing_is_lost_silently_by_deep_nesting():
    deep = "<w:sdt>" * 5_000 + p("x") + "</w:sdt>" * 5_000
    assert read_file("docx", docx(deep), LIMITS).problem.startswith("is a broken Word document")
    assert read_file("html", b"<div>" * 100_000 + b"deep", LIMITS).problem == "is nested too deeply"
    assert said(read_file("html", b"<div>" * 1_000 + b"deep", LIMITS)) == [("deep", 0)]


def test_a_file_that_takes_too_long_is_given_up():
    began = time.monotonic()
    told = read_file("html", b"<p>" * 3_000_000, Limits(1_000_000, 50, 1))
    assert told.problem in {"took longer than 1 s to read", "could not be read within the limits of time and memory"}
    assert time.monotonic() - began < 15


def test_a_long_text_ends_somewhere_behind_the_limit():
    told = read_html(b"<p>word</p>" * 1_000, Limits(100, 50, 20))
    assert 100 < sum(len(block.text) for block in told.reading.blocks) < 200


@given(st.binary(max_size=300))
def test_any_bytes_are_a_text_or_a_reason(content):
    for read in (read_html, read_docx, read_pdf):
        try:
            places = [block.at for block in read(content, LIMITS).reading.blocks]
        except UnreadableError:
            continue
        assert places == sorted(places)
