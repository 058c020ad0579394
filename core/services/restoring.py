"""Restoring: a backup becomes the workspace in one transaction. Whatever dies meanwhile, the old one is still there.

What was under way when the backup was made may have gone on since: its calls may have happened. So it stands still
until a person resumes it, or says for all that it may go on.
"""

import logging
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import InvalidToken, MultiFernet
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from core.db.migrate import LOCK, check, erase, revisions, upgrade
from core.domain.backup import Manifest, Restored, TableDump
from core.domain.result import Err, Ok, Result
from core.domain.run_query import RunFilter
from core.errors import ConfigurationError
from core.repositories.evaluations import EvaluationRepository
from core.repositories.journal import JournalRepository
from core.repositories.runs import RunRepository
from core.repositories.secrets import SecretRepository
from core.repositories.workspace import UnfitRowsError, WorkspaceRepository
from core.services import backup_key, secret_key
from core.services.backup_file import BackupReader, reading
from core.services.templates import samples

_SEEDED = frozenset({"agents", "agent_revisions", "preferences"})
"""Tables of which a new workspace has rows."""
_LONGEST_WAIT = "15s"
"""For a lock: another program that reads the tables must not make us wait for ever."""
_PAUSED = "Restored from a backup: what was under way stands still until you resume it."
_log = logging.getLogger(__name__)


def restore(
    engine: Engine, home: Path, file: Path, *, replace: bool = False, go_on: bool = False, passphrase: str | None = None
) -> Result[Restored]:
    """Make the workspace what it was when the backup was made, in the newest schema.

    `replace`: also where somebody worked already; that is lost. `go_on`: runs that were under way go on by
    themselves. `passphrase`: of the key inside the backup, with which the secrets are encrypted anew for this home.
    Raises `Unavailable` or `ConfigurationError`; then, and after every `Err`, nothing is changed.
    """
    with reading(file) as opened:
        if isinstance(opened, Err):
            return opened
        reader = opened.value
        if (unknown := _unknown_revision(reader.manifest)) is not None:
            return unknown
        key = _key(reader.manifest, passphrase)
        if isinstance(key, Err):
            return key
        check(engine)
        with engine.connect() as connection:
            restored = _restored(connection, reader, home, key.value, replace=replace, go_on=go_on)
            if isinstance(restored, Ok):
                connection.commit()
    if isinstance(restored, Ok):
        _log.info("restored from %s: %d rows", file, restored.value.manifest.rows)
    return restored


def _restored(
    connection: Connection, reader: BackupReader, home: Path, key: bytes | None, *, replace: bool, go_on: bool
) -> Result[Restored]:
    manifest = reader.manifest
    if (refused := _prepare(connection, replace=replace)) is not None:
        return refused
    erase(connection)
    upgrade(connection, manifest.revision)
    for table in manifest.tables:
        if (problem := _fill(connection, reader, table)) is not None:
            return Err("invalid", problem)
    upgrade(connection)
    with Session(connection) as session:
        secrets, readable = _secrets(session, home, key)
        paused = 0 if go_on else _pause(EvaluationRepository(session))
        held = JournalRepository(connection).set_aside(held=not go_on)
        waiting = RunRepository(session).totals(RunFilter(status=("waiting",))).runs
        session.flush()
    return Ok(
        Restored(
            manifest=manifest,
            revision=revisions()[-1],
            held_runs=0 if go_on else held,
            waiting_runs=waiting,
            paused_evaluations=paused,
            secrets=secrets,
            secrets_readable=readable,
        )
    )


def _prepare(connection: Connection, *, replace: bool) -> Err | None:
    """Be alone with the workspace, or say why that cannot be."""
    connection.execute(text(f"SET LOCAL lock_timeout TO '{_LONGEST_WAIT}'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    workspace = WorkspaceRepository(connection)
    workspace.prepare()
    if others := workspace.others():
        return Err(
            "conflict",
            f"This workspace is in use: other processes have {others} connections to its database. Stop the app and "
            "every worker first, so that nobody executes what is being replaced.",
        )
    used = [] if replace else _used(workspace)
    if used:
        return Err(
            "conflict",
            f"Somebody worked in this workspace already: there are rows in {', '.join(used)}. Restoring a backup "
            "replaces everything. Make a backup of it first if it is worth something, then say --replace.",
        )
    return None


def _used(workspace: WorkspaceRepository) -> list[str]:
    """Tables with rows that a new workspace does not have."""
    used = workspace.used_tables(_SEEDED)
    is_new = not workspace.columns("agents") or not workspace.own_agents({sample.name for sample in samples()})
    return used if is_new else ["agents", *used]


def _fill(connection: Connection, reader: BackupReader, table: TableDump) -> str | None:
    """Why the rows do not fit, or nothing."""
    workspace = WorkspaceRepository(connection)
    unknown = set(table.columns) - workspace.columns(table.name)
    if unknown:
        return f"The backup names columns of {table.name} that its own schema does not have."
    try:
        with reader.table(table.name) as rows:
            count = workspace.copy_in(table.name, table.columns, rows)
    except UnfitRowsError as error:
        return f"The database refuses rows of the backup: {error}."
    return None if count == table.rows else f"The backup has {count} rows of {table.name} instead of {table.rows}."


def _unknown_revision(manifest: Manifest) -> Err | None:
    known = revisions()
    if manifest.revision in known:
        return None
    return Err(
        "refused",
        f"The backup was made by a newer Aryabhatta ({manifest.code}, schema {manifest.revision}); this copy is older "
        f"and knows schemas up to {known[-1]}. Install the newest one, then restore.",
    )


def _key(manifest: Manifest, passphrase: str | None) -> Result[bytes | None]:
    """The key that the backup carries, if the person wants it."""
    if passphrase is None:
        return Ok(None)
    if manifest.key is None:
        return Err("invalid", "The backup was made without the key of the secrets: a passphrase opens nothing in it.")
    key = backup_key.unwrap(manifest.key, passphrase)
    return Ok(key) if key else Err("refused", "That is not the passphrase of this backup. Nothing was changed.")


def _secrets(session: Session, home: Path, key: bytes | None) -> tuple[int, bool]:
    """How many secrets there are, and whether the key of this home opens them."""
    repository = SecretRepository(session)
    names = [secret.name for secret in repository.names()]
    if not names:
        return 0, True
    own, given = _cipher(home), secret_key.cipher(key) if key else None
    opened = [_is_readable(repository, name, own, given) for name in names]
    return len(names), all(opened)


def _cipher(home: Path) -> MultiFernet:
    try:
        return secret_key.cipher(secret_key.load_or_make(home))
    except ValueError:
        raise ConfigurationError(f"{home / secret_key.FILE_NAME} is not a key. Put the right file back.") from None


def _is_readable(repository: SecretRepository, name: str, own: MultiFernet, given: MultiFernet | None) -> bool:
    """With the key of this home; where the backup's opens it instead, it is encrypted anew."""
    ciphertext = repository.ciphertext(name) or b""
    with suppress(InvalidToken):
        return bool(own.decrypt(ciphertext))
    if given is None:
        return False
    with suppress(InvalidToken):
        repository.again(name, own.encrypt(given.decrypt(ciphertext)))
        return True
    return False


def _pause(evaluations: EvaluationRepository) -> int:
    running = evaluations.running()
    for evaluation_id in running:
        evaluations.update(evaluation_id, status="paused", reason=_PAUSED)
    return len(running)
