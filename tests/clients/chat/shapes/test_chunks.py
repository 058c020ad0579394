"""What stands in a chunk, and what should and does not."""

from tests.support.answers import chunk
from tests.support.shapes import DONE, STOP, both, call, said, says, table

A, B = said(content="a"), said(content="b")
SECOND = chunk() | {"choices": [{"index": 1, "delta": {"content": "X"}}]}
FILTER = {"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False}}}


def bare(*choices: object) -> dict[str, object]:
    """A chunk that is nothing but its choices."""
    return {"choices": list(choices)}


SHAPES = {
    "unknown fields": says(
        "a",
        (chunk({"content": "a", "foo": {"x": 1}}, system_fingerprint=None, service_tier="x", obfuscation="zz"), STOP),
        (chunk({"content": "a", "annotations": [], "audio": None, "provider_specific_fields": {}}), STOP),
        (chunk({"content": "a"}, matched_stop=None, kv_transfer_params=None, prompt_token_ids=None), STOP),
    ),
    "a first chunk without choices": says(
        "a",
        ({"id": "", "choices": [], "created": 0, "model": "", "prompt_filter_results": [FILTER]}, A, STOP, DONE),
        ({"id": "x", "object": "chat.completion.chunk"}, A, STOP),
        ({"choices": None}, A, STOP),
        ({"choices": [None]}, A, STOP),
        ({"choices": {}}, A, STOP),
    ),
    "a choice without a delta": says(
        "a",
        (A, bare({"finish_reason": None, "index": 0, "content_filter_offsets": {}}), STOP),
        (bare({"index": 0, "delta": None, "finish_reason": None}), A, STOP),
        (bare({"index": 0, "delta": [], "finish_reason": None}), A, STOP),
    ),
    "a choice that does not say which": says(
        "a",
        (bare({"delta": {"content": "a"}}), bare({"delta": {}, "finish_reason": "stop"})),
        (bare({"index": "0", "delta": {"content": "a"}}), bare({"index": "0", "delta": {}, "finish_reason": "stop"})),
        (bare({"index": None, "delta": {"content": "a"}, "finish_reason": "stop"}),),
    ),
    "null for nothing": says(
        "a",
        (said(role="assistant", content=None), A, chunk({"content": None}, "stop"), DONE),
        (said(role=None, content="a", reasoning_content=None, tool_calls=None, function_call=None, refusal=None), STOP),
        (said(content="a", tool_calls=[]), STOP),
        (said(content="a", tool_calls="x", function_call="y"), STOP),
    ),
    "one choice without a list": says("a", ({"choices": {"delta": {"content": "a"}, "finish_reason": "stop"}},)),
    "a role in every chunk": says(
        "ab", (said(role="assistant", content="a"), said(role="assistant", content="b"), STOP)
    ),
    "a role nobody knows": says("a", (said(role="model", content="a"), STOP), (said(role="", content="a"), STOP)),
    "text in parts": says(
        "ab",
        (said(content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), STOP),
        (said(content={"type": "text", "text": "ab"}), STOP),
        (said(content=["a", "b"]), STOP),
        (said(content=[{"type": "output_text", "text": "ab"}]), STOP),
        *both({"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}),
    ),
    "a part that is no text": says(
        "a",
        (said(content=[{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "a"}]), STOP),
        *both({"content": [{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "a"}]}),
        notes="image_url",
    ),
    "a refusal": says("I can't", *both({"role": "assistant", "content": None, "refusal": "I can't"}), notes="refusal"),
    "an answer with a second choice": says(
        "a",
        (SECOND, A, chunk() | bare({"index": 1, "delta": {}, "finish_reason": "length"}), STOP, DONE),
        (chunk() | bare({"index": 1, "delta": {"content": "X"}}, {"index": 0, "delta": {"content": "a"}}), STOP, DONE),
        (chunk() | bare({"index": 1, "delta": {"tool_calls": [call()]}}), A, STOP, DONE),
    ),
    "the reason beside the text": says(
        "ab", (A, chunk({"content": "b"}, "stop"), DONE), (A, chunk({"content": "b"}, "stop"))
    ),
    "text after the reason": says("ab", (chunk({"content": "a"}, "stop"), B, DONE)),
    "a reason in every chunk": says(
        "ab",
        (chunk({"content": "a"}, "stop"), chunk({"content": "b"}, "stop"), DONE),
        (chunk({"content": "a"}, ""), chunk({"content": "b"}, ""), STOP, DONE),
        (chunk({"content": "a"}, "null"), chunk({"content": "b"}, "null"), STOP, DONE),
        (A, B, STOP, STOP, DONE),
    ),
    "a message where a delta should be": says(
        "a", (bare({"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}),)
    ),
    "the whole message once more at the end": says(
        "ab",
        (A, B, bare({"index": 0, "delta": {}, "message": {"content": "ab"}, "finish_reason": "stop"}), DONE),
        (
            A,
            B,
            {"object": "chat.completion"} | bare({"index": 0, "message": {"content": "ab"}, "finish_reason": "stop"}),
        ),
    ),
    "the form before there were chats": says(
        "ab", (bare({"text": "a"}), bare({"text": "b", "finish_reason": "stop"}), DONE)
    ),
    "another id in every chunk": says("ab", (A | {"id": "1"}, B | {"id": "2"}, STOP | {"id": None}, DONE)),
    "another object name": says("ab", (A | {"object": ""}, B | {"object": "chat.completion"}, STOP, DONE)),
    "the time as text": says("a", (A | {"created": "2026-01-01"}, STOP | {"created": 1.5}, DONE)),
}


@table(SHAPES)
async def test_chunks(meet, shape, answer):
    await meet(shape, answer)
