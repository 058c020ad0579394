"""The loop over a run's journal: decide, record the intent, act, record the outcome.

Resuming is not a second path: a run that is taken over is folded and driven like any other.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import assert_never
from uuid import UUID

from core.domain.attachment import NOTHING, Contents, given
from core.domain.chain import seal
from core.domain.event import Ended, Event, Fact, model_effect
from core.domain.journal import Batch
from core.domain.model_call import Delta
from core.domain.run import RunStatus
from core.domain.state import RunState
from core.engine.actions import CallModel, CallTools, End, Join, Nothing, Record, Stop, Wait
from core.engine.batch import batch_of
from core.engine.decide import decide
from core.engine.effects import ModelEffect, ToolEffect, abandoned, nobody_for
from core.engine.ports import Ports, Room
from core.engine.questions import Questions, is_moot
from core.engine.requests import Requests
from core.engine.state import add, fold
from core.engine.transcript import files_of
from core.errors import Fault, Fenced, Moved

DRAIN_S = 3.0
"""How long a process that stops waits for its running tool calls."""


class Drive:
    """One claimed run, driven by this worker until it ends, waits for a person, or belongs to another."""

    def __init__(self, events: list[Event], ports: Ports) -> None:
        self.state: RunState = fold(events)
        self._epoch = self.state.epoch
        self._ports = ports
        self._is_lost = False
        self._tasks: dict[str, asyncio.Task[Fact]] = {}
        self._unsaved: list[Event] = []
        """Outcomes that happened and are folded already, on their way into the journal with the next intent."""
        self._requests: Requests | None = None
        self._contents: Contents = NOTHING
        self._news = asyncio.Event()
        """Somebody else wrote to the journal."""
        self._wake = asyncio.Event()
        """Somebody else wrote, or an effect ended, or asks a person."""
        self._questions = Questions(ports.now, self._wake.set, nobody_for(self.state, ports))

    @property
    def run_id(self) -> UUID:
        return self.state.run_id

    def tell(self) -> None:
        """Somebody wrote to this run's journal."""
        self._news.set()
        self._wake.set()

    def lose(self) -> None:
        """Another worker has the run: from now on nothing begins here, whatever the lease says. From any thread.

        `tell` it on the loop too, or what is under way goes on to its end.
        """
        self._is_lost = True

    async def run(self) -> RunStatus | None:
        """The status this worker left the run in. Raises `Fenced` when it belongs to another.

        Cancelled (the process stops), it lets tool calls finish for a moment: each that does is not unknown.
        """
        try:
            while True:
                status = await self._advance()
                if status is not None:
                    return status
        except asyncio.CancelledError:
            await self._drain()
            raise
        finally:
            await self._end_tasks()

    async def fail(self, fault: Fault) -> None:
        """End the run after a fault of this code: what is under way is settled as what is known of it."""
        await self._end_tasks()
        self._tasks.clear()
        await self._reload()
        while self.state.ended is None:
            lost = [abandoned(self.state, effect, attempt, fault) for effect, attempt in self.state.in_flight.items()]
            try:
                await self._record((*lost, Ended(status="failed", error=fault)), "failed")
            except Moved:
                await self._reload()

    async def _advance(self) -> RunStatus | None:
        action = decide(self.state)
        try:
            match action:
                case Record(facts=facts):
                    await self._record(facts)
                case CallModel():
                    await self._call_model(action)
                case CallTools():
                    await self._call_tools(action)
                case Join():
                    await self._join()
                case Stop():
                    await self._stop()
                case Wait():
                    return await self._let_go("waiting")
                case End():
                    return await self._end(action)
                case Nothing():
                    return self.state.ended.status if self.state.ended else None
                case _:
                    assert_never(action)
        except Moved:
            await self._reload()
        return None

    async def _drain(self) -> None:
        tools = [task for effect, task in self._tasks.items() if not effect.endswith(".m")]
        if tools:
            await asyncio.wait(tools, timeout=DRAIN_S)
            self._tasks = {effect: task for effect, task in self._tasks.items() if task in tools}
            self._collect()
        while self._unsaved:
            try:
                await self._record(())
            except Moved:  # by a commit of our own, that was under way when the process was told to stop
                await self._reload()

    async def _call_model(self, action: CallModel) -> None:
        if action.after_s:
            await self._pause(action.after_s)
        with ExitStack() as unless_it_starts:
            room = self._stand_in_line(action)
            unless_it_starts.callback(room.leave)
            waited_s = 0.0 if room.has_come else await self._until_room(room)
            effect = ModelEffect(self.state, action, self._ports, await self._bodies())
            await self._hold_lease()
            await self._record((await effect.intent(waited_s),))
            await self._hold_lease()
            unless_it_starts.pop_all()
        self._start(model_effect(action.step), effect.run()).add_done_callback(lambda _: room.leave())

    def _stand_in_line(self, action: CallModel) -> Room:
        def say(waiting: str) -> None:
            self._ports.observer.delta(self.run_id, model_effect(action.step), action.attempt, Delta(waiting=waiting))

        endpoint, urgent = self.state.spec.endpoint, not self.state.in_batch
        return self._ports.rooms.enter(endpoint, urgent=urgent, on_come=self._wake.set, say=say)

    async def _until_room(self, room: Room) -> float:
        """Seconds until it came. Raises `Moved` when somebody wrote to the journal: it may be that a person gave up."""
        if self._unsaved:
            await self._record(())
        began = self._ports.now()
        while not room.has_come:
            await self._wake.wait()
            self._wake.clear()
            if self._news.is_set():
                raise Moved(str(self.run_id))
        return (self._ports.now() - began).total_seconds() if room.has_waited else 0.0

    async def _bodies(self) -> Requests:
        """The requests of this run so far. Files are read once: what a hash names never changes."""
        if self._requests is None:
            if missing := given(files_of(self.state)) - self._contents.keys():
                self._contents = {**self._contents, **await self._ports.journal.contents(missing)}
            self._requests = Requests(self.state, self._contents)
        return self._requests

    async def _call_tools(self, action: CallTools) -> None:
        effects = [ToolEffect(self.state, start, self._ports, self._questions) for start in action.calls]
        await self._hold_lease()
        await self._record(tuple(effect.intent() for effect in effects))
        await self._hold_lease()
        for start, effect in zip(action.calls, effects, strict=True):
            self._start(start.effect, effect.run())

    def _start(self, effect: str, work: Coroutine[None, None, Fact]) -> asyncio.Task[Fact]:
        task = self._tasks[effect] = asyncio.create_task(work, name=f"{self.run_id}/{effect}")
        task.add_done_callback(lambda _: self._wake.set())
        return task

    async def _hold_lease(self) -> None:
        """Asked before an intent, and again right before its effect: the commit between may have taken long.

        While the database is away it waits. Raises `Fenced` when somebody else has the run by then.
        """
        while not self._is_lost and not self._ports.holds_lease():
            await self._ports.lease_again()
        if self._is_lost:
            raise Fenced(str(self.run_id))

    async def _record(self, facts: tuple[Fact, ...], status: RunStatus | None = None) -> None:
        """Make the unsaved outcomes and `facts` durable in one commit, then fold `facts`."""
        events = self._seal(facts)
        batch = batch_of(self.state, (*self._unsaved, *events), status)
        try:
            await self._ports.journal.append(batch)
        except Moved:
            if not await self._stands(batch):
                raise
        self._unsaved.clear()
        for event in events:
            add(self.state, event)
        self._ports.observer.recorded(self.run_id, batch.events)

    async def _stands(self, batch: Batch) -> bool:
        """Whether the batch is in the journal all the same: its commit went through and the answer was lost."""
        events = await self._ports.journal.read(self.run_id)
        last = batch.first_seq + len(batch.events) - 1
        return bool(batch.events) and len(events) > last and events[last].hash == batch.head

    def _seal(self, facts: tuple[Fact, ...]) -> list[Event]:
        events: list[Event] = []
        seq, head, at = self.state.next_seq, self.state.head, self._ports.now()
        for fact in facts:
            event = seal(self.run_id, seq, self.state.epoch, at, fact, head)
            events.append(event)
            seq, head = event.seq + 1, event.hash
        return events

    def _happened(self, fact: Fact) -> None:
        """Fold what was not too late; it becomes durable with the next intent, or when the loop has to wait."""
        if is_moot(self.state, fact):
            return
        (event,) = self._seal((fact,))
        add(self.state, event)
        self._unsaved.append(event)

    async def _join(self) -> None:
        """Wait until an effect ends or asks something, or somebody writes to the journal."""
        if self._unsaved:
            await self._record(())
        self._questions.hand_over(self.state)
        await self._wake.wait()
        self._wake.clear()
        if self._is_lost:
            raise Fenced(str(self.run_id))
        self._collect()
        if self._news.is_set():
            self._news.clear()
            await self._reload()

    def _collect(self) -> None:
        done = [effect for effect, task in self._tasks.items() if task.done()]
        for fact in (*self._questions.take(), *(self._tasks.pop(effect).result() for effect in done)):
            self._happened(fact)

    async def _stop(self) -> None:
        """The run was cancelled: every task says itself what became of its effect."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._collect()

    async def _pause(self, seconds: float) -> None:
        """Wait between two attempts of a retry policy; news from outside cut it short."""
        if self._unsaved:
            await self._record(())
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return
        raise Moved(str(self.run_id))

    async def _reload(self) -> None:
        """Read what others wrote, keep the outcomes that happened here, and forget the intents.

        Raises `Fenced` when they began a new epoch.
        """
        self._news.clear()
        kept = [event.fact for event in self._unsaved]
        self._unsaved.clear()
        state = fold(await self._ports.journal.read(self.run_id))
        if state.epoch != self._epoch:
            raise Fenced(str(self.run_id))
        self.state = state
        self._requests = None
        for fact in kept:
            self._happened(fact)

    async def _let_go(self, status: RunStatus) -> RunStatus:
        await self._record((), status)
        return status

    async def _end(self, action: End) -> RunStatus:
        ended = Ended(status=action.status, output=action.output, error=action.error, fit=action.fit)
        await self._record((ended,), action.status)
        return action.status

    async def _end_tasks(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
