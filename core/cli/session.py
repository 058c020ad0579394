"""What every command begins with: the App, and who is asking."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import msgspec

from core import logs
from core.bootstrap import App, build
from core.cli.exits import stop
from core.engine.ports import Ports
from core.settings import Settings, load


@contextmanager
def opened() -> Iterator[App]:
    """An App that executes what this command starts and nothing else; it lets go of everything at the end."""
    app = build(settings(), adopt=False, around=_at_a_terminal)
    try:
        yield app
    finally:
        app.close()


def _at_a_terminal(ports: Ports) -> Ports:
    """Whether calls may wait for a person's answer: only a command that somebody watches does."""
    if sys.stdin.isatty() and sys.stderr.isatty():
        return ports
    return msgspec.structs.replace(ports, nobody="The command runs without a terminal: no person sits at it.")


def settings(process: str = "command") -> Settings:
    """The settings, with the log set up: a command is quiet unless ARYABHATTA_LOG_LEVEL asks for more than usual."""
    loaded = load()
    aloud = "warning" if loaded.log_level == "info" else loaded.log_level
    logs.configure(loaded.log_level, aloud=aloud, home=loaded.home, process=process)
    return loaded


def who() -> str:
    """The account that runs the command; empty where the system has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def run_id(text: str) -> UUID:
    """An id as it was typed."""
    try:
        return UUID(text.strip())
    except ValueError:
        stop(f"{text!r} is not the id of a run. Ids look like 01890a5d-ac96-774b-bcce-b302099a8057.")
