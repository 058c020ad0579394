"""How answers end: well, too early, or with nothing said."""

import pytest

from tests.support.answers import chunk, status, stream, text, usage_chunk
from tests.support.shapes import CALLED, CUT, DONE, STOP, USED, both, fails, piece, said, says, table

A = said(content="a")
REASONS = {
    None: ("stop", "STOP", "eos", "eos_token", "stop_sequence", "end_turn", "tool_calls", "COMPLETE", "function_call"),
    "truncated": (
        "length",
        "max_tokens",
        "MAX_TOKENS",
        "model_length",
        "max_output_tokens",
        "model_context_window_exceeded",
    ),
    "content_filter": (
        "content_filter",
        "SAFETY",
        "RECITATION",
        "PROHIBITED_CONTENT",
        "sensitive",
        "refusal",
        "BLOCKLIST",
    ),
    "stream_error": ("error", "network_error", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"),
    "stream_incomplete": ("abort", "cancelled", "insufficient_system_resource", "timeout"),
}

SHAPES = {
    "a reason and the end mark": says("a", (A, STOP, DONE), finish="stop"),
    "a reason only": says("a", (A, STOP)),
    "the end mark only": says("a", (A, DONE), finish=""),
    "neither": fails("stream_incomplete", (A,), text("one ", "a").ends_after(1), words="without a finish reason"),
    "nothing but comments": fails("stream_incomplete", (b": a\n\n", b": b\n\n"), text=""),
    "words for no reason, and no end": fails(
        "stream_incomplete",
        *[(chunk({"content": "a"}, none), chunk({"content": "b"}, none)) for none in ("", "null", "None")],
    ),
    "a document without a reason": says("a", *both({"content": "a"}, None)[1:]),
    "a reason nobody knows": says(
        "a", (A, chunk({}, "weird_reason"), DONE), *both({"content": "a"}, "weird_reason"), notes="weird_reason"
    ),
    "a reason that is an object": says(
        "a", (A, chunk() | {"choices": [{"delta": {}, "finish_reason": {"type": "stop", "matched": 2}}]})
    ),
    "an object that gives up": fails(
        "stream_error",
        (
            A,
            chunk()
            | {
                "choices": [
                    {"delta": {}, "finish_reason": {"type": "abort", "message": "Out of room", "status_code": 503}}
                ]
            },
        ),
        text="a",
        message="Out of room",
        status=503,
    ),
    "the limit without a word": fails("truncated", (CUT, DONE), *both({"content": ""}, "length"), text=""),
    "a call cut by the limit": fails(
        "truncated",
        (piece(0, "c1", "calculator", '{"expr'), CUT, DONE),
        (piece(), CUT, DONE),
        *both({"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]}, "length"),
    ),
    "a call held back": fails("content_filter", (piece(), chunk({}, "content_filter"), DONE)),
    "a call without an end": fails("stream_incomplete", (piece(),)),
    "calls announced and not made": says("a", (A, CALLED, DONE), *both({"content": "a"}, "tool_calls")),
    "nothing said": fails(
        "empty_response",
        (DONE,),
        (STOP, DONE),
        (CALLED, DONE),
        (said(role="assistant"), STOP, DONE),
        (said(content=""), said(content="  \n"), STOP, DONE),
        (b": a\n\n", DONE),
        *both({"role": "assistant", "content": None}),
        *both({"role": "assistant", "content": ""}),
        status(200, {"id": "x", "choices": [{"index": 0, "message": {}, "finish_reason": "stop"}]}),
    ),
    "nothing at all": fails(
        "empty_response",
        stream(),
        status(200, b"", {"content-type": "application/json"}),
        status(200),
        status(204),
    ),
    "only thoughts": fails(
        "empty_response",
        (said(reasoning_content="hm"), STOP, DONE),
        *both({"reasoning": "hm"}),
        reasoning="hm",
        words="only reasoning",
    ),
    "only token counts": fails("empty_response", (usage_chunk(), DONE), usage=USED),
}
BY_REASON = [
    pytest.param(kind, reason, answer, id=f"{reason} ({place})")
    for kind, reasons in REASONS.items()
    for reason in reasons
    for place, answer in enumerate(both({"content": "a"}, reason), 1)
]


@table(SHAPES)
async def test_endings(meet, shape, answer):
    await meet(shape, answer)


@pytest.mark.parametrize(("kind", "reason", "answer"), BY_REASON)
async def test_reasons(meet, kind, reason, answer):
    shape = fails(kind, answer, text="a", finish=reason) if kind else says("a", answer, finish=reason, notes=())
    await meet(shape, answer)
