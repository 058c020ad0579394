"""A request that is put together step by step is the one that the whole transcript makes."""

import hashlib

import msgspec
import pytest

from core.domain.endpoint import Compatibility
from core.domain.event import Started
from core.domain.message import UserMessage
from core.domain.wire import request_body
from core.engine.requests import Requests
from core.engine.state import add, fold
from core.engine.transcript import transcript
from tests.support.engine import ADD, CountingTools, MemoryJournal, PlannedModel, asks, call, drive, says, spec


@pytest.mark.parametrize("instructions", ["", "Add.\u2028 é"])
@pytest.mark.parametrize(
    "compatibility", [Compatibility(), Compatibility(stream=False, name_on_tool_messages=True, reasoning_back=True)]
)
async def test_step_by_step_and_all_at_once_are_the_same_bytes(instructions, compatibility):
    history = (UserMessage(content="before"),)
    run_spec = spec(ADD, instructions=instructions, history=history)
    endpoint = msgspec.structs.replace(run_spec.endpoint, compatibility=compatibility)
    journal = MemoryJournal(msgspec.structs.replace(run_spec, endpoint=endpoint))
    replies = (asks(call("add"), call("add", 1, "{broken")), asks(call("nothing")), says("done"))
    assert await drive(journal, PlannedModel(*replies), CountingTools()) == "done"

    state = fold(journal.events[:1])
    requests, seen = Requests(state), 0
    for event in journal.events[1:]:
        if isinstance(event.fact, Started) and event.fact.request is not None:
            seen += 1
            body, digest, count = requests.next(state)
            assert body == request_body(state.spec, transcript(state))
            assert count == len(transcript(state)) == event.fact.request.messages
            assert hashlib.sha256(body).hexdigest() == digest == event.fact.request.sha256
        add(state, event)
    assert seen == 3
