"""The worker: a thread with an event loop of its own that drives runs, and a thread that keeps it alive among others."""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol
from uuid import UUID

from core.domain.event import Event
from core.engine.drive import Drive
from core.engine.feed import Feed
from core.engine.ports import Ports
from core.engine.remote import POST_S, RemoteFeed
from core.engine.writer import GroupWriter
from core.errors import Fault, Fenced, Unavailable

RUNS = "aryabhatta_runs"
"""Notification: the journal of this run was written to from outside its worker, or the run waits to be executed."""
TEXT = "aryabhatta_text"
"""Notification: a wish for the text of a run, or a piece of it."""

log = logging.getLogger(__name__)

SWEEP_S = 2.0
"""How often a worker looks for runs that nobody executes. Also the longest time a dead worker's run lies idle."""


STOP_LIMIT_S = 7.0
"""Longest time a stop waits for what is under way to end."""


async def _nothing() -> None:
    pass


class Claims(Protocol):
    """Who may drive which run. Blocking; `Unavailable` when the database does not answer."""

    def claim(self, run_id: UUID) -> list[Event] | None: ...

    def renew(self, run_ids: Sequence[UUID]) -> None: ...

    def release(self) -> None: ...

    def orphans(self, limit: int) -> list[UUID]: ...

    def expire(self, owners: Sequence[str]) -> None: ...


class PresenceLine(Protocol):
    """This worker among others."""

    name: str

    def announce(self) -> None: ...

    def wait(self, timeout_s: float) -> list[tuple[str, str]]: ...

    def notify(self, channel: str, payload: str) -> None: ...

    def interrupt(self) -> None: ...

    def bury_dead(self) -> list[str]: ...

    def leave(self) -> None: ...


class Worker:
    """Drives runs of this process, and adopts others while it drives fewer than `adopt`: queued ones, and those that
    dead workers left. 0 adopts none.
    """

    def __init__(
        self, claims: Claims, presence: PresenceLine, writer: GroupWriter, feed: Feed, *, lease_s: float, adopt: int
    ) -> None:
        self._claims, self._presence, self._writer, self._feed = claims, presence, writer, feed
        self._lease_s, self._adopt = lease_s, adopt
        self._drives: dict[UUID, Drive | None] = {}
        self._again: set[UUID] = set()
        """Runs that were asked for while a drive of them was about to end."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._offered: set[UUID] = set()
        """Adopted runs on their way to the engine's loop."""
        self._more_waits = False
        """The queue was longer than there was room for."""
        self._lease_until = 0.0
        self._stopping = threading.Event()
        self.loop: asyncio.AbstractEventLoop
        """Made by `start`: a worker that never starts has nothing to close."""
        self._loop_thread = threading.Thread(target=self._run_loop, name="engine-loop", daemon=True)
        self._watch_thread = threading.Thread(target=self._keep_alive, name="engine-watch", daemon=True)
        self._ports: Ports | None = None
        self._remote = RemoteFeed(feed, self._drives.__contains__, lambda text: presence.notify(TEXT, text))

    def start(self, ports: Ports) -> None:
        """Announce this worker and begin. Raises `Unavailable`."""
        self._presence.announce()
        self._renew()
        self.loop = asyncio.new_event_loop()
        self._writer.start()
        self._ports = ports
        self._loop_thread.start()
        self._bury()
        self._adopt_runs()
        self._feed.on_watch = self._presence.interrupt
        self._watch_thread.start()

    def stop(self, close_clients: Callable[[], Awaitable[None]] = _nothing) -> None:
        """Let go of every run: what is under way is stopped, nothing more is started, others can take over at once.

        `close_clients` runs last on the engine's loop: earlier it would look like a fault of the servers.
        """
        self._stopping.set()
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._cancel_all(close_clients), self.loop).result(STOP_LIMIT_S)
        self._feed.on_watch = lambda: None
        self._presence.interrupt()
        self._watch_thread.join()
        self._writer.stop()
        with suppress(Unavailable):
            self._claims.release()
        self._presence.leave()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._loop_thread.join()

    def holds_lease(self) -> bool:
        """Whether no other worker can have taken our runs: asked right before every effect."""
        return not self._stopping.is_set() and _boot_s() < self._lease_until

    def submit(self, run_id: UUID, events: list[Event] | None = None) -> None:
        """Drive a run: one claimed already, with its journal, or one to be claimed first."""
        self.loop.call_soon_threadsafe(self._begin, run_id, events)

    def tell(self, run_id: UUID) -> None:
        """Somebody wrote to the run's journal."""
        self.loop.call_soon_threadsafe(self._tell, run_id)

    @property
    def name(self) -> str:
        return self._presence.name

    @property
    def driving(self) -> int:
        """Number of runs under way here."""
        return len(self._drives)

    def _begin(self, run_id: UUID, events: list[Event] | None) -> None:
        self._offered.discard(run_id)
        if self._stopping.is_set():
            return
        if run_id in self._drives:
            self._again.add(run_id)
            return
        self._drives[run_id] = None
        task = self.loop.create_task(self._drive(run_id, events), name=f"run {run_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, run_id: UUID) -> None:
        if drive := self._drives.get(run_id):
            drive.tell()

    async def _drive(self, run_id: UUID, events: list[Event] | None) -> None:
        try:
            events = events or await asyncio.to_thread(self._claims.claim, run_id)
            if events and self._ports:
                self._feed.driving(run_id)
                drive = self._drives[run_id] = Drive(events, self._ports)
                await self._guarded(drive)
        except Fenced:
            log.info("run %s belongs to another worker now", run_id)
        except Unavailable as error:
            log.error("run %s is left as it stands: %s", run_id, error)  # noqa: TRY400 (no fault of the code)
        finally:
            del self._drives[run_id]
            self._feed.left(run_id)
            if self._more_waits:
                self._presence.interrupt()  # there is room for the next of the queue
            if run_id in self._again:
                self._again.discard(run_id)
                self._begin(run_id, None)

    async def _guarded(self, drive: Drive) -> None:
        try:
            await drive.run()
        except (Fenced, Unavailable):
            raise
        except Exception as error:  # the one broad except: a fault of this code becomes an entry of the journal
            log.exception("run %s failed inside the engine", drive.run_id)
            await drive.fail(Fault("internal", f"{type(error).__name__}: {error}"))

    async def _cancel_all(self, close_clients: Callable[[], Awaitable[None]]) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await close_clients()

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def _keep_alive(self) -> None:
        """Renew the leases, hear of news, take over from the dead. Ends with `stop`."""
        renewed_at = swept_at = _boot_s()
        while not self._stopping.is_set():
            try:
                news = self._listen()
                now_s = _boot_s()
                if now_s - renewed_at >= self._lease_s / 3:
                    self._renew()
                    renewed_at = now_s
                if now_s - swept_at >= SWEEP_S:
                    self._bury()
                    swept_at, news = now_s, True
                if news or self._more_waits:
                    self._adopt_runs()
            except Unavailable as error:
                self._reconnect(error)

    def _listen(self) -> bool:
        """Wait for notifications and pass them on; True when a run was written to from outside."""
        news = False
        for channel, payload in self._presence.wait(POST_S if self._remote.is_busy else SWEEP_S):
            if channel == RUNS:
                self.tell(UUID(payload))
                news = True
            else:
                self._remote.heard(payload, _boot_s())
        self._remote.turn(_boot_s())
        return news

    def _renew(self) -> None:
        begun = _boot_s()
        self._claims.renew(tuple(self._drives))
        self._lease_until = begun + self._lease_s

    def _bury(self) -> None:
        if dead := self._presence.bury_dead():
            log.info("taking over from %s", ", ".join(dead))
            self._claims.expire(dead)

    def _adopt_runs(self) -> None:
        room = self._adopt - len(self._drives) - len(self._offered)
        if room > 0:
            found = self._claims.orphans(room)
            self._more_waits = len(found) == room
            for run_id in found:
                self._offered.add(run_id)
                self.submit(run_id)

    def _reconnect(self, error: Unavailable) -> None:
        """Without the connection the lock is gone: start no effect until it is held again."""
        self._lease_until = 0.0
        log.warning("%s; trying again", error)
        while not self._stopping.wait(1.0):
            with suppress(Unavailable):
                self._presence.announce()
                self._renew()
                return


def _boot_s() -> float:
    """Seconds since boot, sleep included: a laptop that was closed must notice that its lease ran out."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)
