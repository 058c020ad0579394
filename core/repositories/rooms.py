"""Room at the endpoints, over all processes: places are session advisory locks, the minute's budget is one row.

A process that dies, however it dies, leaves its places at once: they are locks of its connection.
"""

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Engine

from core.domain.endpoint import EndpointLimits
from core.domain.rooms import Entry, Full, Place, Spent, Yields
from core.errors import Unavailable
from core.repositories.budgets import SPEND
from core.repositories.line import Line

CHANNEL = "aryabhatta_rooms"
"""Notification: there may be room at the endpoint of this name."""
PLACES = 0x41727962
"""First half of the places' keys, beside `presence.NAMESPACE`."""
_URGENT = 0x41727963
"""First half of the sign that a run which a person waits for stands in line; many may hold it."""

_ENTER = """
SELECT line.yields, CASE WHEN NOT line.yields THEN (
           SELECT n FROM unnest(%(free)s::int[]) AS n
            WHERE pg_try_advisory_lock(%(places)s, hashtext(%(name)s || ' ' || n)) LIMIT 1) END
  FROM (SELECT NOT %(urgent)s AND EXISTS (
               SELECT FROM pg_locks
                WHERE locktype = 'advisory' AND classid = %(sign)s AND mode = 'ShareLock' AND granted
                  AND objid = (hashtext(%(name)s)::bigint & 4294967295)::oid AND objsubid = 2
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                  AND pid <> pg_backend_pid()) AS yields
        OFFSET 0) AS line
"""
"""One look of a waiting request: does it yield to a person's, and which of the free places did it get."""


class RoomLine:
    """One process's places, on a connection of its own. Used by one thread; `interrupt` comes from any other."""

    def __init__(self, engine: Engine) -> None:
        self._line = Line(engine, "the line for endpoints", (CHANNEL,))
        self._held: set[Place] = set()
        self._urgent: set[str] = set()

    def prepare(self) -> None:
        """From now on an `interrupt` ends the next `wait`. Touches no database."""
        self._line.prepare()

    def wait(self, timeout_s: float | None) -> set[str]:
        """Endpoints where there may be room by now; returns after the timeout, an interrupt or such news.

        Raises `Unavailable`, like all that follows; what was held may be another's then.
        """
        return {name for _, name in self._line.wait(timeout_s)}

    def interrupt(self) -> None:
        self._line.interrupt()

    def connect(self) -> None:
        """Reach the database, unless that is so already, and take again what is used here and not another's by now."""
        if self._line.is_open:
            return
        self._line.open()
        self._line.listen()
        for place in self._held:
            self._line.execute("SELECT pg_try_advisory_lock(%(ns)s, hashtext(%(key)s))", _lock_of(place))
        for name in self._urgent:
            self._sign(name)

    def enter(self, name: str, limits: EndpointLimits, *, urgent: bool) -> Entry:
        """A place for one request, or why there is none. Never waits."""
        self.connect()
        held = {place.number for place in self._held if place.name == name}
        free = [number for number in range(1, (limits.concurrency or 0) + 1) if number not in held]
        values = {"free": free, "places": PLACES, "sign": _URGENT, "name": name, "urgent": urgent}
        yields, number = self._line.execute(_ENTER, values).one()
        if yields:
            return Yields()
        if limits.concurrency is not None and number is None:
            return Full(limits.concurrency)
        place = Place(name, number or 0)
        if limits.requests_per_minute is not None:
            is_spent, wait_s = self._line.execute(SPEND, {"name": name, "most": limits.requests_per_minute}).one()
            if not is_spent:
                self._unlock(place)
                return Spent(float(wait_s or 1))
        self._held.add(place)
        return place

    def leave(self, places: Sequence[Place]) -> None:
        """Give places back and tell those who wait. Where the connection is gone, so are the locks."""
        self._held.difference_update(places)
        if not self._line.is_open:
            return
        for place in places:
            self._unlock(place)
        for name in {place.name for place in places if place.number}:
            self._tell(name)

    def is_urgent(self, name: str, *, urgent: bool) -> None:
        """Whether a run that a person waits for stands in line here: then no batch's request goes before it."""
        if urgent == (name in self._urgent):
            return
        if urgent:
            self._urgent.add(name)
            self._sign(name)
        else:
            self._urgent.discard(name)
            values = {"ns": _URGENT, "name": name}
            self._line.execute("SELECT pg_advisory_unlock_shared(%(ns)s, hashtext(%(name)s))", values)
            self._tell(name)

    def close(self) -> None:
        """Leave everything."""
        with suppress(Unavailable):
            self.leave(list(self._held))
        self._line.close()

    def _sign(self, name: str) -> None:
        values = {"ns": _URGENT, "name": name}
        self._line.execute("SELECT pg_advisory_lock_shared(%(ns)s, hashtext(%(name)s))", values)

    def _unlock(self, place: Place) -> None:
        if place.number:
            self._line.execute("SELECT pg_advisory_unlock(%(ns)s, hashtext(%(key)s))", _lock_of(place))

    def _tell(self, name: str) -> None:
        self._line.execute("SELECT pg_notify(%(channel)s, %(name)s)", {"channel": CHANNEL, "name": name})


def _lock_of(place: Place) -> dict[str, object]:
    return {"ns": PLACES, "key": f"{place.name} {place.number}"}
