"""Downloads from the Hugging Face hub: go on where they broke off, are checked before they get their name.

The hub's own `hf_hub_download` (2.4) deletes what had come of a broken, cancelled or killed download and reports every
10 MB. So only its parts are used: addresses, metadata, the session with its offline switch and proxies, the errors.
"""

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import httpx2
from filelock import FileLock, Timeout

from core.clients.hub_library import quiet_hub
from core.clients.model_folder import ModelFolder
from core.domain.local_model import CatalogueModel
from core.errors import AryabhattaError

KEPT_FREE_BYTES: Final = 256_000_000
"""What a download leaves free for everything else that writes to the disk, the journal first."""
TRIES: Final = 4
"""How often in a row the connection may break without bringing anything."""
PAUSE_S: Final = 1.0
_BLOCK_BYTES: Final = 4_194_304
# The library's own user agent tells the server what is installed here. Identity: a packed answer has no known length.
_HEADERS: Final = {"user-agent": "aryabhatta", "accept-encoding": "identity"}


class DownloadFailed(AryabhattaError):
    """The message is a sentence for the person. What had come is kept, unless it is the wrong file."""


class DownloadStopped(AryabhattaError):
    """A person stopped it; what had come is kept."""


class Watch(Protocol):
    """Is told how a download goes, on its thread."""

    def at(self, done_bytes: int) -> None: ...

    def receiving(self) -> None:
        """What an earlier download left was read; from here on bytes come from the hub."""

    def broke(self) -> None: ...


class Workplace:
    """Where the unfinished files of a folder are: beside the models, and never taken for one."""

    def __init__(self, folder: ModelFolder, model: CatalogueModel) -> None:
        # Part of the checksum stands in the name: bytes of another edition of the file are of no use.
        begin = folder.path / ".downloads" / f"{model.file}.{model.sha256[:8]}"
        self.part = begin.with_name(f"{begin.name}.part")
        self.wrong = begin.with_name(f"{begin.name}.wrong")
        self.lock = begin.with_name(f"{begin.name}.lock")

    def kept_bytes(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def clear(self) -> None:
        for path in (self.part, self.wrong, self.lock):
            path.unlink(missing_ok=True)


def download(
    model: CatalogueModel, folder: ModelFolder, watch: Watch, stop: threading.Event, hub: str | None = None
) -> Path:
    """The finished file. `hub` is the address of another hub than the one that HF_ENDPOINT names.

    Blocks for minutes. Raises `DownloadFailed`, or `DownloadStopped` soon after `stop` is set.
    """
    quiet_hub()
    from huggingface_hub import hf_hub_url  # noqa: PLC0415

    place = Workplace(folder, model)
    url = hf_hub_url(model.repository, model.file, revision=model.revision, endpoint=hub)
    try:
        with _alone(place, model):
            _check_hub(model, url)
            _check_room(model, folder, place)
            sha256 = _Transfer(model, url, watch, stop).into(place.part)
            return _accepted(model, folder, place, sha256)
    except OSError as error:
        raise DownloadFailed(f"The file cannot be written to {folder.path}: {error.strerror}.") from None


@contextmanager
def _alone(place: Workplace, model: CatalogueModel) -> Iterator[None]:
    place.lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(place.lock, timeout=0):
            yield
    except Timeout:
        raise DownloadFailed(f"Another process on this machine is downloading {model.title} right now.") from None


def _check_hub(model: CatalogueModel, url: str) -> None:
    """Before a long download: does the hub have this file, and is it still the one that is expected?"""
    from huggingface_hub import get_hf_file_metadata  # noqa: PLC0415

    with _said_clearly(model, url):
        found = get_hf_file_metadata(url, token=False, headers=dict(_HEADERS))
    if found.commit_hash is None:
        raise DownloadFailed(f"{_host(url)} is no Hugging Face hub. Check HF_ENDPOINT.")
    is_checksum = found.etag is not None and len(found.etag) == len(model.sha256)
    if found.size != model.size_bytes or (is_checksum and found.etag != model.sha256):
        raise DownloadFailed(
            f"{_host(url)} has another file named {model.file}: {found.size or 0:,} bytes instead of "
            f"{model.size_bytes:,}, checksum {found.etag}. Nothing was downloaded."
        )


def _check_room(model: CatalogueModel, folder: ModelFolder, place: Workplace) -> None:
    needed, free = model.size_bytes - place.kept_bytes() + KEPT_FREE_BYTES, folder.free_bytes()
    if free < needed:
        raise DownloadFailed(
            f"There is not enough room: {needed / 1e9:.2f} GB are needed and {free / 1e9:.2f} GB are free "
            f"at {folder.path}."
        )


def _accepted(model: CatalogueModel, folder: ModelFolder, place: Workplace, sha256: str) -> Path:
    """Give the file its name, if it is the right one."""
    if sha256 != model.sha256:
        place.part.replace(place.wrong)
        raise DownloadFailed(
            f"What came is not {model.file}: its SHA-256 begins with {sha256[:16]} instead of {model.sha256[:16]}. It "
            f"was put aside as {place.wrong} and will not be used. Download it again."
        )
    finished = folder.path / model.file
    place.part.replace(finished)
    place.wrong.unlink(missing_ok=True)
    return finished


class _Transfer:
    """Bytes from an address to a file, over as many connections as it takes."""

    def __init__(self, model: CatalogueModel, url: str, watch: Watch, stop: threading.Event) -> None:
        self._model, self._url, self._watch, self._stop = model, url, watch, stop
        self._digest = hashlib.sha256()
        self._done_bytes = 0

    def into(self, part: Path) -> str:
        """The checksum of what is in the file once it is complete."""
        part.touch()
        with part.open("r+b") as file:
            self._take_up(file)
            self._watch.receiving()
            barren = 0
            while self._done_bytes < self._model.size_bytes:
                before = self._done_bytes
                broken = self._connection(file)
                barren = barren + 1 if self._done_bytes == before else 0
                if barren == TRIES:
                    raise DownloadFailed(f"The connection broke {TRIES} times without bringing anything. {broken}")
                if self._done_bytes < self._model.size_bytes:
                    self._watch.broke()
                    self._pause()
            os.fsync(file.fileno())
        return self._digest.hexdigest()

    def _take_up(self, file: BinaryIO) -> None:
        while block := file.read(_BLOCK_BYTES):
            self._heed_stop()
            self._count(block)

    def _connection(self, file: BinaryIO) -> str:
        """Receive until all is there or the connection ends; the words of why it broke."""
        from huggingface_hub import get_session, hf_raise_for_status  # noqa: PLC0415
        from huggingface_hub.constants import HF_HUB_DOWNLOAD_TIMEOUT  # noqa: PLC0415

        wanted = _HEADERS | ({"range": f"bytes={self._done_bytes}-"} if self._done_bytes else {})
        try:
            with (
                _said_clearly(self._model, self._url, transient=False),
                get_session().stream("GET", self._url, headers=wanted, timeout=HF_HUB_DOWNLOAD_TIMEOUT) as answer,
            ):
                hf_raise_for_status(answer)
                self._place(file, answer)
                for block in answer.iter_bytes():
                    self._heed_stop()
                    file.write(block)
                    file.flush()
                    self._count(block)
                    if self._done_bytes > self._model.size_bytes:
                        break
        except httpx2.TransportError as error:
            return str(error)
        return "The server ended it early."

    def _place(self, file: BinaryIO, answer: httpx2.Response) -> None:
        """Servers may ignore from where on a file is wanted, and then send it from its start."""
        if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
            if not answer.headers.get("content-range", "").startswith(f"bytes {self._done_bytes}-"):
                raise DownloadFailed("The server sent another part of the file than the one that was asked for.")
            return
        file.seek(0)
        file.truncate()
        self._digest, self._done_bytes = hashlib.sha256(), 0

    def _count(self, block: bytes) -> None:
        self._digest.update(block)
        self._done_bytes += len(block)
        self._watch.at(self._done_bytes)

    def _heed_stop(self) -> None:
        if self._stop.is_set():
            raise DownloadStopped

    def _pause(self) -> None:
        if self._stop.wait(PAUSE_S):
            raise DownloadStopped


@contextmanager
def _said_clearly(model: CatalogueModel, url: str, *, transient: bool = True) -> Iterator[None]:
    """What the hub's library raises becomes a sentence. `transient` False: broken connections are left as they are."""
    from huggingface_hub.errors import (  # noqa: PLC0415
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RemoteEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    host = _host(url)
    try:
        yield
    except OfflineModeIsEnabled:
        raise DownloadFailed(
            "HF_HUB_OFFLINE is set, so nothing is fetched from the hub. Unset it and start the app again, or put "
            "the file into the models folder yourself."
        ) from None
    except (RemoteEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError) as error:
        status = error.response.status_code
        raise DownloadFailed(
            f"{host} does not have {model.file} in {model.repository} any more (HTTP {status})."
        ) from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        raise DownloadFailed(f"{host} refused the download with HTTP {status}. Try again later.") from None
    except httpx2.RequestError as error:
        if not transient and isinstance(error, httpx2.TransportError):
            raise
        raise DownloadFailed(
            f"{host} cannot be reached ({str(error) or type(error).__name__}). Check this machine's network, or put "
            "the file into the models folder yourself."
        ) from None


def _host(url: str) -> str:
    return httpx2.URL(url).netloc.decode()
