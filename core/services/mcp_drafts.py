"""An MCP server while it is being described: nothing that is typed is lost, and it is read as it stands."""

import re
import shlex
from typing import Literal

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.result import Err, Ok, Result
from core.domain.tool_source import McpServer
from core.repositories.preferences import PreferenceRepository
from core.services.keeping import keep

Way = Literal["command", "url"]


class McpDraft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the form holds, both ways of reaching a server side by side."""

    by: Way = "command"
    command: str = ""
    variables: str = ""
    """NAME=value, a line each."""
    secrets: str = ""
    """NAME=SECRET, a line each: the variable, and the name of the secret whose value it gets."""
    url: str = ""
    bearer: str = ""
    oauth: bool = False
    """A person signs in to the address."""
    hosts: str = ""
    """Separated by commas."""
    name: str = ""


class McpDrafts:
    """One draft for each person."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, who: str) -> McpDraft:
        with UnitOfWork(self._engine) as unit:
            return msgspec.convert(PreferenceRepository(unit.session).get(_key(who)), McpDraft)

    def put(self, draft: McpDraft, who: str) -> Result[str]:
        with UnitOfWork(self._engine) as unit:
            kept = PreferenceRepository(unit.session).put(_key(who), msgspec.to_builtins(draft), who)
            return keep(unit, kept)

    def discard(self, who: str) -> None:
        with UnitOfWork(self._engine) as unit:
            PreferenceRepository(unit.session).delete(_key(who))
            unit.commit()


def server_of(draft: McpDraft) -> Result[McpServer]:
    """The server that a draft describes, as far as it can be read."""
    if draft.by == "url":
        hosts = tuple(host.strip() for host in draft.hosts.split(",") if host.strip())
        bearer = "" if draft.oauth else draft.bearer.strip()
        return Ok(McpServer(url=draft.url.strip(), bearer=bearer, oauth=draft.oauth, allow_hosts=hosts))
    try:
        command = tuple(shlex.split(draft.command))
    except ValueError as error:
        return Err("invalid", f"The command cannot be read: {str(error).lower()}.", "command")
    env, secret_env = _pairs(draft.variables, "variables"), _pairs(draft.secrets, "secrets")
    if isinstance(env, Err):
        return env
    if isinstance(secret_env, Err):
        return secret_env
    return Ok(McpServer(command=command, env=env.value, secret_env=secret_env.value))


def suggested_name(server_name: str) -> str:
    """A legal name for a source, from what the server calls itself: `mcp-time 2026.1` becomes `mcp-time`."""
    first = server_name.partition(" ")[0].rpartition("/")[2]
    return re.sub(r"[^a-zA-Z0-9_-]+", "_", first).strip("_")[:40]


def _pairs(text: str, field: str) -> Result[dict[str, str]]:
    pairs: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, value = line.partition("=")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name.strip()) or not value.strip():
            return Err("invalid", f"{line!r} is not NAME=value.", field)
        pairs[name.strip()] = value.strip()
    return Ok(pairs)


def _key(who: str) -> str:
    return f"mcp_draft:{who}"
