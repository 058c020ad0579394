"""The account that the embedded server runs as: Postgres refuses root, so root needs somebody else."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError

_FOR_ROOT = ("postgres", "nobody")
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether it is not the one this process runs as."""
        return self.uid != os.geteuid()

    def own(self, path: Path | int) -> None:
        """Hand a file or folder, or the one that is open as a descriptor, over to this account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Whether every folder on the way to `folder`, itself included, lets this account pass."""
        return not self.is_other or self.run(["/bin/sh", "-c", 'test -x "$1"', "sh", folder]).returncode == 0

    def run(self, command: Sequence[str | Path], *, inherit: Sequence[int] = ()) -> subprocess.CompletedProcess[str]:
        """Run `command` to its end, in `/`: our own working folder may be closed to the account.

        `inherit` are descriptors that it gets too, for the locks they carry: it holds them even if we die.
        """
        return subprocess.run(  # noqa: S603 (our own commands only)
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            pass_fds=inherit,
            **self._context(),
        )

    def spawn(self, command: Sequence[str | Path], *, log: Path, inherit: int) -> subprocess.Popen[bytes]:
        """Start `command`, which also gets the descriptor `inherit`.

        It has a session of its own: Ctrl-C in the terminal that started us must not stop it.
        """
        with log.open("wb") as output:
            return subprocess.Popen(  # noqa: S603 (our own commands only)
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(inherit,),
                start_new_session=True,
                **self._context(),
            )

    def _context(self) -> dict[str, Any]:
        who = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}
        return {"cwd": "/", "env": _ENVIRONMENT, **who}


def server_account() -> Account:
    """Who a new server of this process runs as: ourselves, or for root the first of `postgres` and `nobody`.

    Raises `ConfigurationError` when root has neither.
    """
    if os.geteuid():
        return Account(os.geteuid(), os.getegid())
    for name in _FOR_ROOT:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise ConfigurationError(
        "PostgreSQL does not run as root, and this machine has no account 'postgres' or 'nobody' to run it as. "
        "Start Aryabhatta as another user, or set DB_CONNECTION_STRING to a server of yours."
    )


def owner_of(folder: Path) -> Account:
    """The account that a folder belongs to."""
    status = folder.stat()
    return Account(status.st_uid, status.st_gid)


def name_of(uid: int) -> str:
    """A user's name for a sentence, or `user 1234`."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
