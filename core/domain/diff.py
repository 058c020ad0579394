"""What differs between two texts or two specs, in words that a person reads."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import chain, groupby
from typing import Literal

import msgspec

from core.domain.agent import AgentSpec, Variable
from core.domain.canonical import canonical
from core.domain.tool import Policy, ToolChoice

Op = Literal["equal", "insert", "delete"]
_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
_NOT_SENT = "not sent"
_POLICY: dict[Policy, str] = {"allow": "allowed", "ask": "asks first", "deny": "denied"}
_LIMITS = {
    "steps": "steps",
    "calls": "tool calls",
    "seconds": "seconds",
    "tokens": "tokens",
    "cost_usd": "cost in USD",
    "parallel": "parallel calls",
}


class WordChange(msgspec.Struct, frozen=True):
    """A stretch of text: in both (`equal`), only in the new one (`insert`), only in the old one (`delete`)."""

    op: Op
    text: str


class Change(msgspec.Struct, frozen=True):
    """One setting that differs, as a row of a table."""

    what: str
    before: str
    after: str


class Setting(msgspec.Struct, frozen=True):
    """One setting of several specs, as a row of a table: a value for each, in their order."""

    what: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


class SpecDiff(msgspec.Struct, frozen=True, kw_only=True):
    """Two specs compared: the instructions by words, everything else as a table."""

    words: tuple[WordChange, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def count(self) -> int:
        """In how many places the two differ."""
        runs = groupby(self.words, key=lambda word: word.op == "equal")
        return len(self.changes) + sum(1 for is_equal, _ in runs if not is_equal)


def spec_diff(before: AgentSpec, after: AgentSpec) -> SpecDiff:
    return SpecDiff(
        words=text_diff(before.instructions, after.instructions),
        changes=tuple(Change(row.what, *row.values) for row in setting_rows((before, after))),
    )


def text_diff(before: str, after: str) -> tuple[WordChange, ...]:
    """Word by word. Lines are compared first, so that a long text costs little."""
    return tuple(_merged(_line_changes(before.splitlines(keepends=True), after.splitlines(keepends=True))))


def _line_changes(before: list[str], after: list[str]) -> Iterator[WordChange]:
    for op, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if op == "equal":
            yield WordChange("equal", "".join(before[i1:i2]))
        else:
            yield from _word_changes("".join(before[i1:i2]), "".join(after[j1:j2]))


def _word_changes(before: str, after: str) -> Iterator[WordChange]:
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    for op, i1, i2, j1, j2 in SequenceMatcher(str.isspace, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            yield WordChange("equal", "".join(old[i1:i2]))
        else:
            yield WordChange("delete", "".join(old[i1:i2]))
            yield WordChange("insert", "".join(new[j1:j2]))


def _merged(changes: Iterable[WordChange]) -> Iterator[WordChange]:
    """Neighbours of one kind joined; between two equal stretches the deletion comes first."""
    for is_equal, stretch in groupby((c for c in changes if c.text), key=lambda change: change.op == "equal"):
        parts = tuple(stretch)
        ops: tuple[Op, ...] = ("equal",) if is_equal else ("delete", "insert")
        texts = ((op, "".join(part.text for part in parts if part.op == op)) for op in ops)
        yield from (WordChange(op, text) for op, text in texts if text)


def setting_rows(specs: Sequence[AgentSpec]) -> tuple[Setting, ...]:
    """Every setting in which some of the specs differ, but the instructions."""
    return tuple(row for row in _rows(specs) if row.differs)


def _rows(specs: Sequence[AgentSpec]) -> Iterator[Setting]:
    """Every setting there is, whether it differs or not."""
    yield Setting("Endpoint", tuple(spec.endpoint or "chosen by the server" for spec in specs))
    yield Setting("Model", tuple(spec.model or "the endpoint's default" for spec in specs))
    yield Setting("Provider", tuple(spec.provider or "pinned at the start of a run" for spec in specs))
    yield from _table("", [_parameters(spec) for spec in specs], _NOT_SENT)
    yield from _table("Tool ", [_tools(spec) for spec in specs], "not chosen")
    yield from _order("Order of the tools", [tuple(_tools(spec)) for spec in specs])
    yield from _table("Variable ", [_variables(spec) for spec in specs], "not defined")
    yield from _order("Order of the variables", [tuple(_variables(spec)) for spec in specs])
    yield from _table("Limit: ", [_limits(spec) for spec in specs], "none")
    yield Setting("Retries", tuple(_retry(spec) for spec in specs))
    yield Setting("Starters", tuple(" · ".join(spec.starters) or "none" for spec in specs))


def _table(prefix: str, tables: Sequence[Mapping[str, str]], absent: str) -> Iterator[Setting]:
    for name in dict.fromkeys(chain.from_iterable(tables)):
        yield Setting(prefix + name, tuple(table.get(name, absent) for table in tables))


def _order(what: str, names: Sequence[tuple[str, ...]]) -> Iterator[Setting]:
    """Said only where nothing but the order differs: added and removed names have rows of their own."""
    if all(sorted(one) == sorted(names[0]) for one in names):
        yield Setting(what, tuple(", ".join(one) for one in names))


def _parameters(spec: AgentSpec) -> dict[str, str]:
    given = msgspec.structs.asdict(spec.parameters)
    return {
        _title(name): _value(value) for name, value in given.items() if value is not False and value not in (None, ())
    }


def _tools(spec: AgentSpec) -> dict[str, str]:
    return {choice.name: _tool(choice) for choice in spec.tools}


def _tool(choice: ToolChoice) -> str:
    fixed = ", ".join(f"{name} = {_value(value)}" for name, value in choice.fixed.items())
    return _POLICY[choice.policy] + (f", with {fixed}" if fixed else "")


def _variables(spec: AgentSpec) -> dict[str, str]:
    return {variable.name: _variable(variable) for variable in spec.variables}


def _variable(variable: Variable) -> str:
    choices = f" of {', '.join(variable.choices)}" if variable.choices else ""
    default = f", default {variable.default}" if variable.default else ""
    return variable.type.replace("_", " ") + choices + default


def _limits(spec: AgentSpec) -> dict[str, str]:
    given = msgspec.structs.asdict(spec.limits)
    return {_LIMITS[name]: _value(value) for name, value in given.items() if value is not None}


def _retry(spec: AgentSpec) -> str:
    retry = spec.retry
    return "none" if retry.attempts == 1 else f"{retry.attempts} attempts, {_value(retry.wait_s)} s apart"


def _title(name: str) -> str:
    return {"top_p": "Top-p"}.get(name, name.replace("_", " ").capitalize())


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}" if value == float(f"{value:g}") else repr(value)
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return ", ".join(map(_value, value))
    return canonical(value).decode()
