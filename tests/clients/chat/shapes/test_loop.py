"""Calls as servers send them, through the loop: what runs, what is refused, and what the model is sent next."""

import hashlib
import json
import re

import pytest

from core.clients.chat.client import ChatClient
from core.clients.outbound import Outbound
from core.domain.endpoint import Endpoint
from core.domain.event import Refused, Started
from core.domain.run import RunSpec
from core.domain.wire import request_body
from core.engine.drive import Drive
from core.engine.feed import Feed
from core.engine.ports import Ports
from core.engine.state import fold
from core.engine.transcript import transcript
from core.tools.toolbox import Toolbox
from tests.support.answers import chunk, completion, status, text
from tests.support.engine import MemoryJournal
from tests.support.notebooks import MemoryNotebook
from tests.support.scripted import ScriptedServer
from tests.support.secrets import KnownSecrets
from tests.support.shapes import CALLED, DONE, SUM, call, piece, said, stream

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
SIGNED = {"google": {"thought_signature": "sig=="}}


@pytest.fixture
def toolbox():
    box = Toolbox(Outbound(), MemoryNotebook(), KnownSecrets())
    yield box
    box.close()


@pytest.fixture
def loop(toolbox):
    """Run these answers to the end: the state, and the bodies that were asked. Every body has to be legal."""

    async def loop(*answers, tools=("calculator",)):
        with ScriptedServer(*answers) as server:
            endpoint = Endpoint(name="scripted", kind="openai", base_url=server.base_url)
            journal = MemoryJournal(RunSpec(endpoint=endpoint, model="m", tools=tuple(map(toolbox.get, tools))))
            client = ChatClient(lambda _: None, lambda e: e.base_url)
            ports = Ports(
                journal=journal, model=client, tools=toolbox, observer=Feed(), now=journal.now, holds_lease=lambda: True
            )
            await Drive(journal.claim(), ports).run()
            await client.close()
        for step, request in enumerate(server.requests, 1):
            _check_body(request.json)
            _check_rebuilt(journal, step, request.body)
        return fold(journal.events), [request.json["messages"] for request in server.requests]

    return loop


def _check_rebuilt(journal, step, sent):
    """What the journal says was sent is what was sent, to the byte."""
    started = [event.fact for event in journal.events if isinstance(event.fact, Started) and event.fact.request]
    state = fold(journal.events)
    assert request_body(state.spec, transcript(state, before_step=step)) == sent
    assert started[step - 1].request.sha256 == hashlib.sha256(sent).hexdigest()


def _check_body(body):
    assert set(body) <= {"model", "messages", "tools", "stream", "stream_options"}, "unset means not sent"
    messages = iter(body["messages"])
    for message in messages:
        assert set(message) <= {"role", "content", "tool_calls"}
        ids = [one["id"] for one in message.get("tool_calls", ())]
        assert len(set(ids)) == len(ids)
        for one in message.get("tool_calls", ()):
            assert set(one) <= {"id", "type", "function", "extra_content"}
            assert NAME.fullmatch(one["function"]["name"])
            assert isinstance(json.loads(one["function"]["arguments"], parse_constant=pytest.fail), dict)
            told = next(messages)
            assert (told["role"], told["tool_call_id"], set(told)) == (
                "tool",
                one["id"],
                {"role", "content", "tool_call_id"},
            )
            assert isinstance(told["content"], str)


def asks(*pieces):
    return stream(*pieces, CALLED, DONE)


REFUSED = {
    "cut off": '{"expression":"1+1',
    "no closing brace": '{"expression":"1+1"',
    "single quotes": "{'expression':'1+1'}",
    "a trailing comma": '{"expression":"1+1",}',
    "a fence": '```json\n{"expression":"1+1"}\n```',
    "a comment": '{"expression":"1+1"/*x*/}',
    "encoded twice": json.dumps(SUM),
    "no number": '{"expression":NaN}',
    "a list": "[1]",
    "a text": '"1+1"',
    "a number": "5",
    "a truth": "true",
    "words behind": SUM + " x",
    "glued": SUM + SUM,
    "glued behind nothing": "{}" + SUM,
    "Python": "{'expression': True}",
    "an unknown name": '{"expression":"1+1","x":1}',
    "the wrong type": '{"expression":5}',
    "nothing that is required": "{}",
    "empty": "",
    "null": "null",
    "the wrong case": '{"Expression":"1+1"}',
    "a name twice": '{"expression":"1","expression":"2"}',
    "a line end inside a text": '{"expression":"1\n+1"}',
    "a byte order mark": "\ufeff" + SUM,
    "an end token": SUM + "</s>",
    "a mark of the template": SUM + "<|im_end|>",
    "XML": "<expression>1+1</expression>",
    "half a character": '{"expression":"\\ud83d"}',
    "too deep": '{"expression":' + "[" * 3_000 + "]" * 3_000 + "}",
}
NAMES = [
    "nope",
    "",
    " calculator ",
    "Calculator",
    "functions.calculator",
    "calculator<|channel|>commentary",
    "x" * 500,
    "calcül",
    "calc\x00",
    "current_time",
]


@pytest.mark.parametrize("arguments", REFUSED.values(), ids=REFUSED)
async def test_arguments_that_do_not_fit_are_refused_and_told(loop, arguments):
    state, (_, after) = await loop(asks(piece(0, "c", "calculator", arguments)), text("final"))
    (refused,) = [one.refused for one in state.steps[0].calls]
    assert (refused.error, refused.arguments) == ("tool_args_invalid", arguments)
    assert state.totals.calls_executed == 0
    assert after[-1]["content"] == refused.reason
    assert state.ended.output == "final"


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_that_is_no_tools_is_refused_and_told(loop, name):
    state, (_, after) = await loop(asks(piece(0, "c", name)), text("final"))
    (one,) = state.steps[0].calls
    assert isinstance(one.refused, Refused)
    assert (one.refused.error, one.refused.name, state.totals.calls_executed) == ("tool_unknown", name, 0)
    assert SUM in after[-1]["content"]


RUN = {
    "the usual way": (piece(0, "c", "calculator", SUM), "2"),
    "escapes": (piece(0, "c", "calculator", '{"expression":"1\\u002b1"}'), "2"),
    "blanks": (piece(0, "c", "calculator", '\n { "expression" : "1+1" } \n'), "2"),
    "an object": (piece(0, "c", "calculator", {"expression": "1+1"}), "2"),
    "many digits": (
        piece(0, "c", "calculator", '{"expression":"12345678901234567890123 + 1"}'),
        "12,345,678,901,234,567,890,124",
    ),
}


@pytest.mark.parametrize(("asked", "told"), RUN.values(), ids=RUN)
async def test_arguments_that_fit_are_run(loop, asked, told):
    state, (_, after) = await loop(asks(asked), text("final"))
    assert (state.totals.calls_executed, state.ended.output) == (1, "final")
    assert after[-1]["content"].replace(",", "") == told.replace(",", "")


@pytest.mark.parametrize("arguments", [None, "", "null", "{}", " "])
async def test_no_arguments_are_an_empty_object(loop, arguments):
    state, (_, after) = await loop(
        asks(piece(0, "c", "current_time", arguments)), text("final"), tools=("current_time",)
    )
    assert state.totals.calls_executed == 1
    assert after[-2]["tool_calls"][0]["function"]["arguments"] == "{}"


async def test_digits_of_integers_are_kept(loop):
    raw = '{"low":12345678901234567890123,"high":12345678901234567890124}'
    _, (_, after) = await loop(asks(piece(0, "c", "random_number", raw)), text("final"), tools=("random_number",))
    assert after[-2]["tool_calls"][0]["function"]["arguments"] == raw


async def test_a_made_up_id_fits_the_strictest_server(loop):
    _, (_, after) = await loop(asks(piece(0, "")), text("final"))
    assert re.fullmatch("[a-zA-Z0-9]{9}", after[-1]["tool_call_id"])


async def test_the_same_ids_in_every_step_are_told_apart_by_place(loop):
    other = piece(0, "c", "calculator", '{"expression":"2+2"}')
    state, (*_, after) = await loop(asks(piece(0, "c")), asks(other), text("final"))
    assert [message["content"] for message in after if message["role"] == "tool"] == ["2", "4"]
    assert state.totals.calls_executed == 2


async def test_every_call_gets_its_answer_in_order(loop):
    good, bad = piece(0, "a"), piece(1, "b", "calculator", "{bad")
    state, (_, after) = await loop(asks(good, bad, piece(2, "c", "calculator", '{"expression":"2+2"}')), text("final"))
    assert [message["tool_call_id"] for message in after[-3:]] == ["a", "b", "c"]
    assert (after[-3]["content"], after[-1]["content"]) == ("2", "4")
    assert (state.totals.calls_executed, after[-3]["role"]) == (2, "tool")


async def test_what_belongs_to_a_call_goes_back_unchanged(loop):
    _, (_, after) = await loop(asks(piece(0, "c", extra_content=SIGNED)), text("final"))
    assert after[-2]["tool_calls"][0]["extra_content"] == SIGNED


@pytest.mark.parametrize("thought", [said(reasoning_content="my thought"), said(content="<think>my thought</think>")])
async def test_thoughts_do_not_go_back(loop, thought):
    _, (_, after) = await loop(asks(thought, piece(0, "c")), text("final"))
    assert "my thought" not in json.dumps(after)
    assert after[-2]["content"] is None


async def test_words_beside_a_call_go_back(loop):
    _, (_, after) = await loop(asks(said(content="Let me."), piece(0, "c")), text("final"))
    assert after[-2]["content"] == "Let me."


async def test_a_document_is_as_good_as_a_stream(loop):
    asking = completion({"role": "assistant", "content": None, "tool_calls": [call()]}, "tool_calls")
    state, (_, after) = await loop(asking, completion({"role": "assistant", "content": "final"}))
    assert (after[-1]["content"], state.ended.output) == ("2", "final")


CUT = {
    "stream_incomplete": stream(piece()),
    "truncated": stream(piece(), chunk({}, "length"), DONE),
    "content_filter": stream(piece(), chunk({}, "content_filter"), DONE),
    "stream_error": stream(piece(), {"error": {"message": "boom"}}),
    "stream_malformed": stream(piece(), b"data: {bad}\n\n", CALLED),
    "server_error": status(500, {"error": "boom"}),
}


@pytest.mark.parametrize("kind", CUT)
async def test_nothing_runs_after_an_answer_that_failed(loop, kind):
    state, asked = await loop(CUT[kind])
    assert (state.ended.status, state.ended.error.kind) == ("failed", kind)
    assert (state.totals.calls_executed, len(asked)) == (0, 1)
