"""The loop over a journal in memory: what is recorded, in which order, and what happens when somebody interferes."""

import asyncio
import json

import msgspec
import pytest

from core.domain.agent import Limits, Retry
from core.domain.event import Answered, Cancelled, Finished, Refused, Settled, Unknown
from core.domain.model_call import Reply
from core.engine.drive import Drive
from core.engine.effects import CHECKED
from core.engine.invariants import faults
from core.engine.state import fold
from core.engine.transcript import transcript
from core.errors import Fault, FaultError, Fenced, Moved, OutcomeUnknown
from tests.support.engine import (
    ADD,
    BOOK,
    ORDER,
    SEND,
    CountingTools,
    MemoryJournal,
    PlannedModel,
    asks,
    call,
    drive,
    kinds,
    ports,
    says,
    spec,
)


async def test_a_call_is_recorded_before_and_after_and_told_to_the_model():
    journal, tools = MemoryJournal(spec(ADD)), CountingTools()
    model = PlannedModel(asks(call("add")), says("It is 3."))

    assert await drive(journal, model, tools) == "done"

    assert kinds(journal.events) == [
        "created",
        "claimed",
        "started 1.m",
        "decision 1.m",
        "started 1.0",
        "finished 1.0",
        "started 2.m",
        "decision 2.m",
        "ended",
    ]
    assert journal.events[-1].fact.output == "It is 3."
    assert model.requests[1]["messages"][-1] == {"role": "tool", "tool_call_id": "call00000", "content": "3"}
    assert faults(journal.events) == []


async def test_parallel_calls_run_side_by_side_and_keep_the_models_order():
    journal, tools = MemoryJournal(spec(ADD)), CountingTools()
    calls = [call("add", place, f'{{"a": {place}, "b": 0}}') for place in range(5)]
    model = PlannedModel(asks(*calls), says("done"))

    await drive(journal, model, tools)

    assert tools.most_at_once == 5
    assert [message["content"] for message in model.requests[1]["messages"] if message["role"] == "tool"] == list(
        "01234"
    )
    assert faults(journal.events) == []


async def test_an_intent_is_durable_before_its_effect_begins():
    journal, tools = MemoryJournal(spec(SEND)), CountingTools()
    seen: list[list[str]] = []
    original = tools.call

    async def spy(request):
        seen.append(kinds(journal.events))
        return await original(request)

    tools.call = spy
    await drive(journal, PlannedModel(asks(call("send")), says("sent")), tools)

    assert seen[0][-1] == "started 1.0"


@pytest.mark.parametrize(
    ("asked", "kind", "part"),
    [
        (call("nothing_like_it"), "tool_unknown", "add"),
        (call("add", arguments='{"a": 1}'), "tool_args_invalid", "b"),
        (call("add", arguments='{"a": 1, "b": 2'), "tool_args_invalid", "JSON"),
        (call("add", arguments='{"a": "1", "b": 2}'), "tool_args_invalid", "a"),
    ],
)
async def test_a_call_that_cannot_be_executed_is_refused_and_the_run_goes_on(asked, kind, part):
    journal, tools = MemoryJournal(spec(ADD)), CountingTools()
    model = PlannedModel(asks(asked), says("Sorry."))

    assert await drive(journal, model, tools) == "done"

    refused = next(event.fact for event in journal.events if isinstance(event.fact, Refused))
    assert (refused.error, refused.arguments, refused.name) == (kind, asked.arguments, asked.name)
    assert part in refused.reason
    assert tools.ran == []
    replayed = model.requests[1]["messages"][-2]["tool_calls"][0]["function"]["arguments"]
    assert isinstance(json.loads(replayed), dict)


async def test_a_failed_tool_is_told_to_the_model_and_does_not_end_the_run():
    journal, tools = MemoryJournal(spec(ADD)), CountingTools()
    tools.raises = FaultError(Fault("timeout", "no answer in 3 s"))
    model = PlannedModel(asks(call("add")), says("It did not answer."))

    assert await drive(journal, model, tools) == "done"
    assert model.requests[1]["messages"][-1]["content"] == "Error: no answer in 3 s"


async def test_an_unknown_outcome_stops_the_run_until_a_person_settles_it():
    journal, tools = MemoryJournal(spec(SEND)), CountingTools()
    tools.raises = OutcomeUnknown("the connection broke after the request was sent")
    model = PlannedModel(asks(call("send")), says("It was sent."))

    assert await drive(journal, model, tools) == "waiting"
    assert kinds(journal.events)[-2:] == ["unknown 1.0", "asked 1.0"]

    assert await drive(journal, model, tools) == "waiting"
    assert len(tools.ran) == 1

    journal.write_outside(Settled(effect="1.0", how="happened", output="ok"))
    assert await drive(journal, model, tools) == "done"
    assert len(tools.ran) == 1
    assert model.requests[-1]["messages"][-1]["content"] == "ok"
    assert faults(journal.events) == []


async def test_run_again_is_a_persons_decision_and_a_new_attempt_with_the_same_key():
    journal, tools = MemoryJournal(spec(SEND)), CountingTools()
    tools.raises = OutcomeUnknown("lost")
    model = PlannedModel(asks(call("send")), says("ok"))
    await drive(journal, model, tools)

    tools.raises = None
    journal.write_outside(Settled(effect="1.0", how="run_again"))

    assert await drive(journal, model, tools) == "done"
    assert len({key for _, key in tools.ran}) == 1
    assert len(tools.ran) == 2
    assert faults(journal.events) == []


async def test_a_lost_call_that_its_status_check_finds_is_done_and_nobody_is_asked():
    journal, tools = MemoryJournal(spec(ORDER)), CountingTools()
    model = PlannedModel(asks(call("order")), says("Ordered."))

    def break_off(effects):
        raise OutcomeUnknown("the answer was lost")

    tools.after_effect = break_off

    assert await drive(journal, model, tools) == "done"
    assert kinds(journal.events)[4:8] == ["started 1.0", "unknown 1.0", "started 1.0", "finished 1.0"]
    assert len(tools.ran) == 1
    assert tools.looked_up == [f"{journal.run_id}/1.0"]
    assert model.requests[-1]["messages"][-1]["content"] == f"{CHECKED}\nordered"
    assert faults(journal.events) == []


async def test_a_lost_call_that_did_not_happen_is_made_once_more_with_the_same_key():
    journal, tools = MemoryJournal(spec(ORDER)), CountingTools()
    model = PlannedModel(asks(call("order")), says("Ordered."))
    tools.raises = OutcomeUnknown("the connection broke")

    async def looked_up_then_mended(request):
        found = await CountingTools.check(tools, request)
        tools.raises = None if len(tools.looked_up) == 2 else tools.raises
        return found

    tools.check = looked_up_then_mended

    assert await drive(journal, model, tools) == "done"
    assert len(tools.looked_up) == 2, "nothing is believed to be absent before its time is over"
    assert len(tools.ran) == 2
    assert len({key for _, key in tools.ran}) == 1
    assert faults(journal.events) == []


async def test_a_call_that_vanishes_twice_is_a_persons_matter():
    journal, tools = MemoryJournal(spec(ORDER)), CountingTools()
    model = PlannedModel(asks(call("order")), says("Ordered."))
    tools.raises = OutcomeUnknown("the connection broke")

    assert await drive(journal, model, tools) == "waiting"
    assert kinds(journal.events)[-2:] == ["unknown 1.0", "asked 1.0"]
    assert len(tools.ran) == 2
    assert faults(journal.events) == []

    tools.raises = None
    journal.write_outside(Settled(effect="1.0", how="run_again"))
    assert await drive(journal, model, tools) == "done"
    assert len(tools.ran) == 3
    assert faults(journal.events) == []


async def test_a_status_check_that_says_nothing_leaves_the_call_to_a_person():
    journal, tools = MemoryJournal(spec(ORDER)), CountingTools()
    model = PlannedModel(asks(call("order")), says("Ordered."))
    tools.raises = OutcomeUnknown("the connection broke")
    tools.silent = Fault("server_error", "HTTP 500")

    assert await drive(journal, model, tools) == "waiting"
    assert kinds(journal.events)[-2:] == ["unknown 1.0", "asked 1.0"]
    assert "HTTP 500" in journal.events[-2].fact.reason
    assert (len(tools.ran), len(tools.looked_up)) == (1, 1)

    journal.write_outside(Settled(effect="1.0", how="happened", output="ok"))
    assert await drive(journal, model, tools) == "done"
    assert faults(journal.events) == []


async def test_a_look_that_died_with_its_worker_is_repeated_and_the_call_is_not():
    journal, tools = MemoryJournal(spec(ORDER)), CountingTools()
    model = PlannedModel(asks(call("order")), says("Ordered."))

    def break_off(effects):
        raise OutcomeUnknown("the answer was lost")

    async def die(request):
        journal.epoch += 1
        raise Killed

    tools.after_effect, tools.check = break_off, die
    with pytest.raises(Killed):
        await drive(journal, model, tools)
    del tools.check

    assert await drive(journal, model, tools) == "done"
    assert len(tools.ran) == 1
    assert [event.fact.is_check for event in journal.events if event.kind == "started"][1:4] == [False, True, True]
    assert faults(journal.events) == []


async def test_cancelled_while_it_looks_up_a_call_the_outcome_stays_unknown():
    journal, tools = MemoryJournal(spec(ORDER)), CountingTools()
    model = PlannedModel(asks(call("order")))
    tools.raises = OutcomeUnknown("the connection broke")

    async def look_for_ever(request):
        tools.looked_up.append(request.key)
        await asyncio.Event().wait()

    tools.check = look_for_ever
    running = Drive(journal.claim(), ports(journal, model, tools))
    task = asyncio.create_task(running.run())
    while not tools.looked_up:
        await asyncio.sleep(0)
    journal.write_outside(Cancelled(who="Ada"))
    running.tell()

    assert await asyncio.wait_for(task, 2) == "cancelled"
    assert kinds(journal.events)[-3:] == ["cancelled", "unknown 1.0", "ended"]
    assert faults(journal.events) == []


async def test_a_call_that_needs_approval_waits_and_runs_once_approved():
    journal, tools = MemoryJournal(spec(msgspec.structs.replace(SEND, policy="ask"))), CountingTools()
    model = PlannedModel(asks(call("send")), says("sent"))

    assert await drive(journal, model, tools) == "waiting"
    assert tools.ran == []
    shown = journal.events[-1].fact.shown

    journal.write_outside(Answered(effect="1.0", say="approve", shown=shown))
    assert await drive(journal, model, tools) == "done"
    assert len(tools.ran) == 1
    assert faults(journal.events) == []


async def test_a_denied_call_is_told_to_the_model_with_the_reason():
    journal, tools = MemoryJournal(spec(msgspec.structs.replace(SEND, policy="ask"))), CountingTools()
    model = PlannedModel(asks(call("send")), says("understood"))
    await drive(journal, model, tools)

    journal.write_outside(Answered(effect="1.0", say="deny", reason="Not to them."))

    assert await drive(journal, model, tools) == "done"
    assert tools.ran == []
    assert "Not to them." in model.requests[-1]["messages"][-1]["content"]


async def test_cancel_ends_the_model_stream_and_keeps_its_text():
    journal, tools = MemoryJournal(spec()), CountingTools()
    model = PlannedModel(says("Once upon"), pause=asyncio.Event())
    running = Drive(journal.claim(), ports(journal, model, tools))
    task = asyncio.create_task(running.run())
    while not model.requests:
        await asyncio.sleep(0)

    journal.write_outside(Cancelled(who="ada"))
    running.tell()

    assert await asyncio.wait_for(task, 2) == "cancelled"
    assert journal.events[-1].fact.output == "Once upon"
    assert faults(journal.events) == []


@pytest.mark.parametrize(("tool", "outcome"), [(ADD, Finished), (SEND, Unknown)])
async def test_cancel_of_a_running_tool_says_what_is_known(tool, outcome):
    journal, tools = MemoryJournal(spec(tool)), CountingTools()
    tools.hold = asyncio.Event()
    running = Drive(journal.claim(), ports(journal, PlannedModel(asks(call(tool.name))), tools))
    task = asyncio.create_task(running.run())
    while not tools.running:
        await asyncio.sleep(0)

    journal.write_outside(Cancelled())
    running.tell()

    assert await asyncio.wait_for(task, 2) == "cancelled"
    assert any(isinstance(event.fact, outcome) for event in journal.events)
    assert faults(journal.events) == []


async def test_a_worker_that_lost_the_run_writes_nothing_and_starts_nothing():
    journal, tools = MemoryJournal(spec(SEND)), CountingTools()
    pause = asyncio.Event()
    model = PlannedModel(asks(call("send")), pause=pause)
    old = asyncio.create_task(Drive(journal.claim(), ports(journal, model, tools)).run())
    while not model.requests:
        await asyncio.sleep(0)

    journal.claim()
    before = len(journal.events)
    pause.set()

    with pytest.raises(Fenced):
        await old
    assert tools.ran == []
    assert len(journal.events) == before


@pytest.mark.parametrize(
    ("limits", "kind", "executed"),
    [
        (Limits(steps=2), "step_limit", 2),
        (Limits(calls=2), "step_limit", 2),
        (Limits(tokens=30), "token_limit", 1),
        (Limits(seconds=0.005), "time_limit", 0),
    ],
)
async def test_a_run_that_never_ends_by_itself_stops_at_its_limit(limits, kind, executed):
    journal, tools = MemoryJournal(spec(ADD, limits=limits)), CountingTools()
    model = PlannedModel(*[asks(call("add"))] * 10)

    assert await drive(journal, model, tools) == "failed"
    assert journal.events[-1].fact.error.kind == kind
    assert len(tools.ran) == executed
    assert faults(journal.events) == []


async def test_no_retry_without_a_policy_and_each_attempt_is_an_entry_with_one():
    failing = Reply(fault=Fault("rate_limited", "slow down", 429))
    journal = MemoryJournal(spec())
    assert await drive(journal, model := PlannedModel(failing), CountingTools()) == "failed"
    assert len(model.requests) == 1

    journal = MemoryJournal(spec(retry=Retry(attempts=3, wait_s=0.001)))
    assert await drive(journal, model := PlannedModel(failing), CountingTools()) == "failed"
    assert kinds(journal.events).count("started 1.m") == kinds(journal.events).count("finished 1.m") == 3
    assert faults(journal.events) == []


async def test_a_failure_after_text_is_not_retried_and_the_text_stays():
    cut = Reply(text="The answer", fault=Fault("connection", "reset"))
    journal = MemoryJournal(spec(retry=Retry(attempts=3, wait_s=0.001)))

    assert await drive(journal, model := PlannedModel(cut), CountingTools()) == "failed"

    assert len(model.requests) == 1
    assert journal.events[-1].fact.output == "The answer"


async def test_a_fault_of_the_engines_own_code_becomes_an_entry():
    journal, tools = MemoryJournal(spec(SEND)), CountingTools()
    tools.raises = ZeroDivisionError("bug")
    running = Drive(journal.claim(), ports(journal, PlannedModel(asks(call("send"))), tools))

    with pytest.raises(ZeroDivisionError):
        await running.run()
    await running.fail(Fault("internal", "ZeroDivisionError: bug"))

    assert kinds(journal.events)[-2:] == ["unknown 1.0", "ended"]
    assert journal.status == "failed"


def _story():
    return (
        spec(ADD, SEND, BOOK, ORDER),
        (
            asks(call("add", 0), call("book", 1), text="Let me see."),
            asks(call("send", 2)),
            asks(call("order", 3)),
            says("All done."),
        ),
    )


class Killed(BaseException):
    """kill -9: nothing after it runs, nothing catches it."""


def _undisturbed():
    run_spec, replies = _story()
    journal, tools = MemoryJournal(run_spec), CountingTools()
    asyncio.run(drive(journal, PlannedModel(*replies), tools))
    return journal.commits, len(tools.ran)


COMMITS, EFFECTS = _undisturbed()
POINTS = [("after commit", n) for n in range(1, COMMITS + 1)] + [("inside effect", n) for n in range(1, EFFECTS + 1)]


@pytest.mark.parametrize(("where", "number"), POINTS)
async def test_killed_at_every_boundary_nothing_is_lost_and_nothing_runs_twice(where, number):
    run_spec, replies = _story()
    journal, tools, model = MemoryJournal(run_spec), CountingTools(), PlannedModel(*replies)

    def kill(count):
        if count == number:
            journal.epoch += 1  # fences what the dead worker's other tasks still try
            raise Killed

    if where == "after commit":
        journal.after_commit = kill
    else:
        tools.after_effect = kill
    with pytest.raises(Killed):
        await drive(journal, model, tools)
    if journal.status != "done" and await drive(journal, model, tools) == "waiting":
        journal.write_outside(Settled(effect="2.0", how="happened", output="3"))
        await drive(journal, model, tools)

    assert journal.status == "done"
    assert faults(journal.events) == []
    assert [name for name, _ in tools.ran].count("send") <= 1
    assert len({key for name, key in tools.ran if name == "book"}) == 1
    assert [name for name, _ in tools.ran].count("order") == 1
    assert journal.events[-1].fact.output == "All done."
    assert transcript(fold(journal.events))[-1].content == "All done."


async def test_a_call_made_by_hand_is_recorded_like_any_other_and_asks_no_model():
    journal, tools, model = MemoryJournal(spec(ADD), calls=(call("add"),)), CountingTools(), PlannedModel()

    assert await drive(journal, model, tools) == "done"

    assert kinds(journal.events) == ["created", "claimed", "started 1.0", "finished 1.0", "ended"]
    assert journal.events[-1].fact.output == "3"
    assert model.requests == []
    assert faults(journal.events) == []


async def test_a_process_that_stops_lets_a_running_call_finish_and_records_it():
    journal, tools = MemoryJournal(spec(SEND)), CountingTools()
    tools.hold = asyncio.Event()
    running = Drive(journal.claim(), ports(journal, PlannedModel(asks(call("send"))), tools))
    task = asyncio.create_task(running.run())
    while not tools.running:
        await asyncio.sleep(0)

    task.cancel()
    await asyncio.sleep(0)
    tools.hold.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert kinds(journal.events)[-1] == "finished 1.0"
    assert faults(journal.events) == []


async def test_without_a_lease_no_intent_is_recorded_and_nothing_starts():
    journal, tools = MemoryJournal(spec(SEND)), CountingTools()
    model = PlannedModel(asks(call("send")))
    ours = msgspec.structs.replace(ports(journal, model, tools), holds_lease=lambda: not model.requests)

    with pytest.raises(Fenced):
        await Drive(journal.claim(), ours).run()

    assert tools.ran == []
    assert "started 1.0" not in kinds(journal.events)


async def test_an_approval_of_something_else_is_no_approval():
    journal, tools = MemoryJournal(spec(msgspec.structs.replace(SEND, policy="ask"))), CountingTools()
    model = PlannedModel(asks(call("send")), says("sent"))
    await drive(journal, model, tools)

    journal.write_outside(Answered(effect="1.0", say="approve", shown="c1:something-else"))

    assert await drive(journal, model, tools) == "waiting"
    assert tools.ran == []


async def test_a_commit_whose_answer_was_lost_counts_and_its_effect_begins_once():
    journal, tools = MemoryJournal(spec(SEND)), CountingTools()
    model = PlannedModel(asks(call("send")), says("sent"))
    written = journal.append

    async def lose_the_answer(batch):
        await written(batch)
        raise Moved  # the writer tried again, and found the place taken: by itself

    journal.append = lose_the_answer
    running = Drive(journal.claim(), ports(journal, model, tools)).run()

    assert await asyncio.wait_for(running, 5) == "done"
    assert (len(tools.ran), len(model.requests)) == (1, 2)
    assert faults(journal.events) == []


async def test_a_process_that_stops_in_the_middle_of_a_commit_leaves_the_run_to_others():
    journal, tools = MemoryJournal(spec(ADD)), CountingTools()
    model = PlannedModel(asks(call("add")), says("3"))
    written, at_work = journal.append, asyncio.Event()

    async def slow(batch):
        await written(batch)
        if any(event.kind == "decision" for event in batch.events):
            at_work.set()
            await asyncio.Event().wait()  # durable already, and the answer never comes

    journal.append = slow
    task = asyncio.create_task(Drive(journal.claim(), ports(journal, model, tools)).run())
    await at_work.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    journal.append = written
    assert await drive(journal, model, tools) == "done"
    assert faults(journal.events) == []


async def test_a_lease_that_comes_back_lets_the_run_go_on():
    journal, tools = MemoryJournal(spec(SEND)), CountingTools()
    model = PlannedModel(asks(call("send")), says("sent"))
    stands = False

    async def again():
        nonlocal stands
        await asyncio.sleep(0)
        stands = True

    def holds():
        nonlocal stands
        was, stands = stands, False
        return was

    ours = msgspec.structs.replace(ports(journal, model, tools), holds_lease=holds, lease_again=again)

    assert await Drive(journal.claim(), ours).run() == "done"
    assert len(tools.ran) == 1
    assert faults(journal.events) == []


async def test_a_run_that_was_lost_while_the_process_slept_starts_nothing_whatever_the_lease_says():
    journal, tools = MemoryJournal(spec(SEND)), CountingTools()
    running = Drive(journal.claim(), ports(journal, PlannedModel(asks(call("send"))), tools))
    journal.after_commit = lambda commit: running.lose() if commit == 2 else None

    with pytest.raises(Fenced):
        await running.run()

    assert kinds(journal.events)[-1] == "started 1.0"
    assert tools.ran == []


async def test_a_run_that_was_lost_ends_its_stream_at_once():
    journal = MemoryJournal(spec())
    model = PlannedModel(says("long"), pause=asyncio.Event())
    running = Drive(journal.claim(), ports(journal, model, CountingTools()))
    task = asyncio.create_task(running.run())
    while not model.requests:
        await asyncio.sleep(0)

    running.lose()
    running.tell()

    with pytest.raises(Fenced):
        await asyncio.wait_for(task, 2)
    assert kinds(journal.events)[-1] == "started 1.m"


async def test_a_drive_never_goes_on_under_an_epoch_that_is_not_its_own():
    """As when two workers have the same name: the row's owner would tell no difference."""
    journal, tools = MemoryJournal(spec(SEND)), CountingTools()
    model = PlannedModel(asks(call("send")), pause=asyncio.Event())
    running = Drive(journal.claim(), ports(journal, model, tools))
    task = asyncio.create_task(running.run())
    while not model.requests:
        await asyncio.sleep(0)

    journal.claim()
    running.tell()

    with pytest.raises(Fenced):
        await asyncio.wait_for(task, 2)
    assert tools.ran == []


async def test_a_tool_that_is_not_what_was_pinned_ends_the_run_before_the_model_is_asked():
    journal, tools = MemoryJournal(spec(ADD)), CountingTools()
    tools.drifted = Fault("tool_drift", "add says another thing now.")
    model = PlannedModel(says("never"))

    assert await drive(journal, model, tools) == "failed"

    assert model.requests == []
    assert journal.events[-1].fact.error == tools.drifted
    assert faults(journal.events) == []


async def test_a_tool_that_drifts_in_mid_run_ends_it_before_the_next_question():
    journal, tools = MemoryJournal(spec(ADD)), CountingTools()
    model = PlannedModel(asks(call("add")), says("never"))

    def drift(_: int) -> None:
        tools.drifted = Fault("tool_drift", "add says another thing now.")

    tools.after_effect = drift
    assert await drive(journal, model, tools) == "failed"
    assert (len(model.requests), len(tools.ran)) == (1, 1)
    assert journal.events[-1].fact.error.kind == "tool_drift"
