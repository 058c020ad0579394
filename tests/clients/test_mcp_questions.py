"""What servers ask a person in the middle of a call: the way of the handshake era and of the newest protocol."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from core.clients.mcp.answer import Called, Listener
from core.clients.mcp.errors import LostAnswerError
from core.clients.mcp.sessions import McpSessions
from core.domain.question import PersonSaid, Question
from tests.support.mcp_servers import SmallServer, asking


@pytest.fixture
def small(tmp_path):
    return SmallServer(tmp_path)


@asynccontextmanager
async def session_with(server):
    sessions = McpSessions()
    try:
        yield await sessions.get(server, {})
    finally:
        await sessions.close()


class Person:
    """Answers what is planned, and keeps what was asked."""

    def __init__(self, *plan: PersonSaid) -> None:
        self.plan, self.asked = list(plan), []

    async def __call__(self, question: Question) -> PersonSaid:
        self.asked.append(question)
        await asyncio.sleep(0)
        return self.plan.pop(0)


def words(called: Called) -> str:
    return called.content[0]["text"]


LARGE = {"size": "large", "cups": 2, "name": "Ann"}


@pytest.mark.parametrize(
    ("said", "result"),
    [
        (PersonSaid("approve", LARGE), "Ordered: 2 large tea for Ann."),
        (PersonSaid("deny"), "No order: decline."),
        (PersonSaid("cancel"), "No order: cancel."),
    ],
)
async def test_a_form_is_asked_and_the_answer_goes_back_to_the_call(tmp_path, said, result):
    person = Person(said)
    async with session_with(asking(tmp_path)) as session:
        called = await session.call("order", {"what": "tea"}, 5, Listener(ask=person))
    assert words(called) == result
    (question,) = person.asked
    assert question.message == "How do you want the tea?"
    assert list(question.fields) == ["size", "cups", "name", "gift"]
    assert question.required == {"size", "name"}


async def test_an_address_is_asked_to_be_visited_and_never_opened(tmp_path):
    person = Person(PersonSaid("approve"))
    async with session_with(asking(tmp_path)) as session:
        assert words(await session.call("visit", {}, 5, Listener(ask=person))) == "You said accept."
    assert person.asked == [Question(message="Sign in at the shop first.", url="https://shop.example.org/in?x=1")]


async def test_a_server_of_the_handshake_era_asks_over_its_pipe(small):
    person = Person(PersonSaid("approve", {"n": 7}), PersonSaid("deny"))
    async with session_with(small.server) as session:
        first = await session.call("ask", {}, 5, Listener(ask=person))
        second = await session.call("ask", {}, 5, Listener(ask=person))
    assert words(first) == '{"action": "accept", "content": {"n": 7}}'
    assert words(second) == '{"action": "decline"}'
    assert person.asked[0].note == ""


async def test_with_several_calls_under_way_it_is_said_that_nobody_knows_which_of_them_asks(small):
    person, other = Person(PersonSaid("cancel")), Person()
    async with session_with(small.server) as session:
        hanging = asyncio.create_task(session.call("hang", {}, 5, Listener(ask=person)))
        await until(lambda: small.count("tools/call hang"))
        await session.call("ask", {}, 5, Listener(ask=other))
        hanging.cancel()
    assert person.asked[0].note.startswith("2 calls of this server are under way")
    assert other.asked == []


async def test_where_nobody_listens_the_server_is_refused(small):
    async with session_with(small.server) as session:
        assert "No call is under way here in which a person could be asked." in words(await session.call("ask", {}, 5))


async def test_the_time_limit_stands_still_while_a_person_thinks(small):
    async def slow(_question: Question) -> PersonSaid:
        await asyncio.sleep(0.6)
        return PersonSaid("deny")

    async with session_with(small.server) as session:
        assert "decline" in words(await session.call("ask", {}, 0.5, Listener(ask=slow)))


async def test_the_time_limit_goes_on_after_the_answer(small):
    async with session_with(small.server) as session:
        await session.call("add", {"a": 1, "b": 2}, 5)
        person = Person(PersonSaid("deny"))
        asked = {"message": "?", "requestedSchema": {"type": "object", "properties": {}}, "then": "hang"}
        with pytest.raises(LostAnswerError, match=r"no answer within 0\.3 seconds"):
            await session.call("ask", asked, 0.3, Listener(ask=person))


async def test_a_form_beyond_every_measure_is_refused_unseen(small):
    schema = {"type": "object", "properties": {"a": {"type": "string", "description": "x" * 100_000}}}
    person = Person()
    async with session_with(small.server) as session:
        called = await session.call("ask", {"message": "?", "requestedSchema": schema}, 5, Listener(ask=person))
    assert "The form is larger than" in words(called)
    assert person.asked == []


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)
