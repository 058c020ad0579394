import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.cli.main import main
from core.domain.result import Ok
from core.services.connections import Connections
from core.services.endpoints import EndpointService
from core.services.secrets import SecretService

ROOT = Path(__file__).parents[2]


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def environment(settings, monkeypatch):
    """The variables that lead a command to this test's workspace."""
    given = {"DB_CONNECTION_STRING": settings.database_url, "ARYABHATTA_HOME": str(settings.home)}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


@pytest.fixture
def cli(environment, capsysbinary, monkeypatch) -> Callable[..., Ended]:
    """Run a command in this process."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def run(*arguments: str) -> Ended:
        capsysbinary.readouterr()
        code = main(list(arguments))
        out, err = capsysbinary.readouterr()
        return Ended(code, out.decode(), err.decode())

    return run


@pytest.fixture
def spawn(environment) -> Callable[..., subprocess.Popen]:
    """Start a command as a process of its own."""
    started = []

    def start(*arguments: str, **changed: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", *arguments],
            cwd=ROOT,
            env={**os.environ, **environment, **changed},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def python_m_core(spawn) -> Callable[..., Ended]:
    """Run a command as a process of its own, to its end."""

    def run(*arguments: str, **changed: str) -> Ended:
        process = spawn(*arguments, **changed)
        out, err = process.communicate(timeout=60)
        return Ended(process.returncode, out.decode(), err.decode())

    return run


@pytest.fixture
def add_endpoint(engine, settings):
    """Make a server known under a name, without a command."""

    def add(name: str, base_url: str, model: str = "scripted") -> None:
        secrets = SecretService(engine, settings)
        endpoints = EndpointService(engine, settings, secrets, Connections(secrets, None, _NoLocal()))
        assert isinstance(endpoints.add(name, base_url, "test", model=model), Ok)

    return add


class _NoLocal:
    def names(self) -> tuple[str, ...]:
        return ()


@pytest.fixture
def empty_home(databases, monkeypatch):
    """Another workspace, for what is carried elsewhere."""

    @contextmanager
    def move():
        with databases.fresh() as url, monkeypatch.context() as there:
            there.setenv("DB_CONNECTION_STRING", url)
            yield

    return move
