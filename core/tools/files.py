"""Files that calls take and make. A model names them; their bytes never pass through it."""

from collections.abc import Sequence
from typing import Literal, Protocol

from core.domain.attachment import Attachment
from core.tools.executor import CannotDoError

Medium = Literal["image", "audio", "file"]
"""What a file has to be."""
NEWEST = "latest"
_WORDS: dict[Medium, str] = {"image": "picture", "audio": "sound file", "file": "file"}
_LISTED = 12
_HASH_CHARS = 6


class FileStore(Protocol):
    """Where files are kept. Both block."""

    def content(self, sha256: str) -> bytes | None: ...

    def keep_made(self, stem: str, content: bytes) -> Attachment:
        """Store what a tool made, under a name that its content makes its own. Raises `FaultError` when it is too large."""


def says(medium: Medium) -> str:
    """What a model is told of an argument that names a file."""
    return (
        f"The name of a {_WORDS[medium]} in this conversation: attached by the person, or made by a tool. "
        f"`{NEWEST}`, or nothing, means the newest one."
    )


def found(reference: str, files: Sequence[Attachment], medium: Medium) -> Attachment:
    """The file that a call names: by its name, by the beginning of its hash, or the newest. Raises `CannotDoError`."""
    fitting = [one for one in reversed(files) if medium == "file" or one.media_type.startswith(f"{medium}/")]
    if not fitting:
        raise CannotDoError(f"There is no {_WORDS[medium]} in this conversation. The person can attach one.")
    wanted = reference.strip()
    if wanted in {"", NEWEST}:
        return fitting[0]
    for one in fitting:
        if one.name == wanted or (len(wanted) >= _HASH_CHARS and one.sha256.startswith(wanted)):
            return one
    names = ", ".join(dict.fromkeys(one.name for one in fitting[:_LISTED]))
    raise CannotDoError(f"There is no {_WORDS[medium]} named {wanted!r} here. There is: {names}.")


def stored_name(stem: str, sha256: str, ending: str) -> str:
    """A name that no other content has: a later call can name exactly this file."""
    return f"{stem}-{sha256[:_HASH_CHARS]}{ending}"
