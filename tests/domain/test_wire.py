"""A request's messages hold what the protocol has and nothing more; where servers contradict each other, the endpoint decides."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.agent import Parameters
from core.domain.endpoint import Compatibility, Endpoint
from core.domain.message import AssistantMessage, SystemMessage, ToolCall, ToolMessage, UserMessage
from core.domain.run import RunSpec
from core.domain.tool import ToolSpec
from core.domain.wire import legal_name, request_body, wire_message

CALL = ToolCall("c1", "add", '{"a":1}')
ASKED = AssistantMessage(calls=(CALL,), reasoning="hm")
TOLD = ToolMessage(content="2", call_id="c1", name="add")
FUNCTION = {"name": "add", "arguments": '{"a":1}'}
USUAL = Compatibility()


def body(*messages, compatibility=USUAL, **changes):
    endpoint = Endpoint(name="e", kind="openai", compatibility=compatibility)
    return json.loads(request_body(RunSpec(endpoint=endpoint, model="m", **changes), messages))


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (SystemMessage(content="s"), {"role": "system", "content": "s"}),
        (UserMessage(content="u"), {"role": "user", "content": "u"}),
        (AssistantMessage(content="a", reasoning="hm"), {"role": "assistant", "content": "a"}),
        (TOLD, {"role": "tool", "tool_call_id": "c1", "content": "2"}),
        (
            ASKED,
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": FUNCTION}],
            },
        ),
    ],
)
def test_messages_hold_nothing_but_the_protocol(message, wire):
    assert wire_message(message, USUAL) == wire


def test_what_stands_beside_calls():
    assert wire_message(ASKED, USUAL)["content"] is None
    assert wire_message(ASKED, Compatibility(content_beside_calls="empty"))["content"] == ""
    spoken = AssistantMessage(content="Let me.", calls=(CALL,))
    for compatibility in (USUAL, Compatibility(content_beside_calls="empty")):
        assert wire_message(spoken, compatibility)["content"] == "Let me."


def test_the_name_of_a_tool_in_its_answer():
    assert wire_message(TOLD, Compatibility(name_on_tool_messages=True))["name"] == "add"


def test_thoughts_go_back_where_they_are_wanted():
    back = Compatibility(reasoning_back=True)
    assert wire_message(ASKED, back)["reasoning_content"] == "hm"
    assert "reasoning_content" not in wire_message(AssistantMessage(content="a"), back)


def test_what_belongs_to_a_call_goes_back():
    signed = ToolCall("c1", "add", "{}", made_id=True, extra={"google": {"thought_signature": "s=="}})
    (wire,) = wire_message(AssistantMessage(calls=(signed,)), USUAL)["tool_calls"]
    assert wire == {
        "id": "c1",
        "type": "function",
        "function": {"name": "add", "arguments": "{}"},
        "extra_content": {"google": {"thought_signature": "s=="}},
    }


@pytest.mark.parametrize(
    ("compatibility", "fields"),
    [
        (USUAL, {"stream", "stream_options"}),
        (Compatibility(stream_options=False), {"stream"}),
        (Compatibility(stream=False), set()),
        (Compatibility(stream=False, stream_options=True), set()),
    ],
)
def test_how_an_answer_is_asked_for(compatibility, fields):
    assert set(body(UserMessage(content="u"), compatibility=compatibility)) == {"model", "messages"} | fields


def test_strict_schemas_only_where_they_are_wanted():
    tool = ToolSpec(name="add", description="Add.", parameters={"type": "object", "properties": {}})
    (loose,) = body(UserMessage(content="u"), tools=(tool,))["tools"]
    (strict,) = body(UserMessage(content="u"), tools=(tool,), compatibility=Compatibility(strict_schemas=True))["tools"]
    assert "strict" not in loose["function"]
    assert strict["function"]["strict"] is True


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_the_field_for_tokens(field):
    sent = body(
        UserMessage(content="u"), parameters=Parameters(max_tokens=9), compatibility=Compatibility(token_field=field)
    )
    assert {name: sent.get(name) for name in ("max_tokens", "max_completion_tokens")} == {
        "max_tokens": 9 if field == "max_tokens" else None,
        "max_completion_tokens": 9 if field == "max_completion_tokens" else None,
    }


@given(st.text(max_size=100))
def test_every_name_that_goes_out_is_legal(name):
    assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", legal_name(name))
    if re.fullmatch("[a-zA-Z0-9_-]{1,64}", name):
        assert legal_name(name) == name
