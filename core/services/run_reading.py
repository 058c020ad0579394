"""Reading runs: their rows, journals and requests, and the text of an answer under way, from any process."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.event import Event
from core.domain.frames import Frame, TextFrame
from core.domain.journal import Partial
from core.domain.result import Err, Result
from core.domain.run import Run, RunStatus
from core.domain.run_query import RunCount, RunFilter, RunTotals, Span
from core.domain.state import RunState
from core.engine.feed import Feed
from core.engine.state import fold
from core.repositories.inquiries import InquiryRepository
from core.repositories.journal import JournalRepository
from core.repositories.runs import RunRepository
from core.services.attachments import AttachmentService
from core.services.run_watch import RESTING, RunWatch
from core.services.sent_request import Sent, sent_request

Runs = list[Run]
Events = list[Event]
Counts = list[RunCount]
Names = list[str]


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a screen draws it: its row, what its journal adds up to, and the text of the answer under way."""

    run: Run
    state: RunState
    events: list[Event]
    partial: Partial | None = None


Views = list[RunView]
Frames = list[Frame]


class RunReading:
    """Changes nothing and needs no worker."""

    def __init__(self, engine: Engine, feed: Feed, attachments: AttachmentService) -> None:
        self._engine, self._feed, self._attachments = engine, feed, attachments

    def get(self, run_id: UUID) -> Run | None:
        with UnitOfWork(self._engine) as unit:
            return RunRepository(unit.session).get(run_id)

    def list(self, query: RunFilter | None = None, before: UUID | None = None, limit: int = 50) -> Runs:
        """Newest first; `before` is the id of the last run of the page before."""
        with UnitOfWork(self._engine) as unit:
            return RunRepository(unit.session).list(query or RunFilter(), before, limit)

    def needing_people(self, limit: int = 50) -> Runs:
        """Runs that only a person can bring further: those that ask in the middle of a call first, they have a limit."""
        with UnitOfWork(self._engine) as unit:
            runs = RunRepository(unit.session)
            asking = InquiryRepository(unit.session).asking(limit)
            found = runs.some(asking)
            waiting = runs.list(RunFilter(status=("waiting",)), None, limit)
        return [*(found[one] for one in asking if one in found), *waiting][:limit]

    def totals(self, query: RunFilter | None = None) -> RunTotals:
        with UnitOfWork(self._engine) as unit:
            return RunRepository(unit.session).totals(query or RunFilter())

    def over_time(self, query: RunFilter, span: Span, zone: str) -> Counts:
        """The runs that `totals` adds up, by when they began. `zone`: where a day begins, by its IANA name."""
        with UnitOfWork(self._engine) as unit:
            return RunRepository(unit.session).over_time(query, span, zone)

    def models(self) -> Names:
        """Every model that a run was asked of, in order."""
        with UnitOfWork(self._engine) as unit:
            return RunRepository(unit.session).values("model")

    def people(self) -> Names:
        """Everybody who started a run, in order."""
        with UnitOfWork(self._engine) as unit:
            return RunRepository(unit.session).values("created_by")

    def events(self, run_id: UUID, after: int = -1) -> Events:
        """The journal's entries behind `after`."""
        with UnitOfWork(self._engine) as unit:
            return JournalRepository(unit.session.connection()).read(run_id, after)

    def view(self, run_id: UUID) -> RunView | None:
        """A run as a screen draws it, or None when there is no such run."""
        return next(iter(self.views([run_id])), None)

    def views(self, run_ids: Iterable[UUID]) -> Views:
        """The same for many, in the order given; unknown ids are left out."""
        wanted = list(run_ids)
        with UnitOfWork(self._engine, snapshot=True) as unit:  # else a run that ends in between is shown as live
            runs = RunRepository(unit.session).some(wanted)
            journals = JournalRepository(unit.session.connection()).read_many(wanted)
        return [
            RunView(run=runs[one], state=fold(journals[one]), events=journals[one], partial=self._under_way(runs[one]))
            for one in wanted
            if one in runs and one in journals
        ]

    def sent(self, run_id: UUID, step: int, attempt: int | None = None) -> Result[Sent]:
        """The request of a model step (default: its last attempt), rebuilt from the journal and checked."""
        events = self.events(run_id)
        if not events:
            return Err("not_found", "There is no such run.")
        state = fold(events)
        return sent_request(state, events, self._attachments.of_requests([state]), step, attempt)

    def stream(self, run_id: UUID, after: int = -1) -> Iterator[Event | TextFrame]:
        """Follow a run to its rest: entries and text as they come, blocking in between."""
        return self._watch(run_id, after).blocking()

    def follow(self, run_id: UUID, after: int = -1) -> AsyncGenerator[Frames, None]:
        """The same for a browser, on its server's event loop, at most 25 times a second."""
        return self._watch(run_id, after).frames()

    def wait(self, run_id: UUID, timeout_s: float) -> Run | None:
        """Block until the run rests or the time is up; the run as it stands then."""
        deadline = datetime.now(UTC).timestamp() + timeout_s
        with self._feed.watch(run_id) as watch:
            while (run := self.get(run_id)) is not None and run.status not in RESTING:
                left_s = deadline - datetime.now(UTC).timestamp()
                if left_s <= 0:
                    break
                watch.news_blocking(min(left_s, 1.0))
        return run

    def _watch(self, run_id: UUID, after: int) -> RunWatch:
        return RunWatch(run_id, after, self._feed, self._status, self.events, self._partial)

    def _status(self, run_id: UUID) -> RunStatus | None:
        run = self.get(run_id)
        return run.status if run else None

    def _under_way(self, run: Run) -> Partial | None:
        return None if run.status == "done" else self._partial(run.id)

    def _partial(self, run_id: UUID) -> Partial | None:
        """The text under way: from this process's feed, else from the last checkpoint."""
        live = self._feed.text(run_id)
        if live is not None:
            text = "".join(part.text for part in live.parts)
            reasoning = "".join(part.reasoning for part in live.parts)
            return Partial(
                effect=live.effect, attempt=live.attempt, text=text, reasoning=reasoning, waiting=live.waiting
            )
        with UnitOfWork(self._engine) as unit:
            return JournalRepository(unit.session.connection()).partial(run_id)
