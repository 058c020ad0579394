"""A run of a thousand steps costs what its steps cost, and no more."""

import asyncio
import gc
import time
import tracemalloc

from core.domain.agent import Limits
from core.domain.message import ToolCall, Usage
from core.domain.model_call import Reply
from core.engine.drive import Drive
from core.engine.invariants import faults
from core.engine.replay import replay
from tests.support.engine import ADD, CountingTools, MemoryJournal, PlannedModel, ports, says, spec

ENOUGH = Limits(steps=2_000, calls=2_000, seconds=3_600)


class CountingModel(PlannedModel):
    """Asks for one call after the other, then ends. It does not read what it is sent: that would be its own cost."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._left = steps - 1

    async def ask(self, request, on_delta):
        await asyncio.sleep(0)
        if not self._left:
            return says("done")
        self._left -= 1
        call = ToolCall(id=f"call{self._left:05}", name="add", arguments='{"a":1,"b":2}')
        return Reply(calls=(call,), finish_reason="tool_calls", usage=Usage(10, 5, 15))


def driven(steps: int) -> tuple[float, MemoryJournal]:
    """CPU seconds of a run, and its journal."""
    journal, tools = MemoryJournal(spec(ADD, limits=ENOUGH)), CountingTools()
    drive = Drive(journal.claim(), ports(journal, CountingModel(steps), tools))
    gc.collect()
    began = time.process_time()
    assert asyncio.run(drive.run()) == "done"
    return time.process_time() - began, journal


def test_the_cpu_of_a_thousand_steps_is_that_of_five_times_two_hundred():
    few = min(driven(200)[0] for _ in range(5))
    many = min(driven(1_000)[0] for _ in range(5))
    assert many <= 6 * few  # 5.1 on a quiet machine; 7 when each request is hashed from its beginning


def test_a_thousand_steps_are_sound_can_be_replayed_and_take_bounded_memory():
    def peak(steps: int) -> tuple[int, MemoryJournal]:
        tracemalloc.start()
        _, journal = driven(steps)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most, journal

    peak(10)
    few, _ = peak(200)
    many, journal = peak(1_000)
    assert many <= 6 * few
    assert len(journal.events) == 2 + 4 * 999 + 3
    assert faults(journal.events) == []
    assert replay(journal.events).identical
