"""What a file really is: judged by its content, never by its name, and held against the limits."""

import codecs
import hashlib
import io
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from core.clients.pdf import pdf_text
from core.domain.attachment import (
    IMAGE_BYTES,
    IMAGE_PX,
    IMAGE_SIDE_PX,
    PDF_PAGES,
    TEXT_CHARS,
    Attachment,
    Contents,
    Upload,
)
from core.domain.result import Err, Ok, Result
from core.repositories.attachments import StoredFile
from core.tools.files import stored_name

IMAGE_TYPES: Mapping[str, str] = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "GIF": "image/gif",
}
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_SOUNDS: Mapping[bytes, tuple[str, str]] = {
    b"ID3": ("audio/mpeg", ".mp3"),
    b"\xff\xfb": ("audio/mpeg", ".mp3"),
    b"\xff\xf3": ("audio/mpeg", ".mp3"),
    b"\xff\xf2": ("audio/mpeg", ".mp3"),
    b"OggS": ("audio/ogg", ".ogg"),
    b"fLaC": ("audio/flac", ".flac"),
}
_PLAYED = frozenset({"audio/wav", "audio/mp4", "video/mp4", "video/webm"} | {kind for kind, _ in _SOUNDS.values()})
_TEXT_TYPES = {".csv": "text/csv", ".md": "text/markdown", ".json": "application/json", ".tsv": "text/csv"}
_MARKED = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_TOO_MANY_PIXELS = (
    f"has too many pixels; {IMAGE_SIDE_PX:,} a side and {IMAGE_PX // 1_000_000} million altogether are allowed"
)
_NAME_CHARS = 200


class Checked(NamedTuple):
    """A file that may be attached, and what has to be kept for it."""

    attachment: Attachment
    files: tuple[StoredFile, ...]


def check_file(upload: Upload) -> Result[Checked]:
    name = file_name(upload.name)
    if not upload.content:
        return Err("invalid", f"{name} is empty.", "attachments")
    if image_magic(upload.content):
        return _image(name, upload.content)
    if upload.content[:1024].find(b"%PDF-") >= 0:
        return _pdf(name, upload.content)
    if (kind := _played(upload.content)) and kind[0].startswith("audio/"):
        return _sound(name, upload.content, kind[0])
    return _text(name, upload.content)


def made_file(stem: str, content: bytes) -> Result[Checked]:
    """A file that a tool made, whatever it is; its name says by its content's hash which one it is."""
    digest = hashlib.sha256(content).hexdigest()
    if image_magic(content):
        checked = _image(stem, content)
        if isinstance(checked, Err):
            return checked
        made = checked.value.attachment
        name = stored_name(stem, digest, f".{made.media_type.partition('/')[2]}")
        return Ok(Checked(msgspec.structs.replace(made, name=name), checked.value.files))
    media_type, ending = _played(content) or ("application/octet-stream", "")
    kept = _stored(content, media_type)
    return Ok(Checked(_attachment(stored_name(stem, digest, ending), kept), (kept,)))


def is_played(media_type: str) -> bool:
    """Whether browsers play it: sounds and videos."""
    return media_type in _PLAYED


def stored_files(attachments: Iterable[Attachment], contents: Contents) -> Result[tuple[StoredFile, ...]]:
    """The files that came with a run from elsewhere, each held against its hash and its kind."""
    files: dict[str, StoredFile] = {}
    for one in attachments:
        for sha256, media_type in ((one.sha256, one.media_type), (one.given_sha256, "text/plain")):
            content = contents.get(sha256)
            if content is None or hashlib.sha256(content).hexdigest() != sha256:
                return _refused(one.name, "is missing in the file, or is not what its hash says")
            files.setdefault(sha256, StoredFile(sha256, media_type, content))
        if one.is_picture and _is_no_such_image(one, contents[one.sha256]):
            return _refused(one.name, "is not the image that it is said to be")
    return Ok(tuple(files.values()))


def _is_no_such_image(one: Attachment, content: bytes) -> bool:
    checked = _image(one.name, content) if image_magic(content) else None
    return not isinstance(checked, Ok) or checked.value.attachment.media_type != one.media_type


def image_magic(content: bytes) -> bool:
    """Whether it begins like an image of a kind that may be shown."""
    return content.startswith(_MAGIC) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")


def _image(name: str, content: bytes) -> Result[Checked]:
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 (30 ms)

    if len(content) > IMAGE_BYTES:
        return _refused(name, f"is larger than {IMAGE_BYTES // 1_000_000} MB")
    try:
        with Image.open(io.BytesIO(content), formats=tuple(IMAGE_TYPES)) as image:  # reads the head, not the pixels
            (width, height), kind = image.size, image.format or ""
            if max(width, height) <= IMAGE_SIDE_PX and width * height <= IMAGE_PX:
                image.verify()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _refused(name, _TOO_MANY_PIXELS)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return _refused(name, "is not a whole image")
    if max(width, height) > IMAGE_SIDE_PX or width * height > IMAGE_PX:
        return _refused(name, _TOO_MANY_PIXELS)
    kept = _stored(content, IMAGE_TYPES[kind])
    return Ok(Checked(_attachment(name, kept, width_px=width, height_px=height), (kept,)))


def _played(content: bytes) -> tuple[str, str] | None:
    """The type of a sound or a video, and the ending of its name; None: it is neither."""
    match content[:4], content[4:12]:
        case b"RIFF", form if form.endswith(b"WAVE"):
            return "audio/wav", ".wav"
        case _, b"ftypM4A " | b"ftypM4B ":
            return "audio/mp4", ".m4a"
        case _, form if form.startswith(b"ftyp"):
            return "video/mp4", ".mp4"
        case b"\x1aE\xdf\xa3", _:
            return "video/webm", ".webm"
        case _:
            return next((kind for magic, kind in _SOUNDS.items() if content.startswith(magic)), None)


def _sound(name: str, content: bytes, media_type: str) -> Result[Checked]:
    """Models that read are told that it is there; tools are given the sound itself."""
    kept = _stored(content, media_type)
    made = told_of(_attachment(name, kept))
    return Ok(Checked(made.attachment, (kept, *made.files)))


def told_of(attachment: Attachment) -> Checked:
    """The same file for a model that is only told of it, and the words that it is told."""
    what = "picture" if attachment.is_picture else "sound file"
    words = (
        f"A {what} ({attachment.media_type}, {attachment.size_bytes:,} bytes). You are not shown it; a tool that takes a "
        f"{what} can be given it by this name."
    )
    told = _stored(words.encode(), "text/plain")
    return Checked(msgspec.structs.replace(attachment, text_sha256=told.sha256), (told,))


def _pdf(name: str, content: bytes) -> Result[Checked]:
    read = pdf_text(content, TEXT_CHARS, PDF_PAGES)
    if read.problem:
        return _refused(name, read.problem)
    kept, text = _stored(content, "application/pdf"), _stored(_clean(read.text).encode(), "text/plain")
    if problem := _too_long(read.text):
        return _refused(name, problem)
    return Ok(Checked(_attachment(name, kept, text_sha256=text.sha256, pages=read.pages), (kept, text)))


def _text(name: str, content: bytes) -> Result[Checked]:
    text = text_of(content)
    if text is None:
        return _refused(
            name,
            "is neither an image (PNG, JPEG, WebP, GIF) nor sound (WAV, MP3, OGG, FLAC, M4A) nor a PDF nor text in UTF-8",
        )
    if problem := _too_long(text):
        return _refused(name, problem)
    kind = next((kind for end, kind in _TEXT_TYPES.items() if name.lower().endswith(end)), "text/plain")
    kept, given = _stored(content, kind), _stored(text.encode(), kind)
    return Ok(
        Checked(
            _attachment(name, kept, text_sha256=given.sha256), tuple({kept.sha256: kept, given.sha256: given}.values())
        )
    )


def text_of(content: bytes) -> str | None:
    """The text of a file in UTF-8, or in UTF-16 that says so; None: it is no such text."""
    encoding = next((encoding for mark, encoding in _MARKED if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


def _attachment(name: str, kept: StoredFile, **more: object) -> Attachment:
    return Attachment(
        sha256=kept.sha256,
        name=name,
        media_type=kept.media_type,
        size_bytes=len(kept.content),
        **more,  # type: ignore[arg-type]
    )


def _stored(content: bytes, media_type: str) -> StoredFile:
    return StoredFile(hashlib.sha256(content).hexdigest(), media_type, content)


def file_name(name: str) -> str:
    """The file's own name, without folders and without what cannot be written down."""
    own = _clean(name).replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in own if char.isprintable())[-_NAME_CHARS:] or "file"


def _clean(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _too_long(text: str) -> str:
    return f"holds more than {TEXT_CHARS:,} characters of text" if len(text) > TEXT_CHARS else ""


def _refused(name: str, why: str) -> Err:
    return Err("invalid", f"{name} {why}.", "attachments")
