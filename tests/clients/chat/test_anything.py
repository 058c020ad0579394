"""Whatever a server sends, there is a reply, and it can be kept."""

import json

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clients.chat import words
from core.clients.chat.assemble import Assembler
from core.clients.chat.secrecy import veil_over
from core.clients.chat.sse import Splitter
from core.domain.model_call import Reply

texts = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    [
        "",
        "<think>",
        "</think>",
        "stop",
        "length",
        "error",
        "{",
        '{"a":1}',
        "[DONE]",
        "\ud83d",
        "\ude00",
        "sk-secret-key",
    ]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from([10**30, -(10**400), 1e308])
NAMES = [
    "choices",
    "index",
    "delta",
    "message",
    "content",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "thinking",
    "refusal",
    "tool_calls",
    "function_call",
    "function",
    "name",
    "arguments",
    "id",
    "type",
    "extra_content",
    "finish_reason",
    "usage",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cost",
    "error",
    "errors",
    "code",
    "status",
    "detail",
    "loc",
    "msg",
    "text",
    "summary",
    "model",
    "provider",
    "x_groq",
    "object",
    "role",
]
names = st.sampled_from(NAMES) | texts
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5), max_leaves=25
)


def shaped(delta):
    """A chunk that looks like one as far as here."""
    return {"choices": [{"delta": delta, "finish_reason": None}]}


calls = st.dictionaries(st.just("tool_calls"), st.lists(st.dictionaries(names, anything, max_size=6), max_size=3))
chunks = anything | st.dictionaries(names, anything, max_size=6).map(shaped) | calls.map(shaped)


def kept(assembler):
    reply = veil_over(("sk-secret-key",)).reply(assembler.reply())
    text = msgspec.json.encode(reply)
    assert b"sk-secret-key" not in text
    msgspec.json.decode(text, type=Reply)


@settings(deadline=None, max_examples=300)
@given(st.lists(chunks, max_size=5))
def test_any_json_makes_a_reply(given_chunks):
    streamed, whole = Assembler("s"), Assembler("s")
    for chunk in given_chunks:
        for event in Splitter().feed(b"data: " + json.dumps(chunk).encode() + b"\n\n"):
            streamed.take(event)
            streamed.take_delta()
        whole.take_whole(json.loads(json.dumps(chunk)))
    kept(streamed)
    kept(whole)


@settings(deadline=None)
@given(
    st.lists(
        st.binary(max_size=40) | st.sampled_from([b"data: ", b"\n\n", b"{", b"}", b"[DONE]", b"error: "]), max_size=12
    )
)
def test_any_bytes_make_a_reply(pieces):
    assembler, splitter = Assembler("s"), Splitter()
    for piece in pieces:
        for event in splitter.feed(piece):
            assembler.take(event)
    if last := splitter.flush():
        assembler.take_unfinished(last)
    kept(assembler)


@settings(deadline=None)
@given(anything)
def test_any_refusal_has_words(body):
    data = json.dumps(body).encode()
    words.of_body(data).encode()
    words.status_in(json.loads(data))
    words.code_in(data)
