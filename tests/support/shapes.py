"""A table of shapes: what a server sends, and what has to come of it."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from core.domain.model_call import Delta, Reply
from tests.support.answers import Answer, chunk, completion, stream

STOP, CALLED, CUT, DONE = chunk({}, "stop"), chunk({}, "tool_calls"), chunk({}, "length"), "[DONE]"
USED = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
"""What the scripted answers report."""
SUM = '{"expression":"1+1"}'


@dataclass(frozen=True)
class Shape:
    """`answers`: each of them has to be understood in the same way."""

    answers: tuple[Answer, ...]
    kind: str | None
    """Of the fault; None: a good answer."""
    expected: dict[str, Any] = field(default_factory=dict)

    def check(self, reply: Reply, seen: list[Delta]) -> None:
        fault = reply.fault
        found = {
            "text": reply.text,
            "reasoning": reply.reasoning,
            "calls": [(call.name, call.arguments) for call in reply.calls],
            "ids": [call.id for call in reply.calls],
            "made": [call.made_id for call in reply.calls],
            "extra": [call.extra for call in reply.calls],
            "finish": reply.finish_reason,
            "usage": reply.usage
            and {name: getattr(reply.usage, name) for name in ("prompt_tokens", "completion_tokens", "total_tokens")},
            "message": fault and fault.message,
            "status": fault and fault.status,
            "retry_s": fault and fault.retry_after_s,
            "model": reply.exchange.model,
            "provider": reply.exchange.provider,
            "request_id": reply.exchange.request_id,
        }
        assert (fault and fault.kind) == self.kind, fault
        plain = {name: value for name, value in self.expected.items() if name in found}
        assert {name: found[name] for name in plain} == plain
        self._check_words(reply)
        if self.expected.get("streams", True):
            assert "".join(delta.text for delta in seen) == reply.text
            assert "".join(delta.reasoning for delta in seen) == reply.reasoning

    def _check_words(self, reply: Reply) -> None:
        message, notes = reply.fault.message if reply.fault else "", "\n".join(reply.notes)
        for word in _words(self.expected.get("words")):
            assert word in message
        for word in _words(self.expected.get("without")):
            assert word not in message
        for word in _words(self.expected.get("notes")):
            assert word in notes
        if self.expected.get("notes") == ():
            assert reply.notes == ()


def says(text: str, *answers: object, **expected: Any) -> Shape:
    """A good answer of this text. An answer that is a tuple or one object is the chunks of a stream."""
    return Shape(tuple(map(_answer, answers)), None, {"text": text, "calls": []} | expected)


def fails(kind: str, *answers: object, **expected: Any) -> Shape:
    return Shape(tuple(map(_answer, answers)), kind, expected)


def wants(*calls: tuple[str, str], of: object, also: tuple[object, ...] = (), **expected: Any) -> Shape:
    """A good answer of these tool calls."""
    return Shape(tuple(map(_answer, (of, *also))), None, {"calls": list(calls)} | expected)


def both(message: dict[str, Any], finish_reason: str | None = "stop") -> tuple[Answer, Answer]:
    """A message in one delta of a stream, and in an answer that is none."""
    return stream(chunk(message, finish_reason), DONE), completion(message, finish_reason)


def said(**delta: object) -> dict[str, Any]:
    """A chunk with this delta."""
    return chunk(delta)


def call(
    index: object = 0, call_id: object = "c1", name: object = "calculator", arguments: object = SUM, **more: object
) -> dict[str, Any]:
    """A piece of a tool call; what is None is left out."""
    function = {field: value for field, value in (("name", name), ("arguments", arguments)) if value is not None}
    place = {field: value for field, value in (("index", index), ("id", call_id)) if value is not None}
    return place | {"type": "function", "function": function} | more


def piece(*given: object, **more: object) -> dict[str, Any]:
    """A chunk with one piece of a tool call."""
    return chunk({"tool_calls": [call(*given, **more)]})


def packed(data: object) -> bytes:
    """JSON in few bytes, for what is framed by hand."""
    return json.dumps(data, ensure_ascii=False).encode()


def table(shapes: dict[str, Shape]) -> pytest.MarkDecorator:
    """One test an answer."""
    rows = [
        pytest.param(shape, answer, id=name if len(shape.answers) == 1 else f"{name} ({place})")
        for name, shape in shapes.items()
        for place, answer in enumerate(shape.answers, 1)
    ]
    return pytest.mark.parametrize(("shape", "answer"), rows)


def _answer(given: object) -> Answer:
    match given:
        case Answer():
            return given
        case tuple():
            return stream(*given)
        case _:
            return stream(given)


def _words(given: object) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())  # type: ignore[arg-type]
