"""Tools of Hugging Face while they are being set up: everything may still be missing, and nothing typed is lost."""

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.attachment import Upload
from core.domain.canonical import Json
from core.domain.result import Err, Result
from core.domain.run import Run
from core.domain.spec_check import Problem
from core.domain.tool import ToolSpec
from core.repositories.preferences import PreferenceRepository
from core.services.keeping import keep
from core.services.tool_catalogue import ToolCatalogue
from core.services.tool_maker import KeptTool, ToolMaker
from core.tools.hub.definition import HubTool, is_space

__all__ = ["Desk", "HubDesk", "HubTool"]

W = TypeVar("W", bound=HubTool)


class TryOut(Protocol):
    """Starts a recorded run of one call of a tool."""

    def __call__(self, tool: ToolSpec, arguments_json: str, who: str, files: Sequence[Upload], /) -> Result[Run]: ...


class Desk(msgspec.Struct, frozen=True):
    """What every kind of tool is set up with."""

    engine: Engine
    catalogue: ToolCatalogue
    maker: ToolMaker
    try_out: TryOut


class HubDesk(Generic[W]):
    """One draft for each person and tool; the tool without a name is the one that does not exist yet."""

    def __init__(self, desk: Desk, empty: W) -> None:
        self._desk, self._empty = desk, empty

    def problems(self, written: W) -> tuple[Problem, ...]:
        """What keeps it from being a tool."""
        raise NotImplementedError

    def tool(self, written: W) -> ToolSpec:
        """The tool of a definition without problems."""
        raise NotImplementedError

    def get(self, name: str, who: str) -> W:
        """What was typed so far, else the tool as it stands, else nothing."""
        if kept := self._kept(name, who):
            return msgspec.json.decode(kept["draft"], type=type(self._empty))
        tool = self._desk.catalogue.get(name) if name else None
        return msgspec.convert(tool.definition, type(self._empty)) if tool and self.is_ours(tool) else self._empty

    def is_ours(self, tool: ToolSpec) -> bool:
        """Whether it was set up here."""
        return tool.kind == "hf" and is_space(tool) == (self._tag == "space")

    def is_begun(self, name: str, who: str) -> bool:
        """Whether something was typed that is not kept yet."""
        return bool(self._kept(name, who))

    def put(self, name: str, written: W, who: str) -> Result[str]:
        # As text: the database would put the arguments into another order.
        value = {"draft": msgspec.json.encode(written).decode()}
        with UnitOfWork(self._desk.engine) as unit:
            return keep(unit, PreferenceRepository(unit.session).put(self._key(name, who), value, who))

    def discard(self, name: str, who: str) -> None:
        with UnitOfWork(self._desk.engine) as unit:
            PreferenceRepository(unit.session).delete(self._key(name, who))
            unit.commit()

    def try_out(self, written: W, arguments_json: str, who: str, files: Sequence[Upload] = ()) -> Result[Run]:
        """Call it once, kept or not; the run is journaled like any other. `files` are what the call may name."""
        if wrong := self.problems(written):
            return Err("invalid", wrong[0].message, wrong[0].field)
        return self._desk.try_out(self.tool(written), arguments_json, who, files)

    def keep(self, name: str, written: W, who: str) -> Result[KeptTool]:
        """Add a tool, or replace the one of its name, and forget the draft. Runs under way keep what they began with."""
        if wrong := self.problems(written):
            return Err("invalid", wrong[0].message, wrong[0].field)
        kept = self._desk.maker.keep(self.tool(written), who, is_new=not name)
        if not isinstance(kept, Err):
            self.discard(name, who)
        return kept

    def _kept(self, name: str, who: str) -> dict[str, Json]:
        with UnitOfWork(self._desk.engine) as unit:
            return PreferenceRepository(unit.session).get(self._key(name, who))

    @property
    def _tag(self) -> str:
        return str(type(self._empty).__struct_config__.tag)

    def _key(self, name: str, who: str) -> str:
        return f"hub_{self._tag}_draft:{name}:{who}"
