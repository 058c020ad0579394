"""Where the embedded server's files go, and joining it from within one process."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import create_engine as plain_engine
from sqlalchemy import text

from core.db import binaries, cluster
from core.db.account import server_account
from core.db.embedded import ensure_postgres, leave_postgres
from core.db.engine import create_engine
from core.errors import ConfigurationError
from tests.support.embedded import IS_ROOT, ROOT, folder_of, is_running, nobody, server_pid, wait_until_stopped

needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root's server runs as another account")


@pytest.fixture(scope="module")
def used_home() -> Iterator[Path]:
    """A home with a database in it, and no running server."""
    room = Path(tempfile.mkdtemp(dir=os.environ["TESTS_SCRATCH"]))
    room.chmod(0o755)
    ensure_postgres(room / "used", durable=False)
    leave_postgres(room / "used")
    yield room / "used"
    shutil.rmtree(room)


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder that every account may pass."""
    room = Path(tempfile.mkdtemp(dir=os.environ["TESTS_SCRATCH"]))
    room.chmod(0o755)
    yield room
    shutil.rmtree(room)


@pytest.fixture
def system_folder(room: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for /var/lib/aryabhatta."""
    monkeypatch.setattr(cluster, "SYSTEM_FOLDER", room / "var lib")
    return room / "var lib"


def use(url: str) -> None:
    """The URL works, for SQLAlchemy and, without the driver's name, for libpq."""
    engine = plain_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT lower('ÀÉÑ')")) == "àéñ"
    engine.dispose()
    psycopg2.connect(url.replace("+psycopg2", "")).close()


@needs_root
def test_a_home_that_the_account_may_not_enter_gets_a_linked_folder(room: Path, system_folder: Path):
    closed = room / "root"
    closed.mkdir(mode=0o700)
    use(ensure_postgres(closed / "home", durable=False))
    leave_postgres(closed / "home")
    assert (closed / "home/postgres").is_symlink()
    assert folder_of(closed / "home").parent == system_folder
    closed.chmod(0o755)  # the choice is made once: the data stays where it is
    use(ensure_postgres(closed / "home", durable=False))
    leave_postgres(closed / "home")
    assert closed.stat().st_mode & 0o777 == 0o755
    assert len(list(system_folder.iterdir())) == 1


@needs_root
def test_programs_that_the_account_may_not_reach_are_copied_once(room: Path, monkeypatch: pytest.MonkeyPatch):
    package, found = binaries._installed()
    closed = room / "root" / "site-packages"
    shutil.copytree(found, closed / package, symlinks=True)
    for libraries in found.parent.glob(f"{package}.libs"):
        shutil.copytree(libraries, closed / libraries.name, symlinks=True)
    (room / "root").chmod(0o700)
    monkeypatch.setattr(binaries, "_installed", lambda: (package, closed / package))
    use(ensure_postgres(room / "home", durable=False))
    leave_postgres(room / "home")
    copies = [path.name for path in folder_of(room / "home").iterdir() if path.name.startswith(package)]
    assert copies == [f"{package}-{binaries.version(package)}"]
    assert (room / "root").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "name", ["with, comma", "with \"quotes\" and 'quotes'", "back\\slash", "ü" * 60, "plus+percent%"]
)
def test_any_path_will_do(used_home: Path, room: Path, name: str):
    home = room / name
    used_home.rename(home)
    use(ensure_postgres(home, durable=False))
    socket_folder = cluster.cluster_of(home).run
    leave_postgres(home)
    home.rename(used_home)
    if socket_folder.parent.name != "postgres":
        shutil.rmtree(socket_folder)


@pytest.fixture
def socket_folder(room: Path) -> Iterator[Path]:
    """Where the socket of `room / ("x" * 100)` goes, whose own path is too long for a socket."""
    folder = cluster.cluster_of(room / ("x" * 100)).run
    assert folder.parent == Path("/tmp")
    yield folder
    folder.unlink() if folder.is_symlink() else folder.rmdir()


@needs_root
def test_a_socket_folder_that_a_stranger_made_first_is_refused(room: Path, socket_folder: Path):
    socket_folder.mkdir()
    nobody().own(socket_folder)
    with pytest.raises(ConfigurationError, match="belongs to nobody"):
        ensure_postgres(room / ("x" * 100), durable=False)


def test_a_socket_folder_that_is_a_link_is_not_followed(room: Path, socket_folder: Path):
    (room / "target").mkdir(mode=0o755)
    socket_folder.symlink_to(room / "target")
    with pytest.raises(ConfigurationError, match="Cannot keep a database"):
        ensure_postgres(room / ("x" * 100), durable=False)
    assert (room / "target").stat().st_mode & 0o777 == 0o755


def test_files_are_closed_to_others(used_home: Path):
    ensure_postgres(used_home, durable=False)
    leave_postgres(used_home)
    folder = folder_of(used_home)
    assert used_home.stat().st_mode & 0o777 == (0o711 if IS_ROOT else 0o700)
    assert folder.stat().st_mode & 0o777 == (0o711 if IS_ROOT else 0o700)
    assert {name: (folder / name).stat().st_mode & 0o777 for name in ("data", "run")} == {"data": 0o700, "run": 0o700}
    assert (folder / "data/password").stat().st_mode & 0o777 == 0o600
    assert (folder / "data").stat().st_uid == server_account().uid


def test_a_forked_child_that_ends_does_not_stop_it(used_home: Path):
    script = f"""
import os, sys
from pathlib import Path
from core.db.embedded import ensure_postgres
home = Path({str(used_home)!r})
ensure_postgres(home, durable=False)
child = os.fork()
if child == 0:
    sys.exit()
os.waitpid(child, 0)
print((home / "postgres/data/postmaster.pid").exists())
"""
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "True"
    assert said.stderr == ""
    wait_until_stopped(used_home)


def test_threads_share_one_server(used_home: Path):
    with ThreadPoolExecutor(8) as pool:
        urls = list(pool.map(lambda _: ensure_postgres(used_home, durable=False), range(8)))
    assert len(set(urls)) == 1
    leave_postgres(used_home)
    wait_until_stopped(used_home)


def test_an_engine_brings_its_dead_server_back(used_home: Path):
    engine = create_engine(ensure_postgres(used_home, durable=False))
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    os.kill(server_pid(used_home), signal.SIGKILL)
    wait_until_stopped(used_home)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()
    leave_postgres(used_home)
    assert not is_running(used_home)
