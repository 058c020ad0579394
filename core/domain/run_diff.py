"""Two runs side by side: where they begin to differ. Pure."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import msgspec

from core.domain.state import CallState, RunState, StepState


class Difference(msgspec.Struct, frozen=True):
    """`where`: `input`, a field of the spec, or a place such as `step 2 · call 1 · arguments`."""

    where: str
    a: str
    b: str


class RunDiff(msgspec.Struct, frozen=True, kw_only=True):
    """`settings` are differences before the first step; `first` is the first divergence of what happened."""

    settings: tuple[Difference, ...] = ()
    steps: tuple[Difference, ...] = ()

    @property
    def first(self) -> Difference | None:
        return next(iter(self.steps), None)


def run_diff(a: RunState, b: RunState) -> RunDiff:
    """Settings, then what happened, aligned by step. Times, ids and attempts do not count."""
    return RunDiff(settings=tuple(_settings(a, b)), steps=tuple(_steps(a, b)))


def _settings(a: RunState, b: RunState) -> Iterator[Difference]:
    yield from _differ("input", a.input, b.input)
    yield from _differ("attachments", _attached(a), _attached(b))
    left, right = msgspec.to_builtins(a.spec), msgspec.to_builtins(b.spec)
    for name in dict.fromkeys([*left, *right]):
        yield from _differ(name, _text(left.get(name)), _text(right.get(name)))


def _attached(state: RunState) -> str:
    return ", ".join(f"{one.name} ({one.sha256[:12]})" for one in state.attachments) or "none"


def _steps(a: RunState, b: RunState) -> Iterator[Difference]:
    for left, right in zip_longest(a.steps, b.steps):
        number = (left or right).number
        if left is None or right is None:
            yield Difference(f"step {number}", "there" if left else "not there", "there" if right else "not there")
        else:
            yield from _step(f"step {number}", left, right)
    yield from _differ("end", _end(a), _end(b))


def _step(where: str, a: StepState, b: StepState) -> Iterator[Difference]:
    yield from _differ(f"{where} · text", _said(a), _said(b))
    for place, (left, right) in enumerate(zip_longest(a.calls, b.calls), start=1):
        at = f"{where} · call {place}"
        yield from _differ(f"{at} · tool", left.call.name if left else "none", right.call.name if right else "none")
        if left and right:
            yield from _differ(f"{at} · arguments", left.call.arguments, right.call.arguments)
            yield from _differ(f"{at} · result", _result(left), _result(right))


def _said(step: StepState) -> str:
    if step.model.decision is not None:
        return step.model.decision.text
    return step.model.gave_up.output if step.model.gave_up else ""


def _result(call: CallState) -> str:
    if call.refused is not None:
        return f"refused: {call.refused.reason}"
    if call.settled is not None:
        return f"{call.settled.how}: {call.settled.output}"
    if call.finished is None:
        return "no result"
    return call.finished.output or (call.finished.error.message if call.finished.error else "")


def _end(state: RunState) -> str:
    if state.ended is None:
        return "not ended"
    return f"{state.ended.status}{f' ({state.ended.error.kind})' if state.ended.error else ''}"


def _differ(where: str, a: str, b: str) -> Iterator[Difference]:
    if a != b:
        yield Difference(where, a, b)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode() if value is not None else "not set"
