"""Answers that a person kept as the recorded sample of a tool: they stand in for calls where nothing is to be executed."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.result import Err, Result
from core.repositories.preferences import PreferenceRepository
from core.repositories.recordings import RecordingRepository
from core.services.keeping import keep


class ToolSamples:
    """One sample a tool, by the run that recorded it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, tool: str) -> UUID | None:
        """The run that holds the sample of a tool."""
        with UnitOfWork(self._engine) as unit:
            return next(sample_runs(PreferenceRepository(unit.session), [tool]), None)

    def keep(self, tool: str, run_id: UUID, who: str) -> Result[str]:
        """Make what a tool answered in a run its sample; the one before gives way."""
        with UnitOfWork(self._engine) as unit:
            if not RecordingRepository(unit.session).results([run_id], [tool]):
                return Err("invalid", f"This run holds no good answer of {tool}.")
            return keep(unit, PreferenceRepository(unit.session).put(_key(tool), {"run": str(run_id)}, who))


def sample_runs(preferences: PreferenceRepository, tools: Iterable[str]) -> Iterator[UUID]:
    """The runs that hold the samples of these tools."""
    kept = (preferences.get(_key(tool)) for tool in tools)
    return (UUID(sample["run"]) for sample in kept if sample)


def _key(tool: str) -> str:
    return f"tool_sample:{tool}"
