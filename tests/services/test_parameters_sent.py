"""Unset means not sent: every parameter of the editor, on the wire."""

import pytest

from core.domain.agent import AgentSpec, Parameters
from core.domain.endpoint import Compatibility
from core.domain.tool import ToolChoice
from tests.support.scripted import ScriptedServer, completion, text
from tests.support.workspace import ENDPOINT, rested, started, workspace

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
ALWAYS = {"model", "messages", "stream", "stream_options"}
AS_SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}
STRICT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
ONE_TOOL = {"type": "function", "function": {"name": "calculator"}}

SENT = {
    "temperature": (Parameters(temperature=0.0), 0.0),
    "top_p": (Parameters(top_p=0.5), 0.5),
    "max_tokens": (Parameters(max_tokens=9), 9),
    "seed": (Parameters(seed=0), 0),
    "stop": (Parameters(stop=("END", "\n")), ["END", "\n"]),
    "frequency_penalty": (Parameters(frequency_penalty=0.0), 0.0),
    "presence_penalty": (Parameters(presence_penalty=-1.5), -1.5),
    "reasoning_effort": (Parameters(reasoning_effort="low"), "low"),
    "response_format": (Parameters(response_schema=SCHEMA), AS_SCHEMA),
}


def body(settings, parameters, *tools, compatibility=None, answer=None):
    """The request of a run with these parameters, as the server got it."""
    spec = AgentSpec(endpoint=ENDPOINT, parameters=parameters, tools=tuple(ToolChoice(name) for name in tools))
    with ScriptedServer(answer or text("hi")) as server, workspace(settings, server) as app:
        if compatibility:
            app.endpoints.update(ENDPOINT, "ada", compatibility=compatibility)
        view = rested(app, started(app, spec=spec).id)
        assert app.runs.sent(view.run.id, 1).value.body == server.requests[0].body
    return server.requests[0].json


def test_nothing_set_nothing_sent(settings):
    assert body(settings, Parameters()).keys() == ALWAYS


def test_of_an_agent_with_tools_only_the_tools(settings):
    assert body(settings, Parameters(), "calculator").keys() == ALWAYS | {"tools"}


@pytest.mark.parametrize("name", SENT)
def test_what_is_set_is_sent_alone(settings, name):
    parameters, value = SENT[name]
    sent = body(settings, parameters)
    assert sent.keys() == ALWAYS | {name}
    assert (sent[name], type(sent[name])) == (value, type(value))


def test_every_parameter_of_a_spec_is_in_this_file():
    covered = {
        field for parameters, _ in SENT.values() for field in Parameters.__struct_fields__ if _set(parameters, field)
    }
    assert covered == set(Parameters.__struct_fields__) - {"json_object", "tool_choice", "parallel_tool_calls"}


def _set(parameters, field):
    return getattr(parameters, field) != getattr(Parameters(), field)


def test_any_json_object(settings):
    assert body(settings, Parameters(json_object=True))["response_format"] == {"type": "json_object"}
    assert Parameters(json_object=False) == Parameters()


@pytest.mark.parametrize(
    ("choice", "wire"), [("auto", "auto"), ("none", "none"), ("required", "required"), ("calculator", ONE_TOOL)]
)
def test_the_choice_of_tools(settings, choice, wire):
    sent = body(settings, Parameters(tool_choice=choice), "calculator")
    assert sent.keys() == ALWAYS | {"tools", "tool_choice"}
    assert sent["tool_choice"] == wire


@pytest.mark.parametrize("allowed", [True, False])
def test_several_calls_at_once(settings, allowed):
    sent = body(settings, Parameters(parallel_tool_calls=allowed), "calculator")
    assert sent["parallel_tool_calls"] is allowed


def test_about_tools_nothing_is_sent_where_there_are_none(settings):
    given = Parameters(tool_choice="required", parallel_tool_calls=True)
    assert body(settings, given).keys() == ALWAYS


def test_the_endpoint_decides_how_it_is_said(settings):
    spoken = Compatibility(token_field="max_completion_tokens", strict_schemas=True, stream=False)
    answer = completion({"role": "assistant", "content": "{}"})
    given = Parameters(max_tokens=9, response_schema=SCHEMA)
    sent = body(settings, given, compatibility=spoken, answer=answer)
    assert sent.keys() == {"model", "messages", "max_completion_tokens", "response_format"}
    assert sent["response_format"] == STRICT
