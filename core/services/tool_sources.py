"""Sources of tools: MCP servers, what they offer, which of it is used here, and what of that changed since."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.result import Err, Ok, Result
from core.domain.tool import ToolSpec
from core.domain.tool_source import ListedTool, McpServer, ToolDrift, ToolProgress, ToolSource
from core.errors import Fault, FaultError
from core.repositories.tool_sources import ToolSourceRepository
from core.repositories.tools import ToolRepository
from core.services.executor import Executor
from core.services.keeping import keep
from core.tools.mcp.definition import McpTool, tool_of, why_not
from core.tools.mcp.executor import Survey
from core.tools.naming import Names
from core.tools.toolbox import Toolbox

Listing = tuple[ListedTool, ...]
Sources = list[ToolSource]
SIGN_IN = "sign_in"
"""The `field` of a refusal where a server wants a person to sign in."""
_ANSWER_S = 120.0
"""A command may have to be downloaded first."""


class Offer(msgspec.Struct, frozen=True):
    """A tool of a server. `reason` says why it cannot be used here, or is empty."""

    tool: ListedTool
    reason: str


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a server answered when it was asked for its tools."""

    server: McpServer
    server_name: str
    offers: tuple[Offer, ...]
    took_ms: float

    @property
    def usable(self) -> Listing:
        return tuple(offer.tool for offer in self.offers if not offer.reason)


class ToolSourceService:
    """Servers are asked on the engine's loop, through the sessions that runs use."""

    def __init__(self, engine: Engine, toolbox: Toolbox, executor: Executor) -> None:
        self._engine, self._toolbox, self._executor = engine, toolbox, executor

    def list(self) -> Sources:
        with UnitOfWork(self._engine) as unit:
            return ToolSourceRepository(unit.session).list()

    def get(self, name: str) -> ToolSource | None:
        with UnitOfWork(self._engine) as unit:
            return ToolSourceRepository(unit.session).get(name)

    def tools(self, name: str) -> dict[str, ToolSpec]:
        """The tools in use of a source, by their names there."""
        with UnitOfWork(self._engine) as unit:
            return _by_name_there(ToolRepository(unit.session).of_source(name, "mcp"))

    def look(self, server: McpServer) -> Result[Look]:
        """Ask a server what it offers; nothing is kept."""
        if problem := _problem(server):
            return problem
        began_s = time.perf_counter()
        try:
            survey = self._survey(server)
        except FaultError as error:
            wants_person = bool(server.url) and error.fault.kind == "auth"
            return Err("unavailable", error.fault.message, SIGN_IN if wants_person else "")
        return Ok(
            Look(
                server=server,
                server_name=survey.server_name,
                offers=tuple(Offer(tool, why_not(tool)) for tool in survey.tools),
                took_ms=(time.perf_counter() - began_s) * 1000,
            )
        )

    def offers(self, source: ToolSource) -> tuple[Offer, ...]:
        """What a source offered when it last answered."""
        return tuple(Offer(tool, why_not(tool)) for tool in source.seen)

    def add(self, name: str, look: Look, who: str, only: Collection[str] | None = None) -> Result[ToolSource]:
        """Keep a server and take in its tools as they were shown, or only some of them, by their names there."""
        accepted = _chosen(look.usable, only)
        if isinstance(accepted, Err):
            return accepted
        seen = tuple(offer.tool for offer in look.offers)

        def change(sources: ToolSourceRepository) -> Result[ToolSource]:
            return sources.add(name, look.server, look.server_name, accepted.value, seen, who)

        return self._pin(change, who)

    def check(self, name: str) -> Result[ToolSource]:
        """Ask a server what it says now. That it does not answer is kept as its `fault`; what is in use stays."""
        source = self.get(name)
        if source is None:
            return _gone(name)
        try:
            survey = self._survey(source.server)
        except FaultError as error:
            message = error.fault.message
            with UnitOfWork(self._engine) as unit:
                return keep(unit, ToolSourceRepository(unit.session).failed(name, message))
        with UnitOfWork(self._engine) as unit:
            return keep(unit, ToolSourceRepository(unit.session).said(name, survey.server_name, survey.tools))

    def heard(self, tool: McpTool, listing: Listing) -> None:
        """What a run found: it is kept, so that everybody sees it until it is accepted."""
        with UnitOfWork(self._engine) as unit:
            sources = ToolSourceRepository(unit.session)
            source = sources.get(tool.source)
            if source is not None and source.server == tool.server and source.seen != listing:
                keep(unit, sources.said(tool.source, source.server_name, listing))

    def accept(self, name: str, shown: Mapping[str, str], who: str) -> Result[ToolSource]:
        """Take changes over. `shown`: for each tool the hash of the description that the person saw, of one that is
        gone the empty text; what changed again since is refused.
        """
        source = self.get(name)
        if source is None:
            return _gone(name)
        drifts = {drift.tool: drift for drift in source.drifts}
        if problem := _not_as_shown(drifts, shown):
            return problem
        now = {tool: drifts[tool].now for tool in shown}
        accepted = tuple(tool for old in source.accepted if (tool := now.get(old.name, old)) is not None)
        return self._pin(lambda sources: sources.accept(name, accepted, who), who)

    def choose(self, name: str, tools: Collection[str], who: str) -> Result[ToolSource]:
        """Which tools are used, by their names there. One that is used already stays as it was accepted."""
        source = self.get(name)
        if source is None:
            return _gone(name)
        known = {tool.name: tool for tool in source.seen} | {tool.name: tool for tool in source.accepted}
        usable = tuple(tool for tool in known.values() if tool in source.accepted or not why_not(tool))
        accepted = _chosen(usable, tools)
        if isinstance(accepted, Err):
            return accepted
        return self._pin(lambda sources: sources.accept(name, accepted.value, who), who)

    def remove(self, name: str, who: str) -> Result[ToolSource]:
        """Take a server and its tools out of the catalogue. Runs under way keep what they began with."""
        with UnitOfWork(self._engine) as unit:
            tools = ToolRepository(unit.session)
            for tool in tools.of_source(name, "mcp"):
                tools.archive(tool.name)
            return keep(unit, ToolSourceRepository(unit.session).archive(name, who))

    def progress(self, run_id: UUID, effect: str) -> ToolProgress | None:
        """How far a call is that this process executes; None where its server does not tell."""
        return self._toolbox.progress(f"{run_id}/{effect}")

    def _survey(self, server: McpServer) -> Survey:
        """Raises `FaultError`."""
        try:
            return self._executor.ask(lambda: self._toolbox.survey(server), self._toolbox.hang_up, _ANSWER_S)
        except TimeoutError:
            raise FaultError(Fault("timeout", f"The server did not answer within {_ANSWER_S:g} seconds.")) from None

    def _pin(self, change: Callable[[ToolSourceRepository], Result[ToolSource]], who: str) -> Result[ToolSource]:
        """Change a source and make the tools of the catalogue what is accepted of it, both or neither."""
        with UnitOfWork(self._engine) as unit:
            changed = change(ToolSourceRepository(unit.session))
            if isinstance(changed, Err):
                return changed
            pinned = self._pin_tools(ToolRepository(unit.session), changed.value, who)
            return pinned if isinstance(pinned, Err) else keep(unit, changed)

    def _pin_tools(self, tools: ToolRepository, source: ToolSource, who: str) -> Result[None]:
        used = _by_name_there(tools.of_source(source.name, "mcp"))
        known = _by_name_there(tools.of_source(source.name, "mcp", archived=True)) | used
        taken = {*tools.names(), *(tool.name for tool in self._toolbox.specs())}
        names = Names(f"{source.name}_", taken)
        for listed in source.accepted:
            there = known.get(listed.name)
            name = there.name if there else names.take(listed.name)
            tool = tool_of(name, source.name, source.server, listed)
            kept = tools.update(tool, source.name) if there else tools.add(tool, source.name, who)
            if isinstance(kept, Err):
                return kept
        accepted = {listed.name for listed in source.accepted}
        for gone in (tool for there, tool in used.items() if there not in accepted):
            tools.archive(gone.name)
        return Ok(None)


def _by_name_there(tools: Iterable[ToolSpec]) -> dict[str, ToolSpec]:
    return {msgspec.convert(tool.definition, McpTool).tool: tool for tool in tools}


def _problem(server: McpServer) -> Err | None:
    if bool(server.command) == bool(server.url):
        return Err("invalid", "Give a command or an address, one of them.", "command")
    if server.url and not server.url.startswith(("http://", "https://")):
        return Err("invalid", "The address begins with https:// or http://.", "url")
    return None


def _chosen(usable: Listing, only: Collection[str] | None) -> Result[Listing]:
    names = {tool.name for tool in usable}
    if unknown := [name for name in only or () if name not in names]:
        return Err("invalid", f"The server offers no tool named {unknown[0]} that can be used here.", "tools")
    accepted = tuple(tool for tool in usable if only is None or tool.name in only)
    return Ok(accepted) if accepted else Err("invalid", "There is no tool to take in. Choose at least one.", "tools")


def _not_as_shown(drifts: Mapping[str, ToolDrift], shown: Mapping[str, str]) -> Err | None:
    """Why changes cannot be accepted."""
    for tool, shown_hash in shown.items():
        drift = drifts.get(tool)
        now = drift.now if drift else None
        if drift is None or (now.hash() if now else "") != shown_hash:
            return Err("conflict", f"{tool} is no longer what was shown. Look at it again.", "tools")
        if now and (reason := why_not(now)):
            return Err("invalid", f"{tool} cannot be used any more: {reason}. Leave it out instead.", "tools")
    return None


def _gone(name: str) -> Err:
    return Err("not_found", f"There is no source of tools named {name}.", "name")
