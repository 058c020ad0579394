"""Python functions as tools: drafted, read, tried in the sandbox, kept."""

import asyncio
from collections.abc import Callable

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.result import Err, Ok, Result
from core.domain.run import Run
from core.domain.tool import ToolSpec
from core.repositories.preferences import PreferenceRepository
from core.services.keeping import keep
from core.services.tool_maker import KeptTool, ToolMaker
from core.tools.executor import CannotDoError
from core.tools.python.definition import PythonTool, definition_of, tool_of
from core.tools.python.sandbox import load
from core.tools.python.signature import NotAToolError

__all__ = ["PythonTool", "PythonTools"]

BEGINNING = '''def slug(title: str, longest: int = 40) -> str:
    """Make a title fit for an address: lower case, words joined by hyphens."""
    words = "".join(char if char.isalnum() else " " for char in title.lower()).split()
    return "-".join(words)[:longest]
'''


class PythonTools:
    """One draft for each person and tool; the tool without a name is the one that does not exist yet.

    `try_out` starts a recorded run of one call; it belongs to the runs.
    """

    def __init__(self, engine: Engine, maker: ToolMaker, try_out: Callable[[ToolSpec, str, str], Result[Run]]) -> None:
        self._engine, self._maker, self._try_out = engine, maker, try_out

    def read(self, written: PythonTool) -> Result[ToolSpec]:
        """The tool that a text is; `invalid` says why it is none. Nothing of it is executed."""
        try:
            return Ok(tool_of(written))
        except NotAToolError as error:
            return Err("invalid", str(error), "code")

    def written(self, tool: ToolSpec) -> PythonTool:
        """A tool of the kind `python` as it was written, to go on writing it."""
        return definition_of(tool)

    def keep(self, written: PythonTool, who: str, *, is_new: bool = False) -> Result[KeptTool]:
        """Add a tool, or replace the one of its name. Runs under way keep what they began with."""
        tool = self.read(written)
        if isinstance(tool, Err):
            return tool
        try:
            asyncio.run(load(written.code, written.bounds))
        except CannotDoError as error:
            return Err("invalid", f"The sandbox does not take it: {error}", "code")
        return self._maker.keep(tool.value, who, is_new=is_new)

    def try_out(self, written: PythonTool, arguments_json: str, who: str) -> Result[Run]:
        """Call it once, kept or not; the run is journaled like any other."""
        tool = self.read(written)
        return tool if isinstance(tool, Err) else self._try_out(tool.value, arguments_json, who)

    def draft(self, name: str, who: str) -> PythonTool | None:
        """What was typed and is not kept yet."""
        with UnitOfWork(self._engine) as unit:
            kept = PreferenceRepository(unit.session).get(_key(name, who))
        return msgspec.convert(kept, PythonTool) if kept else None

    def put_draft(self, name: str, written: PythonTool, who: str) -> Result[str]:
        with UnitOfWork(self._engine) as unit:
            draft = msgspec.to_builtins(written)
            return keep(unit, PreferenceRepository(unit.session).put(_key(name, who), draft, who))

    def discard(self, name: str, who: str) -> None:
        with UnitOfWork(self._engine) as unit:
            PreferenceRepository(unit.session).delete(_key(name, who))
            unit.commit()


def _key(name: str, who: str) -> str:
    return f"python_draft:{who}:{name}"
