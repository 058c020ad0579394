"""What becomes of tool calls in a dry run and in a run on recorded results: decided by the journal alone."""

import json

import msgspec
import pytest

from core.domain.event import Recorded
from core.domain.side_effects import side_effects
from core.engine.fork import fork_facts
from core.engine.invariants import faults
from core.engine.state import fold
from tests.support.engine import ADD, SEND, CountingTools, MemoryJournal, PlannedModel, asks, call, drive, says, spec

KNOWN = Recorded(name="send", arguments='{"a":1,"b":2}', output="sent before", source="another/2.0")


async def ran(journal: MemoryJournal, *names: str):
    """What was told to the model of one call of each tool, and which tools were really executed."""
    tools = CountingTools()
    model = PlannedModel(asks(*(call(name, place) for place, name in enumerate(names))), says("done"))
    assert await drive(journal, model, tools) == "done"
    assert faults(journal.events) == []
    told = [message["content"] for message in model.requests[1]["messages"] if message["role"] == "tool"]
    return told, [name for name, _ in tools.ran]


async def test_a_dry_run_executes_what_only_looks_and_says_of_the_rest_that_it_did_not():
    journal = MemoryJournal(spec(ADD, SEND, tool_mode="dry_run"))
    told, executed = await ran(journal, "add", "send")
    assert executed == ["add"]
    assert told[0] == "3"
    assert told[1].startswith("Dry run: send was not executed and nothing was changed.")
    assert json.loads(told[1].partition("with ")[2]) == {"a": 1, "b": 2}


async def test_a_dry_call_is_marked_and_counts_as_no_execution_and_no_side_effect():
    journal = MemoryJournal(spec(SEND, tool_mode="dry_run"))
    await ran(journal, "send")
    state = fold(journal.events)
    finished = state.steps[0].calls[0].finished
    assert (finished.dry_run, finished.attempt, finished.error) == (True, 0, None)
    assert state.totals.calls_executed == 0
    assert not side_effects([state])


async def test_nobody_is_asked_about_a_call_that_is_not_executed():
    asking = msgspec.structs.replace(SEND, policy="ask")
    told, executed = await ran(MemoryJournal(spec(asking, tool_mode="dry_run")), "send")
    assert (executed, told[0][:8]) == ([], "Dry run:")


async def test_a_dry_run_still_refuses_a_call_that_does_not_fit():
    journal = MemoryJournal(spec(SEND, tool_mode="dry_run"))
    model = PlannedModel(asks(call("send", arguments='{"a": "x"}')), says("done"))
    await drive(journal, model, CountingTools())
    assert fold(journal.events).steps[0].calls[0].refused.error == "tool_args_invalid"


@pytest.mark.parametrize(
    ("tool", "told"), [(SEND, "Dry run: send was not"), (ADD, "add was not executed: only recorded results")]
)
async def test_on_recorded_results_nothing_is_executed(tool, told):
    said, executed = await ran(MemoryJournal(spec(tool, tool_mode="recorded")), tool.name)
    assert executed == []
    assert said[0].startswith(told)


async def test_a_recorded_result_stands_in_and_names_where_it_comes_from():
    journal = MemoryJournal(spec(SEND, tool_mode="recorded"), recorded=(KNOWN,))
    told, executed = await ran(journal, "send")
    assert (told, executed) == (["sent before"], [])
    assert fold(journal.events).steps[0].calls[0].finished.source == "another/2.0"


async def test_what_was_not_executed_is_no_recorded_result_for_a_fork():
    journal = MemoryJournal(spec(ADD, SEND, tool_mode="dry_run"))
    await ran(journal, "add", "send")
    created, _ = fork_facts(fold(journal.events), 1)
    assert [one.name for one in created.recorded] == ["add"]
