"""What a file is, by its content; and every limit, each with its sentence."""

import hashlib
import struct
import zlib

import pytest

from core.domain.attachment import IMAGE_BYTES, IMAGE_SIDE_PX, TEXT_CHARS, Upload
from core.domain.result import Err, Ok
from core.services.file_check import check_file, stored_files
from tests.support.files import image, pdf


def checked(name, content):
    result = check_file(Upload(name, content))
    assert isinstance(result, Ok), result
    return result.value


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_image_is_known_by_its_content_whatever_its_name(kind):
    content = image(kind, (7, 5))
    one = checked("notes.txt", content).attachment
    assert (one.media_type, one.width_px, one.height_px, one.is_image) == (f"image/{kind.lower()}", 7, 5, True)
    assert one.sha256 == hashlib.sha256(content).hexdigest()


def test_a_pdf_is_kept_with_its_text():
    found = checked("offer.png", pdf("Total 1250 euros", "Thank you"))
    one, (kept, text) = found.attachment, found.files
    assert (one.media_type, one.pages, one.is_image) == ("application/pdf", 2, False)
    assert (kept.sha256, text.sha256) == (one.sha256, one.text_sha256)
    assert text.content == b"Total 1250 euros\n\nThank you"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a;b\nü;€\n".encode(), "a;b\nü;€\n"),
        (b"\xef\xbb\xbfa,b", "a,b"),
        ("Ünï".encode("utf-16"), "Ünï"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', None),
    ],
)
def test_text_is_given_as_utf8(content, text):
    found = checked("table.csv", content)
    given = next(file for file in found.files if file.sha256 == found.attachment.text_sha256)
    assert given.content.decode() == (text or content.decode())
    assert (found.attachment.media_type, found.attachment.is_image) == ("text/csv", False)
    assert len(found.files) == (1 if given.content == content else 2)


def _bomb(side):
    """A PNG of a few bytes whose head promises very many pixels."""

    def part(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", b"") + part(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("e.txt", b"", "e.txt is empty."),
        ("a.png", image()[:40], "a.png is not a whole image."),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * 50, "a.png is not a whole image."),
        ("a.png", image() + b"x" * IMAGE_BYTES, "a.png is larger than 10 MB."),
        ("a.png", _bomb(IMAGE_SIDE_PX), "too many pixels; 16,000 a side"),
        ("a.png", _bomb(60_000), "too many pixels"),
        ("a.png", _bomb(7_200), "too many pixels"),
        ("a.exe", b"MZ\x90\x00\x03", "a.exe is neither an image"),
        ("a.csv", "Käse".encode("latin-1"), "nor text in UTF-8."),
        ("a.txt", b"x" * (TEXT_CHARS + 1), "a.txt holds more than 400,000 characters of text."),
        ("scan.pdf", pdf("", ""), "scan.pdf holds no text; a scan has to be attached as images."),
        ("secret.pdf", pdf("x", password="y"), "secret.pdf is locked with a password."),
        ("broken.pdf", b"%PDF-1.7\n" + b"garbage " * 50, "broken.pdf "),
    ],
)
def test_what_cannot_be_attached_says_why(name, content, words):
    refused = check_file(Upload(name, content))
    assert isinstance(refused, Err)
    assert words in refused.message
    assert refused.field == "attachments"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\a.txt", "a.txt"),
        ("a\u202e\x07.txt", "a.txt"),
        ("/", "file"),
        ("\ud83d", "�"),
    ],
)
def test_a_name_is_a_name_and_no_path(name, kept):
    assert checked(name, b"x").attachment.name == kept


def test_a_pdf_that_wants_too_long_is_given_up():
    from core.clients.pdf import pdf_text

    assert "took longer than 0" in pdf_text(pdf("x"), 10, 10, limit_s=0).problem


def test_files_from_elsewhere_are_held_against_their_hashes_and_kinds():
    found = checked("a.png", image())
    content = {file.sha256: file.content for file in found.files}
    assert stored_files([found.attachment], content) == Ok(found.files)
    assert isinstance(stored_files([found.attachment], {}), Err)
    assert isinstance(stored_files([found.attachment], {found.attachment.sha256: b"other"}), Err)
    page = b"<html><script>alert(1)</script>"
    import msgspec

    forged = msgspec.structs.replace(found.attachment, sha256=hashlib.sha256(page).hexdigest())
    assert "is not the image" in stored_files([forged], {forged.sha256: page}).message
