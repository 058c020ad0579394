"""The catalogue: built-in tools and those that people added, under one name each."""

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.tool import ToolSpec
from core.repositories.tools import ToolRepository
from core.tools.toolbox import Toolbox

Tools = list[ToolSpec]


class ToolCatalogue:
    """What an agent may be given."""

    def __init__(self, engine: Engine, toolbox: Toolbox) -> None:
        self._engine, self._toolbox = engine, toolbox

    def get(self, name: str) -> ToolSpec | None:
        """By name; a built-in tool is never hidden by an added one."""
        if (builtin := self._toolbox.get(name)) is not None:
            return builtin
        with UnitOfWork(self._engine) as unit:
            return ToolRepository(unit.session).get(name)

    def is_builtin(self, name: str) -> bool:
        """Whether the name belongs to a built-in tool."""
        return self._toolbox.get(name) is not None

    def list(self, search: str = "") -> Tools:
        """Built-in ones first; `search` looks at names and descriptions."""
        with UnitOfWork(self._engine) as unit:
            return [*self.builtin(search), *ToolRepository(unit.session).list(search)]

    def builtin(self, search: str = "") -> Tools:
        words = search.lower().split()
        return [tool for tool in self._toolbox.specs() if _matches(tool, words)]


def _matches(tool: ToolSpec, words: list[str]) -> bool:
    text = f"{tool.name} {tool.description}".lower()
    return all(word in text for word in words)
