"""The demo model over its real server, asked through the same client as any other model."""

import asyncio
import json
import threading
import time

import httpx2
import pytest

from core.clients.chat.client import ChatClient
from core.clients.chat.probe import probe
from core.clients.demo.server import DemoServer
from core.domain.endpoint import Endpoint
from core.domain.model_call import ModelRequest

ENDPOINT = Endpoint(name="demo", kind="demo")
CALCULATOR = {"type": "function", "function": {"name": "calculator", "parameters": {}}}
DICE = {"type": "function", "function": {"name": "roll_dice", "parameters": {}}}


@pytest.fixture(scope="module")
def server():
    server = DemoServer(tokens_per_second=0)
    yield server
    server.stop()


async def _ask(server, question, tools=(), on_delta=None, **more):
    body = {"model": "demo", "messages": [{"role": "user", "content": question}], "stream": True}
    body |= {"tools": list(tools), "stream_options": {"include_usage": True}} | more
    client = ChatClient(lambda _: None, lambda _: server.start())
    try:
        request = ModelRequest(endpoint=ENDPOINT, model="demo", body=json.dumps(body).encode())
        return await client.ask(request, on_delta or (lambda _: None))
    finally:
        await client.close()


async def test_text_is_streamed_word_by_word(server):
    seen = []
    reply = await _ask(server, "Hello!", on_delta=seen.append)
    assert reply.fault is None
    assert "not an AI" in reply.text
    assert "".join(delta.text for delta in seen) == reply.text
    assert reply.exchange.model == "demo"
    assert reply.usage.prompt_tokens > 0
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


async def test_tools_are_called_in_parallel(server):
    reply = await _ask(server, "What is 17 % of 2,340, and roll 2d6?", [CALCULATOR, DICE])
    assert [(call.name, json.loads(call.arguments)) for call in reply.calls] == [
        ("calculator", {"expression": "17 % of 2,340"}),
        ("roll_dice", {"notation": "2d6"}),
    ]
    assert len({call.id for call in reply.calls}) == 2
    assert not any(call.made_id for call in reply.calls)
    assert (reply.finish_reason, reply.notes) == ("tool_calls", ())


async def test_the_same_request_gets_the_same_answer(server):
    first, second = [await _ask(server, "What is 12*7?", [CALCULATOR]) for _ in range(2)]
    assert (first.calls, first.usage) == (second.calls, second.usage)


async def test_it_answers_whole_where_no_stream_is_asked_for(server):
    reply = await _ask(server, "What is 12*7?", [CALCULATOR], stream=False)
    assert [call.name for call in reply.calls] == ["calculator"]


async def test_it_takes_its_time(server):
    slow = DemoServer(tokens_per_second=200)
    reply = await _ask(slow, "Hello!")
    slow.stop()
    words = len(reply.text.split())
    assert reply.exchange.total_ms > words * 1000 / 200 * 0.8


async def test_many_at_once(server):
    replies = await asyncio.gather(*(_ask(server, f"What is {n}*{n}?", [CALCULATOR]) for n in range(20)))
    assert [json.loads(reply.calls[0].arguments)["expression"] for reply in replies] == [f"{n}*{n}" for n in range(20)]


def test_it_starts_once_and_lists_itself(server):
    urls = []
    threads = [threading.Thread(target=lambda: urls.append(server.start())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(urls)) == 1
    assert probe(ENDPOINT, urls[0], None).models == ("demo",)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"messages": 7}', b"\xff"])
def test_a_bad_request_is_answered_as_one(server, body):
    answer = httpx2.post(f"{server.start()}/chat/completions", content=body, trust_env=False)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_it_stops_and_starts_again():
    server = DemoServer()
    first = server.start()
    began = time.monotonic()
    server.stop()
    server.stop()
    assert time.monotonic() - began < 5
    assert probe(ENDPOINT, first, None).fault.kind == "connection"
    assert probe(ENDPOINT, server.start(), None).ok
    server.stop()
