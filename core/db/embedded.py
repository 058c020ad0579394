"""A PostgreSQL of our own, for whoever set no DB_CONNECTION_STRING (Linux and macOS).

A wheel brings the programs; their life is ours. Whether the server is alive is never read from a pid file,
which lies after a reboot or a kill -9: every process of the server holds an inherited file lock, so the
kernel answers. The server listens on a socket in a private folder, never on the network. Whoever uses it
shares a second lock; the last to leave stops the server, and a killed process leaves by itself.
"""

import atexit
import errno
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psycopg2
from psycopg2 import extensions, sql

from core.db.binaries import binaries
from core.db.cluster import USER, Cluster, cluster_of, failed
from core.db.locks import locked, locked_if_free, share
from core.errors import ConfigurationError, Unavailable

_STARTS = 3
_POLL_S = 0.03
_STOP_S = 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_UNUSABLE = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR, errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP}
)
"""A folder of which nothing but another choice, or its owner, makes a home."""
_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")

_joined: dict[Path, "_Membership"] = {}
"""What this process uses, by cluster folder."""
_children: list[subprocess.Popen[bytes]] = []
"""Servers that this process started: kept, or Python would complain that nobody waits for them."""


class _Membership(NamedTuple):
    cluster: Cluster
    durable: bool
    lock: int
    """Descriptor of the shared lock, open while this process uses the server."""


def ensure_postgres(home: Path, database: str = "aryabhatta", *, durable: bool = True, timeout_s: float = 60.0) -> str:
    """Start or join the server of `home`, make `database` if it is missing, return its SQLAlchemy URL.

    Safe from any number of processes and threads at once. `durable=False` trades safety on power loss for
    speed, for tests. Raises `ConfigurationError` or `Unavailable`, each saying what to do.
    """
    home = home.absolute()
    with _explained(home):
        cluster = cluster_of(home)
        with locked(cluster.start_lock) as lock:
            if not cluster.data.exists():
                cluster.create(lock, durable=durable)
            cluster.check()
            with closing(_reach(cluster, durable=durable, timeout_s=timeout_s)) as connection:
                _ensure_database(connection, database)
            _join(cluster, durable=durable)
        return _url(cluster, database)


def leave_postgres(home: Path) -> None:
    """Stop using the server of `home` now, not only when this process ends; the last to leave stops it."""
    folder = (home.absolute() / "postgres").resolve()
    _leave(folder, os.getpid())


def revive(host: str, *, timeout_s: float = 60.0) -> bool:
    """Start the server with this socket folder again, if it is one that this process uses and it is dead."""
    for cluster, durable, _lock in list(_joined.values()):
        if str(cluster.run) == host:
            with _explained(cluster.folder), locked(cluster.start_lock):
                _reach(cluster, durable=durable, timeout_s=timeout_s).close()
            return True
    return False


@contextmanager
def _explained(home: Path) -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        raise failed(f"The embedded database in {home} failed", str(error)) from error
    except OSError as error:
        if error.errno in _UNUSABLE:
            raise ConfigurationError(
                f"Cannot keep a database in {home}: {error.strerror} ({error.filename}). Set ARYABHATTA_HOME to a "
                "folder of your own, or DB_CONNECTION_STRING to a server of yours."
            ) from error
        advice = " The disk is full: make room, then start again." if error.errno in _FULL else ""
        raise Unavailable(f"The embedded database in {home} failed: {error}.{advice}") from error


def _reach(cluster: Cluster, *, durable: bool, timeout_s: float) -> extensions.connection:
    """A connection to the running server, which is started as often as it takes, within limits."""
    deadline, starts = time.monotonic() + timeout_s, 0
    while True:
        try:
            return _connect(cluster)
        except psycopg2.OperationalError as error:
            _give_up(cluster, str(error), is_late=time.monotonic() > deadline)
        starts += _start_if_dead(cluster, durable=durable, may_start=starts < _STARTS)
        time.sleep(_POLL_S)


def _start_if_dead(cluster: Cluster, *, durable: bool, may_start: bool) -> bool:
    """Start the server unless one of its processes lives: then it is running, starting or stopping."""
    with locked_if_free(cluster.server_lock) as lock:
        if lock is None:
            return False
        if not may_start:
            raise failed(f"PostgreSQL in {cluster.folder} keeps exiting", _log(cluster))
        _start(cluster, lock, durable=durable)
    return True


def _start(cluster: Cluster, lock: int, *, durable: bool) -> None:
    run = cluster.run
    for left in (cluster.data / "postmaster.pid", run / ".s.PGSQL.5432", run / ".s.PGSQL.5432.lock"):
        left.unlink(missing_ok=True)  # nobody is alive, so they name nobody, or a stranger
    cluster.make_private(run)
    settings = (
        "listen_addresses=",
        f'unix_socket_directories="{run}"',
        "unix_socket_permissions=0700",
        "logging_collector=on",
        "log_timezone=UTC",
        "timezone=UTC",
        *(() if durable else _FORGETFUL),
    )
    options = [option for setting in settings for option in ("-c", setting)]
    command = [binaries(cluster.folder, cluster.account) / "postgres", "-D", cluster.data, *options]
    _children[:] = [child for child in _children if child.poll() is None]
    _children.append(cluster.account.spawn(command, log=cluster.start_log, inherit=lock))


def _connect(cluster: Cluster, database: str = "postgres") -> extensions.connection:
    return psycopg2.connect(
        dbname=database,
        user=USER,
        password=cluster.password.read_text(),
        host=str(cluster.run),
        connect_timeout=5,
        application_name="aryabhatta start",
    )


def _give_up(cluster: Cluster, reason: str, *, is_late: bool) -> None:
    """Raise when waiting longer is no use."""
    if "password authentication failed" in reason:
        raise ConfigurationError(
            f"The embedded database does not take the password in {cluster.password}. Restore that file together "
            "with the folder it lies in."
        )
    if is_late:
        raise failed(f"PostgreSQL in {cluster.folder} does not come up: {reason.strip()}", _log(cluster))


def _log(cluster: Cluster) -> str:
    """The end of what the server wrote: before it opened its own log, then in it."""
    own = sorted((cluster.data / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
    written = [path.read_text(errors="replace")[-1500:] for path in (cluster.start_log, *own[-1:]) if path.exists()]
    return "\n".join(written)


def _ensure_database(connection: extensions.connection, name: str) -> None:
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _join(cluster: Cluster, *, durable: bool) -> None:
    if cluster.folder not in _joined:
        _joined[cluster.folder] = _Membership(cluster, durable, share(cluster.clients_lock))
        atexit.register(_leave, cluster.folder, os.getpid())


def _leave(folder: Path, pid: int) -> None:
    """Stop using the server, and stop it if nobody else does."""
    if os.getpid() != pid or folder not in _joined:
        return  # a forked child, whose parent still uses the server; or left before
    cluster, _durable, lock = _joined.pop(folder)
    with suppress(FileNotFoundError), locked(cluster.start_lock):  # a server whose folder is gone stops by itself
        os.close(lock)
        with locked_if_free(cluster.clients_lock) as alone:
            if alone is not None:
                _stop(cluster)


def _stop(cluster: Cluster) -> None:
    """Ask the server to stop and wait for its last process; pg_ctl itself would wait for a pid, even a stranger's."""
    if _is_dead(cluster):
        return
    pg_ctl = binaries(cluster.folder, cluster.account) / "pg_ctl"
    cluster.account.run([pg_ctl, "stop", "-D", cluster.data, "-m", "fast", "--no-wait"])
    deadline = time.monotonic() + _STOP_S
    while not _is_dead(cluster) and time.monotonic() < deadline:
        time.sleep(_POLL_S)


def _is_dead(cluster: Cluster) -> bool:
    with locked_if_free(cluster.server_lock) as lock:
        return lock is not None


def _url(cluster: Cluster, database: str) -> str:
    """Spelt as both SQLAlchemy and libpq read it: a space in a path as %20, where SQLAlchemy itself writes a plus."""
    host = quote(str(cluster.run), safe="")
    return f"postgresql+psycopg2://{USER}:{cluster.password.read_text()}@/{quote(database)}?host={host}"
