"""Token counts: wherever they stand, never made up."""

from tests.support.answers import chunk, completion, usage_chunk
from tests.support.shapes import DONE, STOP, USED, fails, said, says, table

A = said(content="a")
SMALL = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def last(**usage: object) -> dict[str, object]:
    return chunk() | {"choices": [], "usage": usage}


def each(count: int) -> dict[str, object]:
    """A chunk that reports all tokens until now."""
    return chunk({"content": "a"}, usage={"prompt_tokens": 10, "completion_tokens": count, "total_tokens": 10 + count})


SHAPES = {
    "in a last chunk without choices": says("a", (A, STOP, usage_chunk(), DONE), usage=USED),
    "in every chunk, growing": says(
        "aaa", (each(1), each(2), each(3), STOP, DONE), usage=USED | {"completion_tokens": 3, "total_tokens": 13}
    ),
    "beside the reason": says("a", (chunk({"content": "a"}, "stop", usage=USED),), usage=USED),
    "never": says(
        "a", (A, STOP, DONE), (chunk({"content": "a"}, usage=None), STOP | {"usage": None}, DONE), usage=None
    ),
    "never, in a document": says("a", completion({"content": "a"}, usage=None), usage=None),
    "in a document": says("a", completion({"content": "a"}), usage=USED),
    "no total": says(
        "a",
        (A, STOP, last(prompt_tokens=3, completion_tokens=4)),
        usage=SMALL | {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    ),
    "a total that counts the thoughts as well": says(
        "a",
        (A, STOP, last(prompt_tokens=3, completion_tokens=4, total_tokens=107)),
        usage=SMALL | {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 107},
    ),
    "under other names": says(
        "a",
        (A, STOP, last(input_tokens=1, output_tokens=2)),
        completion({"content": "a"}, usage={"input_tokens": 1, "output_tokens": 2}),
        usage=SMALL,
    ),
    "details first": says(
        "a",
        (chunk({"content": "a"}, usage={"prompt_tokens_details": {"cached_tokens": 0}}), STOP, usage_chunk(), DONE),
        usage=USED,
    ),
    "in the choice": says(
        "a", (A, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": SMALL}]}, DONE), usage=SMALL
    ),
    "in a field of its own": says(
        "a", (A, STOP | {"x_groq": {"id": "r", "usage": SMALL | {"queue_time": 0.1}}}, DONE), usage=SMALL
    ),
    "as floats": says("a", (A, STOP, last(prompt_tokens=1.0, completion_tokens=2.0, total_tokens=3.0)), usage=SMALL),
    "with costs and details": says(
        "a",
        (A, STOP, last(**SMALL, cost=0.00012, cost_details=None, completion_tokens_details={"reasoning_tokens": 1})),
    ),
    "nonsense": says(
        "a",
        (chunk({"content": "a"}, "stop", usage={"prompt_tokens": "3", "completion_tokens": "x"}),),
        (chunk({"content": "a"}, "stop", usage={"prompt_tokens": -1, "completion_tokens": -1, "total_tokens": -1}),),
        (chunk({"content": "a"}, "stop", usage=[1]),),
        (chunk({"content": "a"}, "stop", usage="many"),),
        (chunk({"content": "a"}, "stop", usage={}),),
        (chunk({"content": "a"}, "stop", usage={"prompt_tokens": True}),),
        (chunk({"content": "a"}, "stop", usage={"prompt_tokens": 10**30, "completion_tokens": None}),),
        usage=None,
    ),
    "of an answer that broke off": fails(
        "stream_incomplete", (chunk({"content": "a"}, usage=SMALL),), text="a", usage=SMALL
    ),
    "after the end mark": says("a", (A, STOP, DONE, usage_chunk())),
}


@table(SHAPES)
async def test_usage(meet, shape, answer):
    await meet(shape, answer)
