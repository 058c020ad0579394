"""Agents as YAML files: written for people, read strictly (docs/agent-files.md)."""

import msgspec

from core.domain.agent import Agent, AgentSpec
from core.domain.result import Err, Ok, Result
from core.domain.spec_check import problems
from core.services.shape import faults
from core.services.yaml_files import read_yaml, write_yaml


class AgentFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a file holds; the order of the fields is their order in the file."""

    name: str
    description: str = ""
    avatar: str = ""
    tags: tuple[str, ...] = ()
    spec: AgentSpec = AgentSpec()


def to_yaml(agent: Agent, spec: AgentSpec) -> str:
    """The same agent always gives the same text."""
    file = AgentFile(name=agent.name, description=agent.description, avatar=agent.avatar, tags=agent.tags, spec=spec)
    return write_yaml(msgspec.to_builtins(file))


def from_yaml(text: str) -> Result[AgentFile]:
    """Read a file; `invalid` says in words where its first fault is."""
    read = read_yaml(text)
    if isinstance(read, Err):
        return read
    if fault := next(faults(read.value, AgentFile), ""):
        return Err("invalid", fault)
    file = msgspec.convert(read.value, AgentFile)
    if wrong := problems(file.spec):
        return Err("invalid", f"spec, {wrong[0].field}: {wrong[0].message}")
    return Ok(file)
