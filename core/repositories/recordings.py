"""What tools answered in earlier runs: read from the table `run_events`, which the journal alone writes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Label, Text, cast, select
from sqlalchemy.orm import Session, aliased

from core.db.run_tables import RunEventRow
from core.domain.event import Finished, Recorded, Started, decode

MOST_CHARS = 1_000_000
"""Of all results together: they are frozen into every run that may use them."""


class RecordingRepository:
    """Reads pairs of a call's intent and its outcome."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def results(self, run_ids: Iterable[UUID], tools: Iterable[str]) -> tuple[Recorded, ...]:
        """The newest good result of each tool and arguments that was called in these runs."""
        wanted, found, room = set(tools), dict[tuple[str, str], Recorded](), MOST_CHARS
        for recorded in self._pairs(list(run_ids)) if wanted else ():
            place = (recorded.name, recorded.arguments)
            if recorded.name not in wanted or place in found or len(recorded.output) > room:
                continue
            found[place], room = recorded, room - len(recorded.output)
        return tuple(found.values())

    def _pairs(self, run_ids: Sequence[UUID]) -> Iterator[Recorded]:
        begun, ended = aliased(RunEventRow), aliased(RunEventRow)
        same = (begun.run_id == ended.run_id) & (begun.effect == ended.effect) & (begun.attempt == ended.attempt)
        statement = (
            select(begun.run_id, _text(begun.body, "begun"), _text(ended.body, "ended"))
            .join(ended, same)
            .where(begun.run_id.in_(run_ids), begun.kind == "started", ended.kind == "finished")
            .where(begun.effect.not_like("%.m"))
            .order_by(begun.run_id.desc(), begun.seq.desc())
        )
        for row in self._session.execute(statement):
            yield from _recorded(*row)


def _text(body: Any, name: str) -> Label[str]:
    """As the text that was written: U+0000 may stand in it, which Postgres cannot read as a value."""
    return cast(body, Text).label(name)


def _recorded(run_id: UUID, begun: Any, ended: Any) -> Iterator[Recorded]:
    match decode(begun), decode(ended):
        case Started() as intent, Finished(error=None) as outcome:
            yield Recorded(
                name=intent.name,
                arguments=intent.arguments,
                output=outcome.output,
                data=outcome.data,
                files=outcome.files,
                source=f"{run_id}/{intent.effect}",
            )
