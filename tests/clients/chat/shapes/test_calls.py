"""Tool calls in pieces: how servers number, name and cut them."""

import json

from tests.support.answers import calls as usual
from tests.support.answers import chunk, stream
from tests.support.shapes import CALLED, DONE, STOP, SUM, call, fails, piece, said, table, wants

OTHER = '{"expression":"2+2"}'
ONE, TWO = ("calculator", SUM), ("calculator", OTHER)
CUTS = [SUM[place : place + 5] for place in range(0, len(SUM), 5)]
HALF, REST = SUM[:9], SUM[9:]
SIGNED = {"google": {"thought_signature": "sig=="}}


def listed(*items: object) -> dict[str, object]:
    """Several pieces in one chunk."""
    return chunk({"tool_calls": list(items)})


SHAPES = {
    "as the protocol says": wants(
        ONE, of=usual(ONE), also=(usual(ONE).in_packets_of(1),), ids=["call_0"], made=[False], notes=()
    ),
    "several": wants(ONE, TWO, of=usual(ONE, TWO), ids=["call_0", "call_1"]),
    "interleaved": wants(
        ONE,
        TWO,
        of=(
            piece(0, "a", "calculator", ""),
            piece(1, "b", "calculator", ""),
            piece(0, None, None, SUM),
            piece(1, None, None, OTHER),
            CALLED,
        ),
        ids=["a", "b"],
    ),
    "with words before": wants(ONE, of=(said(content="Let me."), piece(), CALLED), text="Let me."),
    "with empty words": wants(
        ONE,
        of=(said(content=""), piece(), CALLED),
        text="",
        also=((chunk({"content": None, "tool_calls": [call()]}, "tool_calls"),),),
    ),
    "words after": wants(ONE, of=(piece(), said(content="Done."), CALLED), text="Done."),
    "another reason": wants(
        ONE, of=(piece(), STOP, DONE), also=((piece(), DONE), (piece(), chunk({}, "end_turn")), (piece(), CALLED))
    ),
    "the reason beside the last piece": wants(ONE, of=(chunk({"tool_calls": [call()]}, "tool_calls"), DONE)),
    "the reason first": wants(ONE, of=(CALLED, piece(), DONE)),
    "no index": wants(
        ONE,
        of=(piece(None, "c", "calculator", HALF), piece(None, None, None, REST), CALLED),
        also=(
            (piece(None, "c", "calculator", HALF), piece(None, "c", None, REST), CALLED),
            (listed({"index": None, "id": "c", "function": {"name": "calculator", "arguments": SUM}}), CALLED),
        ),
        ids=["c"],
    ),
    "no index, several": wants(
        ONE,
        TWO,
        of=(listed(call(None, "a"), call(None, "b", arguments=OTHER)), CALLED),
        also=((piece(None, "a"), piece(None, "b", "calculator", OTHER), STOP),),
        ids=["a", "b"],
    ),
    "no index and no id, several": wants(
        ONE, TWO, of=(piece(None, None), piece(None, None, "calculator", OTHER), CALLED), made=[True, True]
    ),
    "arguments before id and name, and no index": wants(
        ONE, of=(piece(None, None, None, HALF), piece(None, "c", "calculator", REST), CALLED), ids=["c"]
    ),
    "an index from one on": wants(ONE, of=(piece(1), CALLED)),
    "an index with holes": wants(
        ONE, TWO, of=(piece(0, "a"), piece(5, "b", "calculator", OTHER), CALLED), ids=["a", "b"]
    ),
    "an index as text": wants(
        ONE,
        TWO,
        of=(
            piece("0", "a", "calculator", HALF),
            piece("1", "b", "calculator", OTHER),
            piece("0", None, None, REST),
            CALLED,
        ),
        ids=["a", "b"],
    ),
    "the last one first": wants(
        TWO, ONE, of=(piece(1, "b", "calculator", OTHER), piece(0, "a"), CALLED), ids=["b", "a"]
    ),
    "index 0 for every call": wants(
        ONE, TWO, of=(piece(0, "a"), piece(0, "b", "calculator", OTHER), CALLED), ids=["a", "b"]
    ),
    "index 0 for every call, in pieces": wants(
        ONE,
        TWO,
        of=(
            piece(0, "a", "calculator", HALF),
            piece(0, None, None, REST),
            piece(0, "b", "calculator", ""),
            piece(0, None, None, OTHER),
            CALLED,
        ),
        ids=["a", "b"],
    ),
    "the rest of a second call under the next index": wants(
        ONE,
        TWO,
        of=(piece(0, "a"), piece(0, "b", "calculator", OTHER[:4]), piece(1, None, None, OTHER[4:]), CALLED),
        ids=["a", "b"],
    ),
    "the arguments under another index": wants(
        ONE,
        of=(piece(1, "a", "calculator", ""), piece(0, None, None, HALF), piece(0, None, None, REST), CALLED),
        ids=["a"],
    ),
    "an id in every piece": wants(
        ONE,
        of=(*(piece(0, "c", "" if place else "calculator", cut) for place, cut in enumerate(CUTS)), CALLED),
        ids=["c"],
    ),
    "another id in every piece": wants(
        ONE,
        of=(
            piece(0, "c", "calculator", ""),
            *(piece(0, f"x{place}", "", cut) for place, cut in enumerate(CUTS)),
            CALLED,
        ),
        ids=["c"],
    ),
    "a name in every piece": wants(
        ONE,
        of=(*(piece(0, "c", "calculator", cut) for cut in CUTS), CALLED),
        also=((*(piece(0, None if place else "c", "calculator", cut) for place, cut in enumerate(CUTS)), CALLED),),
        ids=["c"],
    ),
    "a name in pieces": wants(ONE, of=(piece(0, "c", "calcu", ""), piece(0, None, "lator", SUM), CALLED), ids=["c"]),
    "a type in every piece, and none": wants(
        ONE,
        of=(listed(call(0, "c", "calculator", HALF) | {"type": None}), piece(0, None, None, REST), CALLED),
        also=((listed(call() | {"type": "weird"}), CALLED), (listed(call() | {"type": ""}), CALLED)),
    ),
    "the id comes late": wants(
        ONE, of=(piece(0, "", "calculator", HALF), piece(0, "c", None, REST), CALLED), ids=["c"], made=[False]
    ),
    "the arguments come first": wants(
        ONE, of=(piece(0, None, None, HALF), piece(0, "c", "calculator", REST), CALLED), ids=["c"]
    ),
    "the id in the function": wants(
        ONE,
        of=(
            listed({"index": 0, "function": {"id": "c", "name": "calculator", "arguments": HALF}}),
            piece(0, None, None, REST),
            CALLED,
        ),
        ids=["c"],
    ),
    "no usable id": wants(
        ONE,
        of=(piece(0, ""), CALLED),
        also=((piece(0, None), CALLED), (listed(call() | {"id": 7}), CALLED), (listed(call() | {"id": None}), CALLED)),
        made=[True],
        notes="ids were made here",
    ),
    "the same id twice": wants(
        ONE, TWO, of=(piece(0, "c"), piece(1, "c", "calculator", OTHER), CALLED), made=[False, True], notes="1 of 2"
    ),
    "one object instead of a list": wants(ONE, of=(chunk({"tool_calls": call()}), CALLED)),
    "an object as arguments": wants(ONE, of=(piece(0, "c", "calculator", {"expression": "1+1"}), CALLED)),
    "digits in an object as arguments": wants(
        ("f", '{"a":12345678901234567890123,"b":1.10}'),
        of=(
            b'data: {"choices":[{"delta":{"tool_calls":[{"id":"c","function":{"name":"f","arguments":{"a":12345678901234567890123,"b":1.10}}}]},"finish_reason":"stop"}]}\n\n',
        ),
    ),
    "no arguments": wants(
        ("current_time", ""),
        of=(piece(0, "c", "current_time", None), CALLED),
        also=(
            (piece(0, "c", "current_time", ""), CALLED),
            (listed({"id": "c", "function": {"name": "current_time", "arguments": None}}), CALLED),
        ),
    ),
    "a call without a function around it": wants(
        ONE, of=(listed({"name": "calculator", "arguments": {"expression": "1+1"}}), CALLED), made=[True]
    ),
    "a call without a name": wants(("", SUM), of=(piece(0, "c", None), CALLED)),
    "null among the calls": wants(
        ONE, of=(listed(None, call()), CALLED), also=((listed({}, call()), CALLED), (listed([], call()), CALLED))
    ),
    "an empty list after the calls": wants(
        ONE,
        of=(piece(), chunk({"tool_calls": []}, "tool_calls")),
        also=((piece(), chunk({"tool_calls": None}), CALLED),),
    ),
    "a function_call": wants(
        ONE,
        of=(chunk({"function_call": {"name": "calculator", "arguments": SUM}}), chunk({}, "function_call")),
        also=(
            (
                chunk({"function_call": {"name": "calculator", "arguments": ""}}),
                *(chunk({"function_call": {"arguments": cut}}) for cut in CUTS),
                chunk({}, "function_call"),
            ),
        ),
        made=[True],
    ),
    "a function_call beside the same call": wants(
        ONE,
        of=(chunk({"function_call": {"name": "calculator", "arguments": SUM}, "tool_calls": [call()]}), CALLED),
        ids=["c1"],
    ),
    "what belongs to a call": wants(
        ONE,
        of=(piece(extra_content=SIGNED), CALLED),
        also=(
            (piece(), listed({"index": 0, "extra_content": SIGNED}), CALLED),
            (piece(None), listed({"extra_content": SIGNED}), CALLED),
        ),
        extra=[SIGNED],
    ),
    "half a character in what belongs to a call": wants(
        ONE,
        of=(
            b"data: " + json.dumps(piece(extra_content={"a\ud83d": ["\ude00", 10**30]})).encode() + b"\n\n",
            CALLED,
        ),
        extra=[{"a\ufffd": ["\ufffd", 10**30]}],
    ),
    "what belongs to a call, null": wants(ONE, of=(piece(extra_content=None), CALLED), extra=[None]),
    "a long id": wants(ONE, of=(piece(0, "c" * 5_000), CALLED), ids=["c" * 5_000]),
    "fifty": wants(
        *[("f", f'{{"a":{place}}}') for place in range(50)],
        of=(*(piece(place, f"c{place}", "f", f'{{"a":{place}}}') for place in range(50)), CALLED),
    ),
    "a hundred thousand pieces of arguments": wants(
        ("f", '{"a":"' + "x" * 20_000 + '"}'),
        of=stream(
            piece(0, "c", "f", '{"a":"'), *[piece(0, None, None, "xxxx")] * 5_000, piece(0, None, None, '"}'), CALLED
        ).in_one_packet(),
    ),
    "an error after them": fails(
        "stream_error", (piece(), {"error": {"message": "boom"}}, DONE), message="boom", calls=[ONE]
    ),
    "a cut after them": fails("stream_incomplete", usual(ONE).cut_after(2), calls=[ONE]),
}


@table(SHAPES)
async def test_calls(meet, shape, answer):
    await meet(shape, answer)
