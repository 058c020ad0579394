"""What a call asks a person while it is under way: recorded before and after, and never answered by itself."""

import asyncio

import msgspec
import pytest

from core.domain.event import Answered, Asked, Cancelled, Unknown
from core.domain.question import Question
from core.domain.tool import ToolRequest, ToolResult
from core.engine import questions
from core.engine.drive import Drive
from core.engine.invariants import faults
from core.engine.state import fold
from core.errors import Fenced
from tests.support.engine import (
    ADD,
    SEND,
    CountingTools,
    MemoryJournal,
    PlannedModel,
    asks,
    call,
    kinds,
    ports,
    says,
    spec,
)

HOW_MANY = Question(message="How many?", schema={"type": "object", "properties": {"n": {"type": "integer"}}})


class AskingTools(CountingTools):
    """Each call asks once, and answers with what it was told."""

    async def call(self, request: ToolRequest) -> ToolResult:
        self.ran.append((request.tool.name, request.key))
        said = await request.ask(HOW_MANY)
        return ToolResult(text=f"{said.say} {said.content}")


class Scene:
    """A run whose one call asks; what a person does in between is up to the test."""

    def __init__(self, tool=ADD, nobody=""):
        self.journal, self.tools = MemoryJournal(spec(tool)), AskingTools()
        self.tool, self.nobody = tool, nobody

    def begin(self):
        model = PlannedModel(asks(call(self.tool.name)), says("Done."))
        given = ports(self.journal, model, self.tools)
        self.drive = Drive(self.journal.claim(), msgspec.structs.replace(given, nobody=self.nobody))
        self.task = asyncio.create_task(self.drive.run())
        return self

    async def asked(self) -> Asked:
        async with asyncio.timeout(5):
            while (
                not (found := [e.fact for e in self.journal.events if isinstance(e.fact, Asked)])
                or found[-1].shown not in self.drive._questions._waiting
            ):
                await asyncio.sleep(0)
        return found[-1]

    def says(self, fact) -> None:
        self.journal.write_outside(fact)
        self.drive.tell()

    def result(self) -> str:
        return fold(self.journal.events).steps[0].calls[0].finished.output


async def test_the_question_and_the_answer_stand_in_the_journal_before_the_call_goes_on():
    scene = Scene().begin()
    asked = await scene.asked()
    state = fold(scene.journal.events)
    (waiting,) = state.steps[0].calls
    assert (asked.question, asked.why, scene.journal.status) == (HOW_MANY, "input", "running")
    assert state.question_of(waiting) == asked
    assert state.status_of(waiting) == "running"

    scene.says(Answered(effect="1.0", say="approve", shown=asked.shown, arguments='{"n": 3}', who="ann"))
    assert await scene.task == "done"
    assert scene.result() == "approve {'n': 3}"
    assert kinds(scene.journal.events)[4:8] == ["started 1.0", "asked 1.0", "answered 1.0", "finished 1.0"]
    assert faults(scene.journal.events) == []


async def test_what_is_answered_is_no_approval_of_the_call():
    scene = Scene().begin()
    asked = await scene.asked()
    scene.says(Answered(effect="1.0", say="deny", shown=asked.shown, who="ann"))
    assert await scene.task == "done"
    assert scene.result() == "deny {}"
    assert fold(scene.journal.events).steps[0].calls[0].answered is None


async def test_where_nobody_is_there_it_is_declined_and_both_are_recorded():
    scene = Scene(nobody="No person sits here.").begin()
    assert await scene.task == "done"
    answered = next(e.fact for e in scene.journal.events if isinstance(e.fact, Answered))
    assert (answered.say, answered.who, answered.reason) == ("deny", "", "No person sits here.")
    assert scene.result() == "deny {}"
    assert faults(scene.journal.events) == []


async def test_when_nobody_answers_in_time_it_is_put_aside(monkeypatch):
    monkeypatch.setattr(questions, "ANSWER_S", 0.05)
    scene = Scene().begin()
    assert await scene.task == "done"
    assert scene.result() == "cancel {}"
    assert [e.fact.say for e in scene.journal.events if isinstance(e.fact, Answered)] == ["cancel"]
    assert faults(scene.journal.events) == []


async def test_of_an_answer_and_its_coming_too_late_one_counts(monkeypatch):
    monkeypatch.setattr(questions, "ANSWER_S", 0.05)
    scene = Scene().begin()
    asked = await scene.asked()
    scene.journal.write_outside(
        Answered(effect="1.0", say="approve", shown=asked.shown, arguments='{"n": 1}', who="ann")
    )
    assert await scene.task == "done"
    assert scene.result() == "approve {'n': 1}"
    assert faults(scene.journal.events) == []


async def test_the_time_that_a_person_takes_is_not_the_runs_time():
    scene = Scene().begin()
    asked = await scene.asked()
    scene.journal.clock = scene.journal.clock.replace(hour=20)
    scene.says(Answered(effect="1.0", say="deny", shown=asked.shown, who="ann"))
    await scene.task
    assert fold(scene.journal.events).totals.active_s < 1


@pytest.mark.parametrize(("tool", "status"), [(ADD, "done"), (SEND, "waiting")])
async def test_killed_while_it_asks_the_call_is_lost_like_any_other(tool, status):
    scene = Scene(tool).begin()
    first = await scene.asked()
    scene.task.cancel()
    await asyncio.gather(scene.task, return_exceptions=True)
    old = len(scene.journal.events)

    scene.begin()
    if status == "done":
        async with asyncio.timeout(5):
            while (again := await scene.asked()).shown == first.shown:
                await asyncio.sleep(0)
        scene.says(Answered(effect="1.0", say="approve", shown=again.shown, arguments='{"n": 9}', who="ann"))
    assert await scene.task == status
    state = fold(scene.journal.events)
    assert state.question_of(state.steps[0].calls[0]) is None
    assert any(isinstance(e.fact, Unknown) for e in scene.journal.events[old:]) == (status == "waiting")
    assert faults(scene.journal.events) == []


async def test_a_run_that_is_cancelled_while_it_asks_ends():
    scene = Scene().begin()
    await scene.asked()
    scene.says(Cancelled(who="ann"))
    assert await scene.task == "cancelled"
    assert faults(scene.journal.events) == []


async def test_who_lost_the_run_asks_in_vain():
    scene = Scene().begin()
    await scene.asked()
    scene.journal.claim()
    scene.drive.tell()
    with pytest.raises(Fenced):
        await scene.task


async def test_a_second_answer_and_a_question_of_nobody_are_faults():
    scene = Scene().begin()
    asked = await scene.asked()
    word = Answered(effect="1.0", say="deny", shown=asked.shown, who="ann")
    scene.says(word)
    assert await scene.task == "done"
    scene.journal.write_outside(word)
    scene.journal.write_outside(asked)
    found = faults(scene.journal.events)
    assert "a question of 1.0 was answered twice" in found
    assert "1.0 asked a person without being under way" in found
