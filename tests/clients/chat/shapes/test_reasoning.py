"""Thoughts are kept apart from the answer, once."""

from tests.support.shapes import CUT, DONE, STOP, both, fails, said, says, table

A = said(content="a")
THOUGHT = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]

SHAPES = {
    "a field of their own": says(
        "a",
        (said(reasoning="h"), said(reasoning="m"), A, STOP),
        (said(reasoning_content="hm"), A, STOP),
        reasoning="hm",
    ),
    "in a message": says(
        "a",
        *both({"content": "a", "reasoning_content": "hm"}),
        *both({"content": "a", "reasoning": "hm"}),
        reasoning="hm",
    ),
    "in two fields at once": says("a", (said(reasoning="hm", reasoning_content="hm"), A, STOP), reasoning="hm"),
    "beside their details": says(
        "a",
        (said(reasoning="hm", reasoning_details=[{"type": "reasoning.text", "text": "hm"}]), A, STOP),
        reasoning="hm",
    ),
    "under other names": says(
        "a",
        (said(thinking="hm"), A, STOP),
        (said(reasoning_text="hm"), A, STOP),
        (said(reasoning_details=[{"type": "reasoning.text", "text": "hm", "signature": None}]), A, STOP),
        (said(reasoning_details=[{"type": "reasoning.summary", "summary": "hm"}, {"type": "x", "data": "…"}]), A, STOP),
        *both({"content": "a", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}),
        reasoning="hm",
    ),
    "in tags, twice": says(
        "a",
        (said(content="<think>h</think>\n<think>m</think>\na"), STOP),
        (*(said(content=char) for char in "<think>h</think><think>m</think>a"), STOP),
        reasoning="hm",
    ),
    "null": says("a", (said(reasoning=None, reasoning_content=None, content="a"), STOP), reasoning=""),
    "empty beside text": says("a", (said(reasoning_content="", content="a"), STOP), reasoning=""),
    "as parts": says(
        "a",
        (said(content=THOUGHT), said(content=[{"type": "text", "text": "a"}]), STOP),
        *both({"content": [*THOUGHT, {"type": "text", "text": "a"}]}),
        (said(content=[{"type": "reasoning", "text": "hm"}]), A, STOP),
        reasoning="hm",
    ),
    "in tags": says(
        "a",
        (said(content="<think>hm</think>a"), STOP),
        (*(said(content=char) for char in "<think>hm</think>\n\na"), STOP),
        (said(content="\n<think>"), said(content="hm"), said(content="</thi"), said(content="nk>\n"), A, STOP),
        reasoning="hm",
    ),
    "in tags, in a message": says("a", *both({"content": "<think>hm</think>\n\na"}), reasoning="hm"),
    "in tags and in a field": says(
        "a", (said(reasoning="hm"), said(content="<think>hm</think>a"), STOP), reasoning="hm"
    ),
    "tags that hold nothing": says("a", (said(content="<think>\n\n</think>\n\na"), STOP), streams=False),
    "tags that never close": fails("empty_response", (said(content="<think>hm"), STOP), reasoning="hm", text=""),
    "tags cut off": fails("truncated", (said(content="<think>hm"), CUT), reasoning="hm", text=""),
    "tags that never opened": says(
        "a",
        (said(content="hm\n</think>\n\na"), STOP),
        *both({"content": "hm\n</think>\n\na"}),
        reasoning="hm",
        notes="end of a thinking part",
        streams=False,
    ),
    "tags that are written about": says(
        "The tag `<think>` opens; `</think>` closes.",
        (said(content="The tag `<think>` opens; `</think>` closes."), STOP, DONE),
        reasoning="",
    ),
    "a text that begins like a tag": says(
        "<thin ice", (said(content="<thi"), said(content="n ice"), STOP), reasoning=""
    ),
    "after text": says("ab", (A, said(reasoning="hm"), said(content="b"), STOP), reasoning="hm"),
    "beside text in one delta": says("a", (said(reasoning="hm", content="a"), STOP), reasoning="hm"),
    "something else under their name": says(
        "a", (said(reasoning={"x": 1}, content="a"), STOP), (said(reasoning_content=["x"], content="a"), STOP)
    ),
    "an emoji in two pieces": says(
        "a",
        (
            b'data: {"choices":[{"delta":{"reasoning":"\\ud83d"}}]}\n\n',
            b'data: {"choices":[{"delta":{"reasoning":"\\ude00"}}]}\n\n',
            A,
            STOP,
        ),
        reasoning="😀",
    ),
}


@table(SHAPES)
async def test_reasoning(meet, shape, answer):
    await meet(shape, answer)
