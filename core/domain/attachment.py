"""Files beside a message. The journal names them by hash; the bytes are stored once, elsewhere."""

from collections.abc import Iterable, Mapping

import msgspec

from core.errors import NotStored

Contents = Mapping[str, bytes]
"""Bytes by the SHA-256 of themselves, in hexadecimal digits."""
NOTHING: Contents = {}

MOST_FILES = 10
MOST_BYTES = 20_000_000
"""Of all files of one message together."""
IMAGE_BYTES = 10_000_000
IMAGE_SIDE_PX = 16_000
IMAGE_PX = 50_000_000
TEXT_CHARS = 400_000
"""Of one file, as the model is given it: about 100,000 tokens."""
PDF_PAGES = 500
LIMITS = (
    f"Images (PNG, JPEG, WebP, GIF) up to {IMAGE_BYTES // 1_000_000} MB, sound for tools that listen, "
    f"PDF, CSV and other text up to "
    f"{TEXT_CHARS:,} characters; at most {MOST_FILES} files and {MOST_BYTES // 1_000_000} MB a message."
)


class Upload(msgspec.Struct, frozen=True):
    """A file as a person gave it: its name and what is in it prove nothing."""

    name: str
    content: bytes


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file that was looked at, by its hash. `media_type` is what its content is, not what its name says."""

    sha256: str
    name: str
    media_type: str
    size_bytes: int
    width_px: int | None = None
    height_px: int | None = None
    pages: int | None = None
    text_sha256: str = ""
    """Of the text that a model is given for the file, UTF-8; empty: it is given the image."""

    @property
    def is_image(self) -> bool:
        """Whether a model is given it as a picture: one that cannot see is told of it in words."""
        return not self.text_sha256 and self.is_picture

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")

    @property
    def is_sound(self) -> bool:
        return self.media_type.startswith("audio/")

    @property
    def given_sha256(self) -> str:
        """What a model is given."""
        return self.text_sha256 or self.sha256


def content_of(attachment: Attachment, contents: Contents) -> bytes:
    """What a model is given of a file. Raises `NotStored`."""
    content = contents.get(attachment.given_sha256)
    if content is None:
        raise NotStored(f"{attachment.name} is not stored here any more.")
    return content


def given(attachments: Iterable[Attachment]) -> set[str]:
    """The hashes of what models are given of these."""
    return {one.given_sha256 for one in attachments}


def whole(attachments: Iterable[Attachment]) -> set[str]:
    """The hashes of the files themselves and of the texts made of them."""
    return {sha256 for one in attachments for sha256 in (one.sha256, one.given_sha256)}
