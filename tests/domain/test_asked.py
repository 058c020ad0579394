"""What other programs send: whatever it is, it is read or refused in words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.domain.asked import ChatAsked, read_chat, read_run
from core.domain.result import Err, Ok

WORDS = some.sampled_from(
    [
        "model",
        "messages",
        "role",
        "content",
        "user",
        "system",
        "assistant",
        "tool",
        "type",
        "text",
        "image_url",
        "url",
        "n",
    ]
)
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | WORDS | some.text(),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_read_or_refused(value):
    body = json.dumps(value).encode()
    for read in (read_chat, read_run):
        result = read(body)
        assert isinstance(result, Ok) or (result.kind in {"invalid", "refused"} and result.message)


@given(some.binary())
def test_any_bytes_are_read_or_refused(body):
    assert isinstance(read_chat(body), Err)


@given(some.lists(some.sampled_from(["user", "assistant"]), max_size=5), some.text(min_size=1))
def test_a_conversation_comes_through_as_it_was_said(roles, words):
    try:
        words.encode()
    except UnicodeEncodeError:
        return
    messages = [{"role": role, "content": words} for role in (*roles, "user")]
    asked, question = read_chat(json.dumps({"model": "Clerk", "messages": messages}).encode()).value
    assert isinstance(asked, ChatAsked)
    assert [(turn.role, turn.text) for turn in question.turns] == [(one["role"], one["content"]) for one in messages]


@pytest.mark.parametrize(
    "url", ["http://x/a.png", "data:image/png;base64,é", "data:image/png;base64,a", "data:text/html,x"]
)
def test_an_image_that_is_not_in_the_message_is_refused(url):
    content = [{"type": "image_url", "image_url": {"url": url}}]
    refused = read_chat(json.dumps({"model": "C", "messages": [{"role": "user", "content": content}]}).encode())
    assert isinstance(refused, Err)
    assert refused.field == "messages[0]"
