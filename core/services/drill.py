"""The crash drill: kill a real worker at every boundary of a sample run, go on with another, and count.

The run is an ordinary one in this workspace's journal; its model and its tools are a server of the drill that
counts what really happened. So the whole way is proven, from the loop to the socket.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import Engine

from core import __version__
from core.clients.drill.server import DrillServer
from core.clients.drill.story import INPUT
from core.db.unit import UnitOfWork
from core.domain.event import Claimed, Created, Event
from core.engine.state import fold
from core.repositories.journal import JournalRepository
from core.services.decisions import DecisionService
from core.services.drill_sample import sample_run, sample_spec
from core.services.drill_verdict import TOOLS, DrillRow, in_doubt, judged
from core.services.drill_workers import DrillWorker, DrillWorkers, Order
from core.settings import Settings

Points = Literal["all", "few"]

UNDISTURBED: Final = "undisturbed"
_TRIES: Final = 3
"""Two calls of one step may end in one commit or in two, so a boundary may not come up at the first try."""
_HELD_LIMIT_S: Final = 30.0
_LEASE_S: Final = 15.0
_WHO: Final = "drill"


class DrillService:
    """Runs drills, for a command or a button: what is killed are processes of the drill's own."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine, self._settings = engine, settings

    def rows(self, points: Points = "all", expect: Callable[[int], None] = lambda _: None) -> Iterator[DrillRow]:
        """One row a point, as it comes; the first is a run that nobody disturbed. `expect` is told how many come.

        `few`: in the middle of each request and call, and around the last commit. Raises `Unavailable`.
        """
        server = DrillServer()
        server.start()
        try:
            with DrillWorkers(self._settings) as workers:
                drill = _Drill(self._engine, server, workers)
                row, boundaries = drill.undisturbed()
                wanted = boundaries if points == "all" else _few(boundaries)
                expect(1 + len(wanted))
                yield row
                for point in wanted:
                    yield drill.killed_at(point)
        finally:
            server.stop()


class _Drill:
    """One run after the other, each on a server that counts from zero."""

    def __init__(self, engine: Engine, server: DrillServer, workers: DrillWorkers) -> None:
        self._engine, self._server, self._workers = engine, server, workers
        self._decisions = DecisionService(engine, executor=None)

    def undisturbed(self) -> tuple[DrillRow, list[str]]:
        """The row of a run without a kill, and the points at which the others are to be killed."""
        self._server.begin()
        worker = self._workers.take()
        run_id = self._recorded(worker)
        worker.begin(Order(run_id=run_id, is_ours=True))
        rested = worker.rested()
        if rested is not None:
            self._workers.give_back(worker)
        return self._row(UNDISTURBED, run_id, ()), _points(rested.boundaries if rested else ())

    def killed_at(self, point: str) -> DrillRow:
        """The row of a run whose worker dies at `point` and that another takes over."""
        for _ in range(_TRIES):
            run_id, was_killed = self._killed(point)
            if was_killed:
                doubtful = in_doubt(self._events(run_id), epoch=1)
                self._go_on(run_id)
                return self._row(point, run_id, doubtful)
        return DrillRow(point=point, run_id=run_id, fault="the run never came to this point")

    def _killed(self, point: str) -> tuple[UUID, bool]:
        """A run and whether its worker died at the point; it lives when the run never crossed it."""
        held = TOOLS[_effect(point)] if point.startswith("inside call") else ""
        self._server.begin(hold=held)
        victim = self._workers.take()
        run_id = self._recorded(victim)
        victim.begin(Order(run_id=run_id, is_ours=True, die_at=point))
        if held and self._server.held.wait(_HELD_LIMIT_S):
            victim.kill()
        if victim.rested() is not None:
            self._workers.give_back(victim)
            return run_id, False
        victim.close()
        self._server.quiet()
        return run_id, True

    def _go_on(self, run_id: UUID) -> None:
        """Another worker takes over, as often as a person has something to settle."""
        survivor = self._workers.take()
        while True:
            survivor.begin(Order(run_id=run_id))
            rested = survivor.rested()
            if rested is None:
                return
            if rested.status != "waiting" or not self._settled(run_id):
                break
        self._workers.give_back(survivor)

    def _settled(self, run_id: UUID) -> bool:
        """Do as a person would who looks at the other side: what the server counted is what happened."""
        unknown = [call for step in fold(self._events(run_id)).steps for call in step.calls if call.unknown]
        for call in unknown:
            if done := self._server.done[call.call.name]:
                self._decisions.settle(run_id, call.effect, "happened", _WHO, output=f'{{"done":{done}}}')
            else:
                self._decisions.settle(run_id, call.effect, "run_again", _WHO)
        return bool(unknown)

    def _recorded(self, worker: DrillWorker) -> UUID:
        spec = sample_spec(self._server)
        run = sample_run(spec, worker.owner)
        facts = (Created(spec=spec, input=INPUT), Claimed(by=worker.owner, code=__version__))
        with UnitOfWork(self._engine) as unit:
            JournalRepository(unit.session.connection()).create(run, facts, _LEASE_S)
            unit.commit()
        return run.id

    def _row(self, point: str, run_id: UUID, doubtful: Sequence[str]) -> DrillRow:
        return judged(point, self._events(run_id), doubtful, self._server.requests, self._server.done)

    def _events(self, run_id: UUID) -> list[Event]:
        with UnitOfWork(self._engine) as unit:
            return JournalRepository(unit.session.connection()).read(run_id)


def _points(boundaries: Sequence[str]) -> list[str]:
    """The boundaries, and the middle of each call that the drill's server executes: only the server sees that."""
    points: list[str] = []
    for boundary in boundaries:
        points.append(boundary)
        if boundary.startswith("before call") and _effect(boundary) in TOOLS:
            points.append(f"inside call {_effect(boundary)}")
    return points


def _few(points: Sequence[str]) -> list[str]:
    return [point for point in points if point.startswith("inside")] + list(points[-2:])


def _effect(point: str) -> str:
    return point.rpartition(" ")[2]
