"""Every rule by which a streamed answer is put together, as a table of what servers were seen to send."""

import json

import pytest

from core.clients.chat import lenient
from core.clients.chat.assemble import Assembler, assemble
from core.clients.chat.sse import STRAY, ServerEvent
from core.domain.message import ToolCall, Usage
from core.errors import Fault
from tests.support.answers import chunk, usage_chunk

STOP = chunk({}, "stop")
TOOLS = chunk({}, "tool_calls")


def says(**delta):
    return chunk(delta)


def call(index=None, id=None, name=None, arguments=None, **more):  # noqa: A002
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    item = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
    return chunk({"tool_calls": [item | {"function": function} | more]})


def parsed(chunks):
    """The chunks as they come from the wire."""
    return [lenient.parse(json.dumps(one).encode()) for one in chunks]


def reply(*chunks, seed="run/1.m", is_done=False):
    return assemble(parsed(chunks), seed, is_done=is_done)


def made(*chunks):
    """The calls, as (id, name, arguments)."""
    return [(one.id, one.name, one.arguments) for one in reply(*chunks, TOOLS).calls]


# Text


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        ([says(role="assistant", content=""), says(content="a"), says(content="b")], "ab"),
        ([says(content=None), says(content="a")], "a"),
        ([says(content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])], "ab"),
        ([says(content=["a", "b"])], "ab"),
        ([says(content={"type": "text", "text": "a"})], "a"),
        ([says(content="a\u2028b")], "a\u2028b"),
        ([chunk(None) | {"choices": [{"index": 0, "delta": None}]}, says(content="a")], "a"),
        ([chunk() | {"choices": None}, says(content="a")], "a"),
        ([chunk() | {"choices": []}, says(content="a")], "a"),
        ([says(content="a", unheard_of={"x": 1})], "a"),
        ([says(content="a"), says(content=" \n")], "a \n"),
        ([chunk() | {"choices": [{"index": "0", "delta": {"content": "a"}}]}], "a"),
        ([None, says(content="a")], "a"),
    ],
)
def test_text(chunks, text):
    answer = reply(*chunks, STOP)
    assert (answer.text, answer.fault) == (text, None)


def test_only_the_first_choice_counts():
    second = chunk() | {"choices": [{"index": 1, "delta": {"content": "other"}, "finish_reason": "length"}]}
    both = chunk() | {"choices": [second["choices"][0], {"index": 0, "delta": {"content": "a"}}]}
    assert reply(second, both, STOP).text == "a"
    assert reply(second, both, STOP).finish_reason == "stop"


def test_a_refusal_is_text_with_a_note():
    answer = reply(says(content=None, refusal="I will not."), STOP)
    assert answer.text == "I will not."
    assert "refusal" in answer.notes[0]


def test_a_part_that_is_no_text_is_named():
    answer = reply(says(content=[{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}]), STOP)
    assert answer.text == "a"
    assert "image_url" in answer.notes[0]


def feed_bytes(*datas):
    assembler, shown = Assembler("s"), []
    for data in datas:
        assembler.take(ServerEvent(data))
        shown.append(assembler.take_delta())
    return assembler, shown


def content(raw: bytes) -> bytes:
    return b'{"choices":[{"index":0,"delta":{"content":"' + raw + b'"},"finish_reason":null}]}'


def test_surrogate_pairs_cut_in_two_are_joined_before_they_are_shown():
    assembler, shown = feed_bytes(content(b"a\\ud83d"), content(b"\\ude00b"), b"[DONE]")
    assert [delta and delta.text for delta in shown] == ["a", "😀b", None]
    assert assembler.reply().text == "a😀b"


def test_a_lone_half_is_marked_and_nothing_that_cannot_be_stored_comes_out():
    assembler, _ = feed_bytes(content(b"a\\ude00"), content(b"b\\ud83d"), b"[DONE]")
    answer = assembler.reply()
    assert answer.text == "a\ufffdb\ufffd"
    assert answer.text.encode()
    assert assembler.take_delta().text == "\ufffd"


def test_broken_utf8_costs_only_its_own_characters():
    assembler, _ = feed_bytes(content(b"a\xff"), content(b"b"), b"[DONE]")
    assert assembler.reply().text == "a\ufffdb"


def test_nan_in_a_token_probability_costs_nothing():
    data = b'{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"logprob":NaN}]}}]}'
    assembler, _ = feed_bytes(data, b"[DONE]")
    assert assembler.reply().text == "a"


def test_deltas_add_up_to_the_reply():
    pieces = ["<thi", "nk>wh", "y</th", "ink>\n\n", "be", "cause"]
    assembler, shown = feed_bytes(*(content(json.dumps(piece)[1:-1].encode()) for piece in pieces), b"[DONE]")
    answer = assembler.reply()
    assert "".join(delta.text for delta in shown if delta) == answer.text == "because"
    assert "".join(delta.reasoning for delta in shown if delta) == answer.reasoning == "why"


# Reasoning


@pytest.mark.parametrize(
    ("chunks", "reasoning", "text"),
    [
        ([says(reasoning="r"), says(content="a")], "r", "a"),
        ([says(reasoning_content="r"), says(content="a")], "r", "a"),
        ([says(reasoning="r", reasoning_content="r"), says(content="a")], "r", "a"),
        ([says(content=[{"type": "thinking", "thinking": "r"}, {"type": "text", "text": "a"}])], "r", "a"),
        (
            [says(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "r"}]}]), says(content="a")],
            "r",
            "a",
        ),
        ([says(content=[{"type": "reasoning", "text": "r"}]), says(content="a")], "r", "a"),
        ([says(content="<think>r</think>a")], "r", "a"),
        ([says(content="\n<think>\nr\n</think>\n\na")], "\nr\n", "a"),
        ([says(content=one) for one in "<think>r</think>a"], "r", "a"),
        ([says(content="<think></think>a")], "", "a"),
        ([says(reasoning="r"), says(content="<think>r</think>a")], "r", "a"),  # sent twice, kept once
        ([says(reasoning="r"), says(content="<think>s</think>a")], "r\n\ns", "a"),
        ([says(content="a <think>b</think>")], "", "a <think>b</think>"),  # it writes about the tag
        ([says(content="<thinking>b")], "", "<thinking>b"),
        ([says(content="<th")], "", "<th"),
        ([says(content="a < b")], "", "a < b"),
        ([says(content="<think>a</thin"), says(content="g></think>b")], "a</thing>", "b"),
        ([says(reasoning={"effort": 1}), says(content="a")], "", "a"),
        ([says(content="r\n</think>\n\na")], "r", "a"),  # the prompt had the opening tag
        ([says(content="r</think>\n"), says(content="a")], "r", "a"),
        ([says(content="\n</think>\n\na")], "", "a"),
        ([says(reasoning="q"), says(content="r\n</think>\na")], "q\n\nr", "a"),
        ([says(content="Close it with `</think>` like this.")], "", "Close it with `</think>` like this."),
    ],
)
def test_reasoning_is_kept_apart_once(chunks, reasoning, text):
    answer = reply(*chunks, STOP)
    assert (answer.reasoning, answer.text) == (reasoning, text)


# Calls


@pytest.mark.parametrize(
    ("chunks", "calls"),
    [
        pytest.param(
            [call(0, "c1", "f", ""), call(0, arguments='{"a"'), call(0, arguments=":1}")],
            [("c1", "f", '{"a":1}')],
            id="in pieces",
        ),
        pytest.param(
            [call(0, "c1", "f", '{"a":'), call(1, "c2", "g", "{}"), call(0, arguments="1}")],
            [("c1", "f", '{"a":1}'), ("c2", "g", "{}")],
            id="two, interleaved",
        ),
        pytest.param([call(1, "c1", "f", "{}"), call(7, "c2", "g", "{}")], [("c1", "f", "{}"), ("c2", "g", "{}")], id="holes"),
        pytest.param([call(3, "c1", "f", "{}"), call(0, "c2", "g", "{}")], [("c1", "f", "{}"), ("c2", "g", "{}")], id="index is no place"),
        pytest.param(
            [call(0, "c1", "f", "{}"), call(0, "c2", "g", "{}")],
            [("c1", "f", "{}"), ("c2", "g", "{}")],
            id="every call at index 0",
        ),
        pytest.param(
            [call(0, "c1", "f", "{}"), call(0, "c2", "f", "{}"), call(0, arguments=" ")],
            [("c1", "f", "{}"), ("c2", "f", "{} ")],
            id="the newest at an index goes on",
        ),
        pytest.param([call(0, "c1", "f", "{"), call(0, "c2", arguments="}")], [("c1", "f", "{}")], id="another id alone goes on"),
        pytest.param([call(0, "c1", "f", "{"), call(0, "c1", "f", "}")], [("c1", "f", "{}")], id="id and name repeated"),
        pytest.param([call(0, "", "f", "{"), call(0, "c1", "", "}")], [("c1", "f", "{}")], id="id later"),
        pytest.param([call(0, arguments="{"), call(0, "c1", "f", "}")], [("c1", "f", "{}")], id="arguments before id and name"),
        pytest.param([call(arguments="{"), call(id="c1", name="f", arguments="}")], [("c1", "f", "{}")], id="the same without index"),
        pytest.param(
            [call(id="c1", name="f", arguments="{"), call(id="c2", name="g", arguments="{"), call(id="c1", arguments="}")],
            [("c1", "f", "{}"), ("c2", "g", "{")],
            id="without index, by id",
        ),
        pytest.param([call(id="c1", name="f", arguments="{"), call(arguments="}")], [("c1", "f", "{}")], id="without index, the last"),
        pytest.param(
            [call(id="c1", name="f", arguments="{}"), call(id="c2", arguments="{}")],
            [("c1", "f", "{}"), ("c2", "", "{}")],
            id="without index, an id starts a call",
        ),
        pytest.param([call("0", "c1", "f", "{}")], [("c1", "f", "{}")], id="an index that is no number"),
        pytest.param([call(True, "c1", "f", "{"), call(arguments="}")], [("c1", "f", "{}")], id="an index that is true"),
        pytest.param([call(0, "c1", "calc"), call(0, name="ulator", arguments="{}")], [("c1", "calculator", "{}")], id="a name in pieces"),
        pytest.param([call(0, "c1", "f"), call(0, "c1", "f", "{}"), call(0, "c1", "f", "")], [("c1", "f", "{}")], id="a name repeated"),
        pytest.param([chunk({"tool_calls": {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}}})], [("c1", "f", "{}")], id="one object, no list"),
        pytest.param([chunk({"tool_calls": ["x", None]}), call(0, "c1", "f", "{}")], [("c1", "f", "{}")], id="no objects"),
        pytest.param([chunk({"tool_calls": [{"index": 0, "id": "c1", "function": None}]}), call(0, name="f", arguments="{}")], [("c1", "f", "{}")], id="no function"),
        pytest.param([chunk({"tool_calls": None}), call(0, "c1", "f", "{}")], [("c1", "f", "{}")], id="null"),
        pytest.param([call(0, "c1", "f", "{}"), chunk({"tool_calls": [{"index": 1, "function": {}}]})], [("c1", "f", "{}")], id="an empty one is dropped"),
        pytest.param([call(0, "c1", "f"), call(0)], [("c1", "f", "")], id="no arguments at all"),
        pytest.param([call(0, "c1", "f", {"a": 1, "b": [True, None]})], [("c1", "f", '{"a":1,"b":[true,null]}')], id="an object"),
        pytest.param([call(0, "c1", "f", "{}"), call(0, arguments={"a": 1})], [("c1", "f", '{}{"a":1}')], id="two objects stay glued and are refused"),
        pytest.param([call(0, "c1", "f", '{"a":1}'), call(0, name="g", arguments="{}")], None, id="another name after a whole call, without ids"),
    ],
)  # fmt: skip
def test_calls(chunks, calls):
    found = made(*chunks)
    if calls is None:
        assert [(name, arguments) for _, name, arguments in found] == [("f", '{"a":1}'), ("g", "{}")]
    else:
        assert found == calls


@pytest.mark.parametrize(
    "numbers",
    ["123456789012345678901234567890", "1.10", "1E+400", "0.1000000000000000055511151231257827", "-0.0", "1e5"],
)
def test_numbers_of_an_object_keep_every_digit(numbers):
    data = '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":{"a":%s}}}]}}]}'
    assembler, _ = feed_bytes((data % numbers).encode(), b"[DONE]")
    written = assembler.reply().calls[0].arguments
    assert json.loads(written, parse_float=str, parse_int=str)["a"].lower().replace("+", "") in {
        numbers.lower().replace("+", ""),
        "100000" if numbers == "1e5" else numbers,
    }


@pytest.mark.parametrize(
    ("chunks", "calls"),
    [
        ([says(function_call={"name": "f", "arguments": '{"a":'}), says(function_call={"arguments": "1}"})], [("f", '{"a":1}')]),
        ([says(function_call={"name": "f", "arguments": "{}"}, tool_calls=[{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}])], [("f", "{}")]),
        ([chunk({"tool_calls": [{"name": "f", "arguments": {"a": 1}}]})], [("f", '{"a":1}')]),
        ([says(content="a", function_call=None), says(function_call={})], []),
        ([says(content="a"), chunk() | {"choices": [{"index": 0, "delta": {}, "message": {"content": "a", "tool_calls": [{"id": "c", "function": {"name": "f"}}]}}]}], [("f", "")]),
    ],
    ids=["the first form", "both forms", "without function", "nothing", "only in the last message"],
)  # fmt: skip
def test_calls_in_other_forms(chunks, calls):
    assert [(name, arguments) for _, name, arguments in made(*chunks)] == calls


def test_nan_in_an_object_stays_visible():
    data = (
        b'{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"c","function":{"name":"f","arguments":{"a":NaN}}}]}}]}'
    )
    assembler, _ = feed_bytes(data, b"[DONE]")
    assert assembler.reply().calls[0].arguments == '{"a":NaN}'  # which the check of arguments refuses


def test_extra_content_is_kept_as_it_was():
    extra = {"google": {"thought_signature": "abc", "weight": 0.5}}
    answer = reply(call(0, "c", "f", "{}", extra_content=extra), call(0, arguments=""), TOOLS)
    assert answer.calls == (ToolCall("c", "f", "{}", extra=extra),)


# Ids


@pytest.mark.parametrize("given", [None, "", 7, {"x": 1}])
def test_an_unusable_id_is_made_and_marked(given):
    answer = reply(
        chunk({"tool_calls": [{"index": 0, "id": given, "function": {"name": "f", "arguments": "{}"}}]}), TOOLS
    )
    only = answer.calls[0]
    assert only.made_id
    assert len(only.id) == 9
    assert only.id.isalnum()
    assert only.id.isascii()
    assert "1 of 1 tool calls" in answer.notes[0]


def test_a_doubled_id_is_made_anew_for_the_second():
    answer = reply(call(0, "c", "f", "{}"), call(1, "c", "g", "{}"), TOOLS)
    assert [one.made_id for one in answer.calls] == [False, True]
    assert len({one.id for one in answer.calls}) == 2


def test_made_ids_depend_on_seed_and_place_alone():
    chunks = [call(0, name="f", arguments="{}"), call(1, name="f", arguments="{}"), TOOLS]
    first, again, other = (reply(*chunks, seed=seed) for seed in ("a/1.m", "a/1.m", "a/2.m"))
    assert first.calls == again.calls
    assert len({one.id for one in (*first.calls, *other.calls)}) == 4


# Ending


@pytest.mark.parametrize(
    ("chunks", "is_done", "fault"),
    [
        ([says(content="a"), STOP], True, None),
        ([says(content="a"), STOP], False, None),
        ([says(content="a")], True, None),
        ([says(content="a")], False, "stream_incomplete"),
        ([], False, "stream_incomplete"),
        ([], True, "empty_response"),
        ([STOP], True, "empty_response"),
        ([says(content=" \n"), STOP], True, "empty_response"),
        ([says(reasoning="r"), STOP], True, "empty_response"),
        ([TOOLS], True, "empty_response"),
        ([call(0, "c", "f", "{}"), TOOLS], True, None),
        ([call(0, "c", "f", "{}"), STOP], True, None),
        ([says(content="a"), TOOLS], True, None),
        ([call(0, "c", "f", "{}")], False, "stream_incomplete"),
        ([call(0, "c", "f", '{"a'), chunk({}, "length")], True, "truncated"),
        ([says(content="a"), chunk({}, "length")], True, "truncated"),
        ([chunk({}, "length")], True, "truncated"),
        ([says(content="a"), chunk({}, "content_filter")], True, "content_filter"),
        ([chunk({}, "content_filter")], True, "content_filter"),
        ([says(content="a"), chunk({}, "abort")], True, "stream_incomplete"),
        ([says(content="a"), chunk({}, "weird")], True, None),
        ([says(content="a"), STOP, chunk({}, "length")], True, None),
        ([says(content="a"), chunk({}, ""), chunk({}, "length")], True, "truncated"),
        ([chunk({"content": "a"}, "null"), chunk({"content": "b"}, "null")], False, "stream_incomplete"),
        ([chunk({"content": "a"}, "null"), chunk({}, "length")], True, "truncated"),
        ([says(content="a"), chunk({}, "error")], True, "stream_error"),
        ([says(content="a"), chunk({}, "MAX_TOKENS")], True, "truncated"),
        ([says(content="a"), chunk({}, "sensitive")], True, "content_filter"),
    ],
)
def test_endings(chunks, is_done, fault):
    answer = reply(*chunks, is_done=is_done)
    assert (answer.fault and answer.fault.kind) == fault


def test_what_came_before_a_fault_stays_visible():
    answer = reply(says(content="half", reasoning="why"), call(0, "c", "f", '{"a":1}'))
    assert (answer.text, answer.reasoning, answer.calls[0].arguments) == ("half", "why", '{"a":1}')
    assert answer.fault.kind == "stream_incomplete"


def test_an_unknown_reason_is_shown():
    answer = reply(says(content="a"), chunk({}, "sleepy"))
    assert answer.finish_reason == "sleepy"
    assert "sleepy" in answer.notes[0]


# Errors inside a stream


@pytest.mark.parametrize(
    ("error", "message", "status"),
    [
        ({"error": {"message": "boom", "code": 500}}, "boom", 500),
        ({"error": "boom", "error_type": "overloaded"}, "boom", None),
        ({"error": {"message": "boom", "type": "x", "code": "rate_limit"}}, "boom", None),
        ({"object": "error", "message": "boom", "code": 400}, "boom", 400),
        ({"message": "boom", "code": 503}, "boom", 503),
        ({"detail": "boom"}, "boom", None),
        (chunk({}) | {"choices": [{"index": 0, "delta": {}, "error": {"message": "boom", "code": 502}}]}, "boom", 502),
        (chunk({"content": "x"}) | {"error": {"message": "boom"}}, "boom", None),
        ({"error": {"weird": 1}}, '{"weird":1}', None),
        ({"code": 1301, "msg": "boom"}, "boom", None),
        ({"success": False, "errors": [{"code": 7000, "message": "boom"}]}, "boom", None),
        (chunk({}, x_groq={"id": "r", "error": "boom"}), "boom", None),
        (chunk({"content": "x"}, x_groq={"id": "r", "error": "boom"}), "boom", None),
    ],
)
def test_errors_inside_a_stream(error, message, status):
    answer = reply(says(content="half"), error)
    assert (answer.fault.kind, answer.fault.message, answer.fault.status) == ("stream_error", message, status)
    assert answer.text == "half"


def test_an_event_named_error_is_one():
    assembler = Assembler("s")
    assembler.take(ServerEvent(b'{"info":"boom"}', b"error"))
    assert assembler.reply().fault.kind == "stream_error"


def test_an_error_may_be_plain_words():
    assembler = Assembler("s")
    assembler.take(ServerEvent(b"it broke", b"error"))
    assert assembler.reply().fault == Fault("stream_error", "it broke")


def test_a_line_of_json_between_the_events_counts_only_as_an_error():
    assembler = Assembler("s")
    assembler.take(ServerEvent(content(b"a")))
    for line in (b"{bad", b'{"x":1}', b'{"error":{"message":"boom"}}'):
        assembler.take(ServerEvent(line, STRAY))
    assert assembler.reply().text == "a"
    assert assembler.reply().fault == Fault("stream_error", "boom")


def test_chunks_without_an_empty_line_between_them_are_read_one_by_one():
    assembler, _ = feed_bytes(b"\n".join((content(b"a"), content(b"b"), b"[DONE]", content(b"c"))))
    assert (assembler.reply().text, assembler.reply().fault) == ("ab", None)


@pytest.mark.parametrize("data", [b"ping", b"2027-01-15 08:00:00"])
def test_a_heartbeat_with_a_name_says_nothing(data):
    assembler = Assembler("s")
    assembler.take(ServerEvent(data, b"ping"))
    assembler.take(ServerEvent(content(b"a")))
    assembler.take(ServerEvent(b'"[DONE]"'))
    assert (assembler.reply().text, assembler.reply().fault) == ("a", None)


def test_what_cannot_be_read_after_the_answer_is_a_note():
    assembler = Assembler("s")
    for one in (says(content="a"), STOP):
        assembler.feed(one)
    assembler.take(ServerEvent(b"{bad"))
    assert assembler.reply().fault is None
    assert "cannot be read" in assembler.reply().notes[0]


@pytest.mark.parametrize("nothing", [None, "", {}, False, []])
def test_an_empty_error_field_is_none(nothing):
    assert reply(says(content="a") | {"error": nothing}, STOP).fault is None


@pytest.mark.parametrize("data", [b"{bad", b"[1]", b'"text"', b"7", b"ping", b"[" * 100_000])
def test_what_is_no_chunk_breaks_the_stream(data):
    assembler, _ = feed_bytes(content(b"half"), data)
    answer = assembler.reply()
    assert answer.fault.kind == "stream_malformed"
    assert len(answer.fault.message) < 400
    assert answer.text == "half"


def test_empty_data_is_nothing():
    assembler, _ = feed_bytes(content(b"a"), b"", b"  ", b" [DONE] ")
    assert assembler.reply().fault is None


def test_an_event_that_the_end_cut_is_no_malformed_one():
    assembler, _ = feed_bytes(content(b"half"))
    assembler.take_unfinished(ServerEvent(b'{"choices":[{"ind'))
    assert assembler.reply().fault.kind == "stream_incomplete"
    assembler.take_unfinished(ServerEvent(b"[DONE]"))
    assert assembler.reply().fault is None


# Usage


@pytest.mark.parametrize(
    ("chunks", "usage"),
    [
        ([usage_chunk({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5})], Usage(3, 2, 5)),
        ([chunk({}, usage={"prompt_tokens": 3, "completion_tokens": n, "total_tokens": 3 + n}) for n in (1, 2)], Usage(3, 2, 5)),
        ([usage_chunk({"prompt_tokens": 3, "completion_tokens": 2})], Usage(3, 2, 5)),
        ([chunk({}) | {"choices": [{"index": 0, "delta": {}, "usage": {"total_tokens": 5}}]}], Usage(0, 0, 5)),
        ([usage_chunk({"prompt_tokens": 3, "completion_tokens": 2, "cost": 0.0015})], Usage(3, 2, 5, 0.0015)),
        ([usage_chunk({"prompt_tokens": 3.0, "completion_tokens": 2.0, "total_tokens": 5.0})], Usage(3, 2, 5)),
        ([chunk({}, x_groq={"usage": {"prompt_tokens": 3, "completion_tokens": 2}})], Usage(3, 2, 5)),
        ([chunk({}, usage=None)], None),
        ([chunk({}, usage={})], None),
        ([chunk({}, usage=[1])], None),
        ([chunk({}, usage={"prompt_tokens": "3", "total_tokens": -1, "completion_tokens": True})], None),
        ([usage_chunk({"prompt_tokens": 3, "completion_tokens": 2}), chunk({}, usage={})], Usage(3, 2, 5)),
        ([], None),
    ],
)  # fmt: skip
def test_usage_is_what_was_reported(chunks, usage):
    assert reply(says(content="a"), STOP, *chunks).usage == usage


# Text that looks like a call


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name":"f","arguments":{}}</tool_call>',
        "[TOOL_CALLS][{}]",
        "<|python_tag|>f.call()",
        "<|start|>assistant<|channel|>commentary to=functions.f",
        "<function=f>{}</function>",
        "<｜tool▁calls▁begin｜>f",
        '{"name": "f", "arguments": {}}',
        '```json\n{"name": "f", "parameters": {}}\n```',
        '[get_weather(city="Paris")]',
        '[{"name": "f", "arguments": {}}]',
        '{"type": "function", "function": {"name": "f"}}',
        '{"tool_calls": [{"name": "f"}]}',
        '<invoke name="f">',
        "<｜DSML｜invoke name=",
        "<minimax:tool_call>",
        "<|tool_calls_section_begin|>",
        "<|tool_call_start|>[f()]",
        "<TOOLCALL>[{}]</TOOLCALL>",
        "<start_function_call>call:f{}",
        "```tool_code\nf()\n```",
        'f<|message|>{"a":1}',
        "Thought: hm\nAction: f\nAction Input: {}",
    ],
)
def test_a_call_written_as_text_is_shown_and_never_executed(text):
    answer = reply(says(content=text), STOP)
    assert (answer.text, answer.calls) == (text, ())
    assert "no tool parser" in answer.notes[0]


@pytest.mark.parametrize(
    "text",
    [
        "Use f(x) to call it.",
        '{"city": "Paris"}',
        "[1, 2]",
        "the function=f",
        "[see above]",
        "Action: none",
        " " * 50_000,
    ],
)
def test_ordinary_text_gets_no_note(text):
    assert reply(says(content=text), STOP).notes == ()


# Whole documents


def whole(message, finish_reason="stop", **more):
    assembler = Assembler("s")
    frame = {"model": "m", "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}]}
    assembler.take_whole(lenient.parse(json.dumps(frame | more).encode()))
    return assembler.reply()


def test_a_whole_completion_reads_like_a_stream():
    answer = whole(
        {"role": "assistant", "content": "a", "reasoning_content": "r"},
        usage={"prompt_tokens": 1, "completion_tokens": 2},
    )
    assert (answer.text, answer.reasoning, answer.usage, answer.fault) == ("a", "r", Usage(1, 2, 3), None)


def test_every_call_of_a_whole_message_is_its_own():
    one = {"id": "same", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    answer = whole({"content": None, "tool_calls": [one, one, one | {"index": 0}]}, "tool_calls")
    assert [call.arguments for call in answer.calls] == ["{}", "{}", "{}"]
    assert [call.made_id for call in answer.calls] == [False, True, True]


def test_a_whole_message_inside_a_stream_counts_unless_it_repeats():
    message = {"choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}]}
    assert reply(message).text == "a"
    assert reply(says(content="a"), message).text == "a"


@pytest.mark.parametrize("document", [{}, {"choices": []}, {"choices": None}, [], "x", {"data": 1}])
def test_a_document_that_is_no_completion(document):
    assembler = Assembler("s")
    assembler.take_whole(document)
    assert assembler.reply().fault.kind == "stream_malformed"


# About the answer


def test_who_answered():
    assembler = Assembler("s")
    for one in (chunk({"content": "a"}, provider="groq"), chunk({}, "stop") | {"model": "later"}):
        assembler.feed(one)
    assert (assembler.model, assembler.provider) == ("scripted", "groq")
