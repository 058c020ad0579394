"""The short way and the long way through a chunk lead to the same answer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clients.chat import lenient
from core.clients.chat.assemble import Assembler
from core.clients.chat.quick import piece_in
from core.clients.chat.sse import ServerEvent

CALL = [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]
words = st.sampled_from([None, "", "a", " b", "<think>", "x</think>", "\ud83d"])
odd = st.sampled_from([None, "", [], {}, 0, "m", {"message": "m"}, {"total_tokens": 1}, True, 1.5])
deltas = st.fixed_dictionaries(
    {},
    optional={
        "role": st.just("assistant"),
        "content": words | odd,
        "reasoning": words | odd,
        "reasoning_content": words,
        "reasoning_text": words,
        "reasoning_details": st.sampled_from([None, [], [{"text": "a"}], "a"]),
        "thinking": words | odd,
        "tool_calls": st.sampled_from([None, [], CALL, CALL[0]]),
        "refusal": words,
        "unheard_of": odd,
    },
)
choices = st.fixed_dictionaries(
    {},
    optional={
        "index": st.sampled_from([None, 0, 1, False, "0"]),
        "delta": st.none() | deltas,
        "finish_reason": st.sampled_from([None, "", "stop", "length"]),
        "error": odd,
        "usage": odd,
        "text": words,
        "message": st.none() | deltas,
        "logprobs": odd,
    },
)
chunks = st.fixed_dictionaries(
    {},
    optional={
        "choices": odd | choices | st.lists(choices, max_size=2),
        "model": words,
        "provider": words,
        "error": odd,
        "usage": odd,
        "object": st.sampled_from(["error", "chat.completion.chunk"]),
        "message": words,
    },
)


@given(st.lists(chunks, max_size=5))
def test_both_ways_lead_to_the_same_answer(given_chunks):
    short, long = Assembler("s"), Assembler("s")
    for chunk in given_chunks:
        data = json.dumps(chunk).encode()
        short.take(ServerEvent(data))
        long.feed(lenient.parse(data))
    for assembler in (short, long):
        assembler.end()
    assert short.reply() == long.reply()
    assert (short.model, short.provider) == (long.model, long.provider)


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "a"},
        {"role": "assistant", "content": "", "reasoning": "r", "tool_calls": []},
        {"content": None, "reasoning_content": "r", "refusal": None, "tool_calls": None},
    ],
)
def test_what_servers_send_all_day_goes_the_short_way(delta):
    chunk = {"id": "x", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "logprobs": None}]}
    assert piece_in(json.dumps(chunk).encode()) is not None
