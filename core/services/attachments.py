"""Files beside messages: looked at before anything is sent, stored once, given back by hash."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from core.db.unit import UnitOfWork
from core.domain.attachment import MOST_BYTES, MOST_FILES, Attachment, Contents, Upload, whole
from core.domain.result import Err, Ok, Result
from core.domain.state import RunState
from core.engine.transcript import files_at_hand, files_of
from core.errors import Fault, FaultError
from core.repositories.attachments import AttachmentRepository, StoredFile
from core.services.file_check import Checked, check_file, made_file, told_of

__all__ = ["AttachmentService", "StoredFile", "Taken"]


class Taken(NamedTuple):
    """The files of one message: their references, and what of them is not stored yet."""

    attachments: tuple[Attachment, ...] = ()
    new: tuple[StoredFile, ...] = ()


class AttachmentService:
    """Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, uploads: Sequence[Upload], known: Sequence[Attachment] = ()) -> Result[Taken]:
        """The files of a message: `known` are stored already, such as those of a message that is said again."""
        if problem := self._problem(uploads, known):
            return problem
        attachments, new = list(known), list[StoredFile]()
        for upload in uploads:
            checked = check_file(upload)
            if isinstance(checked, Err):
                return checked
            attachments.append(checked.value.attachment)
            new.extend(checked.value.files)
        once = tuple({one.sha256: one for one in attachments}.values())
        return Ok(Taken(once, tuple(new)))

    def _problem(self, uploads: Sequence[Upload], known: Sequence[Attachment]) -> Err | None:
        size_bytes = sum(len(one.content) for one in uploads) + sum(one.size_bytes for one in known)
        if len(uploads) + len(known) > MOST_FILES:
            return Err("invalid", f"A message takes at most {MOST_FILES} files.", "attachments")
        if size_bytes > MOST_BYTES:
            return Err("invalid", f"The files are larger than {MOST_BYTES // 1_000_000} MB together.", "attachments")
        missing = self.missing(whole(known))
        return (
            Err("not_found", "A file of this message is not stored here any more.", "attachments") if missing else None
        )

    def told(self, taken: Taken) -> Taken:
        """The same files for a model that cannot see: it is told of its pictures, so that its tools can be given them."""
        checked = [told_of(one) if one.is_image else Checked(one, ()) for one in taken.attachments]
        words = {file.sha256: file for one in checked for file in one.files}
        return Taken(tuple(one.attachment for one in checked), (*taken.new, *words.values()))

    def keep(self, connection: Connection, files: Iterable[StoredFile], who: str) -> None:
        """Store what is new, in the transaction of the run that needs it."""
        AttachmentRepository(connection).put(files, who)

    def keep_made(self, stem: str, content: bytes) -> Attachment:
        """Store what a tool made. Raises `FaultError` for a picture that is broken or too large to be shown."""
        checked = made_file(stem, content)
        if isinstance(checked, Err):
            raise FaultError(Fault("tool_failed", f"What came back cannot be kept: {checked.message}"))
        with UnitOfWork(self._engine) as unit:
            self.keep(unit.session.connection(), checked.value.files, "")
            unit.commit()
        return checked.value.attachment

    def get(self, sha256: str) -> StoredFile | None:
        with UnitOfWork(self._engine) as unit:
            return AttachmentRepository(unit.session.connection()).get(sha256)

    def content(self, sha256: str) -> bytes | None:
        file = self.get(sha256)
        return file.content if file else None

    def contents(self, hashes: Collection[str]) -> Contents:
        """The bytes of these, of those that are here."""
        if not hashes:
            return {}
        with UnitOfWork(self._engine) as unit:
            return AttachmentRepository(unit.session.connection()).contents(hashes)

    def missing(self, hashes: Collection[str]) -> set[str]:
        """Which of these are not here."""
        with UnitOfWork(self._engine) as unit:
            return AttachmentRepository(unit.session.connection()).missing(hashes)

    def of_requests(self, states: Iterable[RunState]) -> Contents:
        """Everything that the requests of these runs are made of, the files themselves included."""
        return self.contents(whole(one for state in states for one in files_of(state)))

    def of_runs(self, states: Iterable[RunState]) -> Contents:
        """The same, and the files that their tools made."""
        return self.contents(whole(one for state in states for one in files_at_hand(state)))
