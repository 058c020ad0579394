"""Embedded servers for tests that kill them, and other processes that use them."""

import json
import os
import pwd
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from core.db.account import Account
from core.db.locks import locked, locked_if_free

ROOT = Path(__file__).parents[2]
IS_ROOT = os.geteuid() == 0


class ClientError(Exception):
    """What a client said went wrong: the name of the error and its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class Client:
    """Another process that uses the server of `home`, in a session of its own, as `account` or as ourselves."""

    def __init__(self, home: Path, account: Account | None = None) -> None:
        identity = [str(account.uid), str(account.gid)] if account else []
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("embedded_child.py")), str(home), *identity],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
            start_new_session=True,
        )

    def tell(self, command: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def hear(self) -> Any:
        """The next answer. Raises `ClientError` when it is an error."""
        assert self.process.stdout
        said = json.loads(self.process.stdout.readline())
        if "error" in said:
            raise ClientError(said["error"], said["message"])
        return said["answer"]

    def ask(self, command: str) -> Any:
        self.tell(command)
        return self.hear()

    def end(self) -> None:
        """Let it leave as a program that has done its work."""
        self.process.communicate()

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """A signal to its whole process group, as Ctrl-C in its terminal would be."""
        os.killpg(self.process.pid, how)
        self.process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.end()


def folder_of(home: Path) -> Path:
    return (home / "postgres").resolve()


def server_pid(home: Path) -> int:
    return int((folder_of(home) / "data/postmaster.pid").read_text().splitlines()[0])


def is_running(home: Path) -> bool:
    """Whether any process of the server lives."""
    if not folder_of(home).exists():
        return False
    with locked_if_free(folder_of(home) / "server.lock") as lock:
        return lock is None


def wait_until_stopped(home: Path) -> None:
    """Block until the last process of the server is gone."""
    with locked(folder_of(home) / "server.lock"):
        pass


def kill_server(home: Path) -> None:
    """kill -9 for every process of the server at once."""
    first = psutil.Process(server_pid(home))
    for process in [first, *first.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def nobody() -> Account:
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)
