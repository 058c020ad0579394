"""What tools answered before, for runs in which nothing is executed."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from core.domain.event import Recorded
from core.domain.run_query import RunFilter
from core.repositories.preferences import PreferenceRepository
from core.repositories.recordings import MOST_CHARS, RecordingRepository
from core.repositories.runs import RunRepository
from core.services.tool_samples import sample_runs

EARLIER_RUNS = 200
"""So many of the newest runs are looked through, besides those that are named and the samples."""


def results_of(
    session: Session, tools: Sequence[str], run_ids: Iterable[UUID] = (), before: UUID | None = None
) -> tuple[Recorded, ...]:
    """The samples that people kept, then the newest results of these runs and of the newest ones (`before` a run)."""
    if not tools:
        return ()
    recordings = RecordingRepository(session)
    earlier = [run.id for run in RunRepository(session).list(RunFilter(), before=before, limit=EARLIER_RUNS)]
    samples = recordings.results(sample_runs(PreferenceRepository(session), tools), tools)
    return merged((samples, recordings.results({*earlier, *run_ids}, tools)))


def merged(groups: Iterable[Iterable[Recorded]], most_chars: int = MOST_CHARS) -> tuple[Recorded, ...]:
    """One result for a tool and its arguments: the first there is. What is too large for the rest of the room is left out."""
    found, room = dict[tuple[str, str], Recorded](), most_chars
    for one in (one for group in groups for one in group):
        place = (one.name, one.arguments)
        if place not in found and len(one.output) <= room:
            found[place], room = one, room - len(one.output)
    return tuple(found.values())
