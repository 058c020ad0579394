"""The thread that keeps a worker alive among others: renews its lease, hears of news, takes over from the dead."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import chain, repeat
from typing import Protocol
from uuid import UUID

import msgspec

from core.domain.event import Event
from core.domain.journal import Orphan
from core.engine.clock import boot_s
from core.engine.drive import Drive
from core.engine.lease import Lease
from core.engine.remote import POST_S, RemoteFeed
from core.engine.writer import GroupWriter
from core.errors import Unavailable

RUNS = "aryabhatta_runs"
"""Notification: the journal of this run was written to from outside its worker, or the run waits to be executed."""
TEXT = "aryabhatta_text"
"""Notification: a wish for the text of a run, or a piece of it."""

log = logging.getLogger(__name__)

SWEEP_S = 2.0
"""How often a worker looks for runs that nobody executes. Also the longest time a dead worker's run lies idle."""
_RECONNECT_S = (0.05, 0.2, 0.5, 1.0)
"""Waits between tries to reach a database that went away; the last one again and again."""


class Claims(Protocol):
    """Who may drive which run. Blocking; `Unavailable` when the database does not answer."""

    def claim(self, run_id: UUID) -> list[Event] | None: ...

    def release(self) -> None: ...

    def orphans(self, limit: int) -> list[Orphan]: ...

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


class Driver(Protocol):
    """The worker's other side, that drives. Called from the keeper's thread."""

    def driven(self) -> Mapping[UUID, Drive | None]:
        """The runs under way here; None: one that is being claimed."""

    def adopt(self, find: Callable[[int], list[Orphan]]) -> bool:
        """Take up what `find`, given a limit, finds, as far as there is room; whether more may wait."""

    def tell(self, run_id: UUID) -> None: ...

    def ask_again(self) -> None:
        """Claim what was asked for and could not be had."""

    def die(self) -> None:
        """The keeper has ended by a fault: without it no run may go on here."""


class Keeper:
    """Started once, ended once. At its end the worker has left: others take over what it still had."""

    def __init__(
        self,
        driver: Driver,
        claims: Claims,
        presence: PresenceLine,
        writer: GroupWriter,
        remote: RemoteFeed,
        lease: Lease,
    ) -> None:
        self._driver, self._claims, self._presence, self._writer = driver, claims, presence, writer
        self._remote, self._lease = remote, lease
        self._over = threading.Event()
        self._more_waits = True
        """The queue may be longer than there was room for."""
        self._renewed_s = self._swept_s = 0.0
        self._thread = threading.Thread(target=self._keep, name="engine-watch", daemon=True)

    def announce(self) -> None:
        """Be among the living, and bury the dead. Raises `Unavailable`."""
        try:
            self._presence.announce()
            self._renew()
            self._bury()
        except Unavailable:
            self._presence.leave()
            raise

    def start(self) -> None:
        self._thread.start()
        self._presence.interrupt()  # what waits already is looked for at once

    def stop(self, timeout_s: float) -> None:
        """End and leave; a thread that hangs in the database is left behind."""
        self.end()
        self._thread.join(timeout_s)

    def end(self) -> None:
        self._over.set()
        self._presence.interrupt()

    def began(self, run_id: UUID) -> None:
        """A run is driven here from now on: those who watch it elsewhere get its text."""
        if self._remote.is_wanted(run_id):
            self._presence.interrupt()

    def room_came(self) -> None:
        """A run ended here: the next of the queue may come."""
        if self._more_waits:
            self._presence.interrupt()

    def _keep(self) -> None:
        try:
            while not self._over.is_set():
                try:
                    self._turn()
                except Unavailable as error:
                    self._reconnect(error)
        finally:
            if not self._over.is_set():
                log.critical("the worker %s cannot be kept alive: it lets go of everything", self._presence.name)
                self._driver.die()
            self._presence.leave()

    def _turn(self) -> None:
        news = self._listen()
        now_s = boot_s()
        if now_s - self._renewed_s >= self._lease.length_s / 3:
            self._renew()
        if now_s - self._swept_s >= SWEEP_S:
            self._bury()
            self._driver.ask_again()
            news = True
        if news or self._more_waits:
            self._more_waits = self._driver.adopt(self._claims.orphans)

    def _listen(self) -> bool:
        """Wait for notifications and pass them on; True when a run was written to from outside."""
        news = False
        timeout_s = POST_S if self._remote.is_busy else min(SWEEP_S, self._lease.length_s / 3)
        for channel, payload in self._presence.wait(timeout_s):
            try:
                if channel == RUNS:
                    self._driver.tell(UUID(payload))
                    news = True
                else:
                    self._remote.heard(payload, boot_s())
            except (ValueError, msgspec.DecodeError):
                log.warning("a notification of another version was not understood: %.80r", payload)
        self._remote.turn(boot_s())
        return news

    def _renew(self) -> None:
        """Extend the lease of what is driven here. A run that is another's by now is lost before the lease stands."""
        self._renewed_s = begun_s = boot_s()
        driven = self._driver.driven()
        ours = self._writer.renew(tuple(driven), self._lease.length_s)
        for run_id, drive in driven.items():
            if drive is not None and run_id not in ours:
                drive.lose()
                self._driver.tell(run_id)
        self._lease.renewed(begun_s)

    def _bury(self) -> None:
        self._swept_s = boot_s()
        if dead := self._presence.bury_dead():
            log.info("taking over from %s", ", ".join(dead))
            self._claims.expire(dead)

    def _reconnect(self, error: Unavailable) -> None:
        """Without the connection the lock is gone: start no effect until it is held again."""
        self._lease.lapse()
        log.warning("%s; trying again", error)
        for wait_s in chain(_RECONNECT_S, repeat(_RECONNECT_S[-1])):
            if self._over.wait(wait_s):
                return
            with suppress(Unavailable):
                self._presence.announce()
                self._renew()
                self._more_waits = True
                return
