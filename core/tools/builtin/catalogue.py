"""The built-in tools, and how a call of each may be treated."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.domain.tool import Repeat, ToolEffect, ToolSpec
from core.tools.builtin import calculator, chance, dates, jsonquery, notebook, python, table, texts, units, web
from core.tools.schema import Signature, signature_of

_CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Builtin:
    """One function as a tool. Asynchronous functions run on the loop, all others in a thread."""

    function: Callable[..., Any]
    signature: Signature
    effect: ToolEffect
    repeat: Repeat
    time_limit_s: float

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.function)

    @property
    def wants_context(self) -> bool:
        return _CONTEXT in inspect.signature(self.function).parameters

    def spec(self) -> ToolSpec:
        return ToolSpec(
            name=self.signature.name,
            description=self.signature.description,
            parameters=self.signature.parameters,
            effect=self.effect,
            repeat=self.repeat,
            time_limit_s=self.time_limit_s,
            id=f"builtin:{self.signature.name}",
        )


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Builtin]:
    """Every built-in tool by name, in the order in which people are shown them.

    Drawing again is safe for chance: a draw that nobody saw decided nothing.
    """
    tools = [
        _builtin(calculator.calculator, time_limit_s=5),
        _builtin(dates.current_time, time_limit_s=5),
        _builtin(dates.date_add, time_limit_s=5),
        _builtin(dates.date_difference, time_limit_s=5),
        _builtin(units.convert_units, time_limit_s=10),
        _builtin(chance.random_number, time_limit_s=5),
        _builtin(chance.roll_dice, time_limit_s=5),
        _builtin(texts.text_statistics, time_limit_s=10),
        _builtin(jsonquery.query_json, time_limit_s=15),
        _builtin(table.query_table, time_limit_s=20),
        _builtin(web.read_web_page, time_limit_s=30),
        _builtin(python.run_python, time_limit_s=20),
        _builtin(notebook.notebook_write, effect="write", repeat="key", time_limit_s=15),
        _builtin(notebook.notebook_read, time_limit_s=15),
    ]
    return {tool.signature.name: tool for tool in tools}


def _builtin(
    function: Callable[..., Any], *, effect: ToolEffect = "read", repeat: Repeat = "safe", time_limit_s: float
) -> Builtin:
    return Builtin(function, signature_of(function, hidden=frozenset({_CONTEXT})), effect, repeat, time_limit_s)
