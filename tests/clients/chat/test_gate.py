"""So many requests at once, and the others wait in line."""

import asyncio
import threading

import pytest

from core.clients.chat.client import ChatClient
from core.clients.chat.gate import Gate
from core.domain.endpoint import Endpoint, EndpointLimits
from core.domain.model_call import ModelRequest
from tests.support.scripted import ScriptedServer, stall, text


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


class Visitors:
    """Requests that stay until they are told to leave."""

    def __init__(self, limit):
        self.gate, self.limit = Gate(), limit
        self.inside, self.told, self.leave, self.tasks = [], [], {}, {}

    async def come(self, number, limit=None):
        self.leave[number] = asyncio.Event()
        self.tasks[number] = asyncio.create_task(self._visit(number, limit or self.limit))
        await turns()

    async def go(self, number):
        self.leave[number].set()
        await self.tasks[number]
        await turns()

    async def _visit(self, number, limit):
        async with self.gate.room("e", limit, lambda under_way, ahead: self.told.append((number, under_way, ahead))):
            self.inside.append(number)
            await self.leave[number].wait()
            self.inside.remove(number)


async def test_first_come_first_served():
    visitors = Visitors(2)
    for number in range(5):
        await visitors.come(number)
    assert visitors.inside == [0, 1]
    assert visitors.told == [(2, 2, 0), (3, 2, 1), (4, 2, 2)]
    await visitors.go(1)
    assert visitors.inside == [0, 2]
    await visitors.go(0)
    await visitors.go(2)
    assert visitors.inside == [3, 4]
    await visitors.go(3)
    await visitors.go(4)
    assert visitors.gate._lines == {}


async def test_who_gives_up_leaves_the_line():
    visitors = Visitors(1)
    for number in range(3):
        await visitors.come(number)
    visitors.tasks[1].cancel()
    await turns()
    await visitors.go(0)
    assert visitors.inside == [2]


async def test_a_turn_that_comes_in_the_moment_of_giving_up_is_passed_on():
    visitors = Visitors(1)
    async with visitors.gate.room("e", 1, lambda *_: None):
        await visitors.come(1)
        await visitors.come(2)
    visitors.tasks[1].cancel()  # its turn has come, and it has not noticed yet
    await turns()
    assert visitors.inside == [2]


async def test_more_room_given_meanwhile_counts_for_those_who_come_with_it():
    visitors = Visitors(1)
    await visitors.come(0)
    await visitors.come(1, limit=3)
    assert visitors.inside == [0, 1]


async def test_without_a_limit_nobody_waits():
    gate, told = Gate(), []
    async with gate.room("e", None, told.append), gate.room("e", None, told.append):
        assert told == []


@pytest.fixture
async def client():
    client = ChatClient(lambda _: None, lambda e: e.base_url)
    yield client
    await client.close()


def request_to(server, **limits):
    endpoint = Endpoint(name="e", kind="openai", base_url=server.base_url, limits=EndpointLimits(**limits))
    return ModelRequest(endpoint=endpoint, model="m", body=b"{}")


async def test_a_request_waits_for_room_and_says_so(client):
    gate, seen = threading.Event(), []
    with ScriptedServer(text("first").held_by(gate), text("second")) as server:
        first = asyncio.create_task(client.ask(request_to(server, concurrency=1), lambda _: None))
        await asyncio.to_thread(server.wait_for, 1)
        second = asyncio.create_task(client.ask(request_to(server, concurrency=1), seen.append))
        await turns(20)
        assert [delta.waiting for delta in seen] == ["Waiting for room at e: 1 under way there."]
        assert len(server.requests) == 1
        gate.set()
        assert [(await task).text for task in (first, second)] == ["first", "second"]
    assert "".join(delta.text for delta in seen) == "second"


async def test_stopping_works_while_waiting(client):
    with ScriptedServer(stall()) as server:
        first = asyncio.create_task(client.ask(request_to(server, concurrency=1), lambda _: None))
        await asyncio.to_thread(server.wait_for, 1)
        second = asyncio.create_task(client.ask(request_to(server, concurrency=1), lambda _: None))
        await turns(20)
        for task in (second, first):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert len(server.requests) == 1


async def test_the_time_of_a_run_goes_on_while_it_waits(client):
    with ScriptedServer(stall()) as server:
        first = asyncio.create_task(client.ask(request_to(server, concurrency=1), lambda _: None))
        await asyncio.to_thread(server.wait_for, 1)
        late = request_to(server, concurrency=1)
        reply = await client.ask(
            type(late)(endpoint=late.endpoint, model="m", body=b"{}", time_limit_s=0.05), lambda _: None
        )
        assert (reply.fault.kind, reply.exchange.url) == ("time_limit", "")
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def test_how_long_a_server_may_be_silent_is_the_endpoints(client):
    with ScriptedServer(stall()) as server:
        reply = await client.ask(request_to(server, silence_s=0.05), lambda _: None)
    assert reply.fault.kind == "timeout"
    assert "0.05 seconds" in reply.fault.message
