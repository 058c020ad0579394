"""Models on this machine: what can be downloaded, which files are there, and what their processes do."""

from datetime import datetime
from typing import Literal

import msgspec

FileState = Literal["absent", "downloading", "checking", "ready", "broken"]
ServerState = Literal["stopped", "starting", "awake", "asleep", "failed"]


class CatalogueModel(msgspec.Struct, frozen=True, kw_only=True):
    """A file on the Hugging Face hub, pinned by commit and checksum, that is known to be worth its download."""

    file: str
    """Its name in the repository and in the folder; the model is named by it everywhere."""
    title: str
    repository: str
    revision: str
    size_bytes: int
    sha256: str
    licence: str
    memory_bytes: int
    """About what its process takes once it is loaded, with a context of 8,192 tokens."""
    for_whom: str


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """How far a download is. Speed and time left are None until something has come."""

    done_bytes: int
    total_bytes: int
    bytes_per_s: float | None = None
    left_s: float | None = None
    breaks: int = 0
    """How often the connection broke and the download went on where it was."""
    is_stopping: bool = False
    """A person stopped it; from a silent server that takes some seconds."""


class CatalogueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A model of the catalogue and what of it is on this machine."""

    model: CatalogueModel
    state: FileState
    kept_bytes: int = 0
    """Of an interrupted download: what need not be fetched again."""
    download: Download | None = None
    message: str = ""
    """Why the last download ended without the model, or what is wrong with the file; a sentence."""


class ModelFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that can be served, with what it says about itself. Empty and None: it does not say."""

    name: str
    path: str
    size_bytes: int
    title: str = ""
    licence: str = ""
    context_tokens: int | None = None
    supports_tools: bool | None = None
    is_elsewhere: bool = False
    """It lies outside of the folder and is never deleted from here."""
    problem: str = ""
    """Why it cannot be served; a sentence."""


class ServerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The process that serves a file. Asleep: it gave the memory back and wakes with the next question."""

    state: ServerState
    since: datetime | None = None
    memory_bytes: int = 0
    message: str = ""
    """Why it could not be started; a sentence."""
