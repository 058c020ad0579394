"""The recorded results that an evaluation's cells may use: they are frozen into each run, so each is kept small."""

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from core.domain.evaluation import CellKey, Evaluation, Plan
from core.domain.event import Recorded
from core.ids import new_id
from core.repositories.evaluation_lines import EvaluationLineRepository
from core.repositories.recordings import RecordingRepository
from core.services.recorded_results import merged, results_of

MOST_CHARS = 100_000
"""Of all results of one cell together: ten thousand cells are as many copies."""
_LOOKED_AT = 200
"""So many items are looked at before the start."""


def nothing_recorded(session: Session, plan: Plan, dataset_id: UUID, items: Sequence[int]) -> Iterator[str]:
    """Sentences about tools whose every call will be refused: no earlier result of theirs is known."""
    if plan.tool_mode != "recorded":
        return
    earlier = EvaluationLineRepository(session, new_id()).earlier_runs(dataset_id, items[:_LOOKED_AT])
    runs = [run_id for run_ids in earlier.values() for run_id in run_ids]
    tools = {tool.name for variant in plan.variants for tool in variant.frozen.tools if tool.effect == "read"}
    known = {one.name for one in results_of(session, sorted(tools), runs)}
    for name in sorted(tools - known):
        yield f"Nothing that {name} ever answered is recorded: its calls will be refused, and the model is told so."


class ItemRecordings:
    """What was recorded before the evaluation began: of the same item first, then of the newest runs and the samples."""

    def __init__(self, session: Session, evaluation: Evaluation) -> None:
        self._session, self._evaluation = session, evaluation
        self._recordings = RecordingRepository(session)
        self._lines = EvaluationLineRepository(session, evaluation.id)
        self._runs: dict[int, list[UUID]] = {}
        self._common: dict[int, tuple[Recorded, ...]] = {}

    def look_for(self, items: Collection[int]) -> None:
        """Find out at once which runs these items had before."""
        if self._evaluation.plan.tool_mode == "recorded":
            self._runs = self._lines.earlier_runs(self._evaluation.dataset_id, items)

    def of(self, cell: CellKey) -> tuple[Recorded, ...]:
        """For the run of a cell; nothing where tools are not recorded."""
        tools = self._tools(cell.variant)
        if self._evaluation.plan.tool_mode != "recorded" or not tools:
            return ()
        own = self._recordings.results(self._runs.get(cell.item, ()), tools)
        return merged((own, self._of_all(cell.variant, tools)), MOST_CHARS)

    def _of_all(self, variant: int, tools: list[str]) -> tuple[Recorded, ...]:
        if variant not in self._common:
            self._common[variant] = results_of(self._session, tools, before=self._evaluation.id)
        return self._common[variant]

    def _tools(self, variant: int) -> list[str]:
        return [tool.name for tool in self._evaluation.plan.variants[variant].frozen.tools]
