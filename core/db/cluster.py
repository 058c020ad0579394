"""Where the embedded server's files lie, and making them.

`<home>/postgres` is the cluster's folder, or a link to it. Root's default home lies below /root, which the
server's account may not pass; then the folder is made below /var/lib/aryabhatta and linked from home. The
link decides for good: a home keeps its data, and a new home starts empty.

    <home>/postgres.lock       held while the folder is chosen or made
    <home>/postgres/           0700, or 0711 as root; ours
        data/                  the database and its password; 0700, the server's
        run/                   the socket; 0700, the server's
        start.lock             held by whoever starts, joins or stops the server
        server.lock            held by every process of the server: free means that none is alive
        clients.lock           shared by every process that uses the server
        start.log              what the server says before it opens its own log in data/log
"""

import hashlib
import logging
import os
import secrets
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.db.account import Account, name_of, owner_of, server_account
from core.db.binaries import MAJOR, binaries
from core.db.locks import locked
from core.errors import ConfigurationError, Unavailable

_log = logging.getLogger(__name__)

USER = "aryabhatta"
SYSTEM_FOLDER = Path("/var/lib/aryabhatta")
_SOCKET_FOLDERS = Path("/tmp")  # noqa: S108 (the folder in it is ours alone and checked)
_LONGEST_SOCKET_FOLDER_BYTES = 88
"""macOS takes 103 bytes for a socket's path, `/.s.PGSQL.5432` included."""
_NOT_IN_SOCKET_FOLDER = frozenset(",\"'\\\n\r\t")
"""libpq splits hosts at commas; the others have a meaning in the server's own list."""
_TUNING = (
    "max_connections=100",
    "shared_buffers=64MB",
    "log_filename=postgres-%a.log",
    "log_truncate_on_rotation=on",
)
"""Written to postgresql.conf, where a person may change it."""


@dataclass(frozen=True, slots=True)
class Cluster:
    folder: Path
    account: Account

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def password(self) -> Path:
        return self.data / "password"

    @property
    def start_lock(self) -> Path:
        return self.folder / "start.lock"

    @property
    def server_lock(self) -> Path:
        return self.folder / "server.lock"

    @property
    def clients_lock(self) -> Path:
        return self.folder / "clients.lock"

    @property
    def start_log(self) -> Path:
        return self.folder / "start.log"

    @property
    def run(self) -> Path:
        """The socket's folder: the same for every process, so never below TMPDIR."""
        run = self.folder / "run"
        if len(os.fsencode(run)) <= _LONGEST_SOCKET_FOLDER_BYTES and not _NOT_IN_SOCKET_FOLDER & set(str(run)):
            return run
        place = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return _SOCKET_FOLDERS / f"{USER}-{os.geteuid()}-{place}"

    def make_private(self, folder: Path) -> None:
        """Make `folder` if need be, for the server's eyes only.

        Raises `ConfigurationError` when it is somebody else's: whoever owns it could read what goes there.
        """
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        # Through a descriptor, and never along a link: in /tmp a stranger may exchange a name at any moment.
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(descriptor).st_uid not in {os.geteuid(), self.account.uid}:
                raise _foreign(folder)
            os.fchmod(descriptor, 0o700)
            self.account.own(descriptor)
        finally:
            os.close(descriptor)

    def check(self) -> None:
        """Raise `ConfigurationError` when our programs cannot open this data, or we have no password for it."""
        if not self.password.exists():
            raise ConfigurationError(
                f"{self.password} is missing, and without it nobody gets at the data beside it. Restore the whole "
                "folder from a copy, or set ARYABHATTA_HOME to another folder."
            )
        major = (self.data / "PG_VERSION").read_text().strip()
        if major != MAJOR:
            raise ConfigurationError(
                f"{self.data} was made by PostgreSQL {major}, and this is {MAJOR}. Dump it with version {major} and "
                f"restore the dump here, or set ARYABHATTA_HOME to another folder."
            )

    def create(self, start_lock: int, *, durable: bool) -> None:
        """Make the data folder. It appears whole or not at all, whatever dies meanwhile.

        initdb inherits the lock: if we are killed, nobody tries again while it still writes. Raises
        `Unavailable` with what initdb said.
        """
        fresh, password = self.folder / "data.new", self.folder / "password.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self.make_private(fresh)
        self._write_password(password)
        command = [*self._initdb(fresh, password), *([] if durable else ["--no-sync"])]
        made = self.account.run(command, inherit=[start_lock])
        if made.returncode:
            raise failed(f"PostgreSQL could not make its data folder in {self.folder}", made.stdout + made.stderr)
        password.rename(fresh / password.stem)
        _sync(fresh)
        fresh.rename(self.data)
        _sync(self.folder)

    def _write_password(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123 (the mode)
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        self.account.own(path)

    def _initdb(self, data: Path, password: Path) -> list[str | Path]:
        return [
            binaries(self.folder, self.account) / "initdb",
            f"--pgdata={data}",
            f"--username={USER}",
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *(f"--set={setting}" for setting in _TUNING),
        ]


def cluster_of(home: Path) -> Cluster:
    """The cluster of a home, its folder made if need be. Safe from any number of processes at once.

    Raises `ConfigurationError` when the folder is somebody else's or gone.
    """
    account = server_account()
    home.mkdir(mode=0o711 if account.is_other else 0o700, parents=True, exist_ok=True)
    with locked(home / "postgres.lock"):
        place = home / "postgres"
        folder = _existing(place) if place.is_symlink() or place.exists() else _made(place, account)
    return Cluster(folder, _keeper(folder / "data", account))


def _keeper(data: Path, account: Account) -> Account:
    """Whose server this is: the owner of its data, for the accounts of a machine may change, or a new one's."""
    if not account.is_other or not data.exists():
        return account
    owner = owner_of(data)
    if not owner.is_other:
        raise ConfigurationError(
            f"{data} belongs to root, as which PostgreSQL does not run. Run: chown -R {name_of(account.uid)} '{data}'"
        )
    return owner


def failed(what: str, output: str) -> Unavailable:
    """An error that ends with what the server's programs said."""
    said = output.strip()[-2000:]
    advice = "The disk is full: make room, then start again.\n" if "No space left on device" in said else ""
    return Unavailable(f"{what}. {advice}It said:\n{said}")


def _existing(place: Path) -> Path:
    folder = place.resolve()
    if not folder.is_dir():
        raise ConfigurationError(
            f"The database of {place.parent} should be in {folder}, which is gone. Bring it back, or remove "
            f"{place} to begin with an empty one."
        )
    if {folder.stat().st_uid, place.lstat().st_uid} != {os.geteuid()}:
        raise _foreign(place)
    return folder


def _made(place: Path, account: Account) -> Path:
    if account.can_enter(place.parent):
        place.mkdir(mode=0o700)
        place.chmod(0o711 if account.is_other else 0o700)
        return place.resolve()
    SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=SYSTEM_FOLDER, prefix="postgres-"))
    folder.chmod(0o711)
    place.symlink_to(folder)
    _log.info("The database is kept in %s: the account of its server may not enter %s", folder, place.parent)
    return folder


def _foreign(path: Path) -> ConfigurationError:
    owner = name_of(path.lstat().st_uid)
    return ConfigurationError(
        f"{path} belongs to {owner}. Start Aryabhatta as {owner}, or set ARYABHATTA_HOME to a folder of your own."
    )


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
