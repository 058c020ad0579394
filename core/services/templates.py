"""Agents to begin with: each does one useful thing well and shows how a prompt, variables and tools fit together.

Templates and samples are files like those that people import; a new one is a new file.
"""

from functools import cache
from pathlib import Path

import msgspec

from core.domain.agent import AgentSpec
from core.domain.result import Err
from core.services.agent_files import AgentFile, from_yaml

_FILES = Path(__file__).parent / "files"
_ORDER = (
    "number_clerk",
    "page_reader",
    "help_desk",
    "translator",
    "meeting_notes",
    "data_analyst",
    "planner",
    "writing_coach",
)


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """`name` never changes; `title` is what the new agent is called."""

    name: str
    title: str
    description: str
    avatar: str
    spec: AgentSpec

    def as_file(self, name: str) -> AgentFile:
        return AgentFile(name=name, description=self.description, avatar=self.avatar, spec=self.spec)


@cache
def templates() -> tuple[Template, ...]:
    """The most useful to a newcomer first."""
    return tuple(_template(name, _read("templates", name)) for name in _ORDER)


@cache
def samples() -> tuple[AgentFile, ...]:
    """The agents of a new workspace: they work at once with the demo model."""
    return tuple(_read("samples", name) for name in ("number_clerk", "day_planner", "note_keeper"))


def _template(name: str, file: AgentFile) -> Template:
    return Template(name=name, title=file.name, description=file.description, avatar=file.avatar, spec=file.spec)


def _read(folder: str, name: str) -> AgentFile:
    path = _FILES / folder / f"{name}.yaml"
    read = from_yaml(path.read_text(encoding="utf-8"))
    assert not isinstance(read, Err), f"{path}: {read.message}"
    return read.value
