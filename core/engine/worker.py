"""The worker: a thread with an event loop of its own that drives runs."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from uuid import UUID

import msgspec

from core import logs
from core.domain.event import Event
from core.domain.journal import Orphan
from core.domain.state import RunState
from core.engine.clock import RunClock, boot_s
from core.engine.drive import Drive
from core.engine.feed import Feed
from core.engine.keeper import RUNS, TEXT, Claims, Keeper, PresenceLine
from core.engine.lease import Lease
from core.engine.ports import Ports
from core.engine.remote import RemoteFeed
from core.engine.writer import GroupWriter
from core.errors import Fault, Fenced, Unavailable

__all__ = ["RUNS", "TEXT", "Worker"]

log = logging.getLogger(__name__)

STOP_LIMIT_S = 7.0
"""Longest time a stop waits, whatever hangs."""


async def _nothing() -> None:
    pass


class Worker:
    """Drives runs of this process, and adopts others while it drives fewer than `adopt`: queued ones, and those that
    dead workers left. 0 adopts none. Started once, stopped once.
    """

    def __init__(
        self, claims: Claims, presence: PresenceLine, writer: GroupWriter, feed: Feed, *, lease_s: float, adopt: int
    ) -> None:
        self._claims, self._writer, self._feed, self._adopt = claims, writer, feed, adopt
        self.name = presence.name
        self._lease = Lease(lease_s)
        self._drives: dict[UUID, Drive | None] = {}
        self._again: set[UUID] = set()
        """Runs that were asked for while a drive of them was about to end."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._offered: set[UUID] = set()
        """Adopted runs on their way to the engine's loop."""
        self._wanted: set[UUID] = set()
        """Runs that were asked for and that another worker had: asked for again while somebody watches."""
        self._aside: set[UUID] = set()
        """Runs that this code cannot drive: not adopted a second time."""
        self._stopping = threading.Event()
        self.loop: asyncio.AbstractEventLoop
        """Made by `start`: a worker that never starts has nothing to close."""
        self._loop_thread = threading.Thread(target=self._run_loop, name="engine-loop", daemon=True)
        self._ports: Ports | None = None
        remote = RemoteFeed(feed, self._drives.__contains__, lambda text: presence.notify(TEXT, text))
        self._keeper = Keeper(self, claims, presence, writer, remote, self._lease)
        self._on_watch = presence.interrupt

    def start(self, ports: Ports) -> None:
        """Announce this worker and begin. Raises `Unavailable`."""
        self._keeper.announce()
        self.loop = asyncio.new_event_loop()
        self._lease.start(self.loop)
        self._writer.start()
        self._ports = ports
        self._loop_thread.start()
        self._feed.on_watch = self._on_watch
        self._keeper.start()

    def stop(self, close_clients: Callable[[], Awaitable[None]] = _nothing) -> None:
        """Let go of every run: what is under way is stopped, nothing more is started, others can take over at once.

        `close_clients` runs last on the engine's loop: earlier it would look like a fault of the servers.
        What hangs in a database that is away is left behind, and its runs to whoever takes them over.
        """
        until_s = boot_s() + STOP_LIMIT_S
        is_reached = self._lease.stands()
        self._stopping.set()
        self._lease.end()
        self._writer.hurry()
        with suppress(TimeoutError, RuntimeError):
            asyncio.run_coroutine_threadsafe(self._cancel_all(close_clients), self.loop).result(STOP_LIMIT_S)
        self._feed.on_watch = lambda: None
        self._writer.stop(_left(until_s))
        if is_reached:
            with suppress(Unavailable):
                self._claims.release()
        self._keeper.stop(_left(until_s))
        self._writer.close()
        with suppress(RuntimeError):  # it has ended already
            self.loop.call_soon_threadsafe(self.loop.stop)
        self._loop_thread.join(_left(until_s))

    @property
    def is_alive(self) -> bool:
        """Whether it is started, and neither stopped nor ended by a fault."""
        return self._loop_thread.is_alive() and not self._stopping.is_set()

    @property
    def trouble(self) -> str:
        """Why nothing can be recorded at the moment; empty when all is well."""
        return self._writer.trouble

    def holds_lease(self) -> bool:
        """Whether no other worker can have taken our runs: asked right before every effect."""
        return self._lease.stands()

    async def lease_again(self) -> None:
        """Wait for the lease's renewal. Raises `Fenced` when this worker stops."""
        await self._lease.again()

    def submit(self, run_id: UUID, events: list[Event] | None = None) -> None:
        """Drive a run: one claimed already, with its journal, or one to be claimed first.

        Where another worker has it, it is asked for again as long as somebody watches it here.
        """
        self.loop.call_soon_threadsafe(self._begin, run_id, events)

    def tell(self, run_id: UUID) -> None:
        """Somebody wrote to the run's journal."""
        with suppress(RuntimeError):  # the loop has ended: so has every drive
            self.loop.call_soon_threadsafe(self._tell, run_id)

    def driven(self) -> Mapping[UUID, Drive | None]:
        """The runs under way here; None: one that is being claimed."""
        return dict(self._drives)

    @property
    def driving(self) -> int:
        """Number of runs under way here."""
        return len(self._drives)

    def adopt(self, find: Callable[[int], list[Orphan]]) -> bool:
        """Take up what `find`, given a limit, finds, as far as there is room; whether more may wait.

        A quarter of the room is kept for runs that people wait for, so that a batch never fills it all.
        """
        known = {*self._drives, *self._offered, *self._aside}
        room = self._adopt - len(self._drives) - len(self._offered)
        if room <= 0 or self._stopping.is_set():
            return self._adopt > 0
        for_all = room - self._adopt // 4
        found = [one for one in find(room + len(known)) if one.run_id not in known][:room]
        taken = [one.run_id for place, one in enumerate(found) if one.is_urgent or place < for_all]
        for run_id in taken:
            self._offered.add(run_id)
            self.loop.call_soon_threadsafe(self._begin, run_id, None)
        return len(found) == room or len(taken) < len(found)

    def ask_again(self) -> None:
        """Claim what was asked for and could not be had, as far as somebody still watches it."""
        if self._wanted:
            self.loop.call_soon_threadsafe(self._ask_again)

    def die(self) -> None:
        """Let go of everything without a word: whoever is alive takes over."""
        self._end()
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.loop.stop)

    def _end(self) -> None:
        self._stopping.set()
        self._lease.end()
        self._writer.hurry()

    def _ask_again(self) -> None:
        wanted, watched = set(self._wanted), set(self._feed.watched())
        self._wanted.clear()
        for run_id in wanted & watched:
            self._begin(run_id, None)

    def _begin(self, run_id: UUID, events: list[Event] | None) -> None:
        is_adopted = run_id in self._offered
        self._offered.discard(run_id)
        if self._stopping.is_set():
            return
        if run_id in self._drives:
            self._again.add(run_id)
            return
        self._drives[run_id] = None
        task = self.loop.create_task(self._drive(run_id, events, is_adopted=is_adopted), name=f"run {run_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, run_id: UUID) -> None:
        if drive := self._drives.get(run_id):
            drive.tell()

    async def _drive(self, run_id: UUID, events: list[Event] | None, *, is_adopted: bool) -> None:
        logs.RUN.set(str(run_id))  # of this task and of those that it begins
        log.debug("run %s is looked at", run_id)
        try:
            if not await self._driven_to_rest(run_id, events) and not is_adopted:
                self._wanted.add(run_id)
        except Fenced:
            log.info("run %s belongs to another worker now", run_id)
        except Unavailable as error:
            log.error("run %s is left as it stands: %s", run_id, error)  # noqa: TRY400 (no fault of the code)
            if not is_adopted:
                self._wanted.add(run_id)
        finally:
            del self._drives[run_id]
            self._feed.left(run_id)
            self._keeper.room_came()
            if run_id in self._again:
                self._again.discard(run_id)
                self._begin(run_id, None)

    async def _driven_to_rest(self, run_id: UUID, events: list[Event] | None) -> bool:
        """False: it cannot be had. A fault of this code becomes an entry of the journal, where it can still be kept."""
        drive: Drive | None = None
        try:
            events = events or await asyncio.to_thread(self._claims.claim, run_id)
            if events is None:
                return False
            self._feed.driving(run_id)
            self._keeper.began(run_id)
            drive = self._drives[run_id] = Drive(events, self._ports_of_one())
            await drive.run()
            _say_rest(drive.state)
        except (Fenced, Unavailable):
            raise
        except Exception as error:  # the one broad except
            log.exception("run %s failed inside the engine", run_id)
            self._aside.add(run_id)
            if drive is not None:
                await drive.fail(Fault("internal", f"{type(error).__name__}: {error}"))
                self._aside.discard(run_id)
        return True

    def _ports_of_one(self) -> Ports:
        """A run's own clock begins with its drive."""
        assert self._ports is not None
        return msgspec.structs.replace(self._ports, now=RunClock(self._ports.now))

    async def _cancel_all(self, close_clients: Callable[[], Awaitable[None]]) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await close_clients()

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self._end()
            self._keeper.end()
            self._close_loop()

    def _close_loop(self) -> None:
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


def _left(until_s: float) -> float:
    return max(0.1, until_s - boot_s())


def _say_rest(state: RunState) -> None:
    status = state.ended.status if state.ended else "waiting"
    log.info("run %s is %s (steps %d, entries %d)", state.run_id, status, len(state.steps), state.next_seq)
