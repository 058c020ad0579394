"""An answer of the demo model in the words of the protocol, streamed or whole."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from core.clients.demo.rules import Answer
from core.domain.canonical import Json

MODEL: Final = "demo"
_PIECE: Final = re.compile(r"\s*\S+\s?|\s+")
_ARGUMENT_PIECE: Final = re.compile(r".{1,12}", re.DOTALL)


def streamed(answer: Answer, messages: Sequence[Json], *, with_usage: bool) -> Iterator[bytes]:
    """The events of a stream, one a token, `[DONE]` at the end."""
    answer_id = _id(messages)
    yield _event(_chunk(answer_id, {"role": "assistant", "content": "" if answer.text else None}))
    for piece in _PIECE.findall(answer.text):
        yield _event(_chunk(answer_id, {"content": piece}))
    for place, call in enumerate(_calls(answer, answer_id)):
        function = call["function"]
        head = call | {"index": place, "function": {"name": function["name"], "arguments": ""}}
        yield _event(_chunk(answer_id, {"tool_calls": [head]}))
        for piece in _ARGUMENT_PIECE.findall(function["arguments"]):
            rest = {"index": place, "function": {"arguments": piece}}
            yield _event(_chunk(answer_id, {"tool_calls": [rest]}))
    yield _event(_chunk(answer_id, {}, _reason(answer)))
    if with_usage:
        yield _event(_frame(answer_id, "chat.completion.chunk") | {"choices": [], "usage": _usage(answer, messages)})
    yield b"data: [DONE]\n\n"


def whole(answer: Answer, messages: Sequence[Json]) -> dict[str, Json]:
    """The answer as one document."""
    answer_id = _id(messages)
    message: dict[str, Json] = {"role": "assistant", "content": answer.text or None}
    if answer.calls:
        message["tool_calls"] = _calls(answer, answer_id)
    choice = {"index": 0, "message": message, "finish_reason": _reason(answer)}
    return _frame(answer_id, "chat.completion") | {"choices": [choice], "usage": _usage(answer, messages)}


def _calls(answer: Answer, answer_id: str) -> list[dict[str, Json]]:
    return [
        {
            "id": f"call{answer_id[:8]}{place}",
            "type": "function",
            "function": {"name": want.tool, "arguments": json.dumps(want.arguments, ensure_ascii=False)},
        }
        for place, want in enumerate(answer.calls)
    ]


def _chunk(answer_id: str, delta: dict[str, Json], reason: str | None = None) -> dict[str, Json]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return _frame(answer_id, "chat.completion.chunk") | {"choices": [choice]}


def _frame(answer_id: str, kind: str) -> dict[str, Json]:
    return {"id": f"chatcmpl-{answer_id}", "object": kind, "created": 0, "model": MODEL}


def _reason(answer: Answer) -> str:
    return "tool_calls" if answer.calls else "stop"


def _usage(answer: Answer, messages: Sequence[Json]) -> dict[str, int]:
    """Words count as tokens: the demo model has no others."""
    prompt = sum(len(msgspec.json.encode(message).split()) for message in messages)
    said = len(_PIECE.findall(answer.text)) + sum(1 + len(call.arguments) for call in answer.calls)
    return {"prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said}


def _id(messages: Sequence[Json]) -> str:
    return hashlib.sha256(msgspec.json.encode(messages)).hexdigest()[:16]


def _event(chunk: dict[str, Json]) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"
