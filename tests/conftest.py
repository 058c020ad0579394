"""Fixtures for all tests: a real database each, settings of its own, and no way out of this machine."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.db import cluster
from core.db.engine import create_engine
from core.settings import Settings
from tests.support.databases import Databases
from tests.support.environment import forget
from tests.support.network import only_loopback

_SCRATCH = "TESTS_SCRATCH"
"""Environment variable that tells the worker processes of a session where their shared folder is."""


def pytest_configure(config: pytest.Config) -> None:
    if _SCRATCH not in os.environ:
        scratch = Path(tempfile.mkdtemp(prefix="tests-"))
        scratch.chmod(0o711)  # as root the server runs as another account, which has to pass
        os.environ[_SCRATCH] = str(scratch)
        config.add_cleanup(lambda: shutil.rmtree(scratch, ignore_errors=True))
    forget(Path(os.environ[_SCRATCH]))


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    with only_loopback():
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_outside() -> Iterator[None]:
    """Root's clusters go to the scratch folder instead of /var/lib when pytest's own folders are closed to others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "SYSTEM_FOLDER", Path(os.environ[_SCRATCH]) / "system")
        yield


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """The embedded server of this test session."""
    databases = Databases(Path(os.environ[_SCRATCH]) / "home")
    yield databases
    databases.close()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A fresh migrated database."""
    with databases.fresh() as url:
        yield url


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A database without any table."""
    with databases.empty() as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh migrated database."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of a workspace of its own: a home below `tmp_path` and a fresh migrated database."""
    return Settings(home=tmp_path / "home", database_url=database_url)
