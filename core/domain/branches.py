"""A conversation is a tree of runs: editing or regenerating a message begins a new branch."""

from collections.abc import Sequence
from uuid import UUID

from core.domain.run import Run


def branch(runs: Sequence[Run], leaf: UUID | None = None) -> list[Run]:
    """From the first run to `leaf`, oldest first; without a leaf to the newest run. Empty for an unknown leaf."""
    by_id = {run.id: run for run in runs}
    run = by_id.get(leaf) if leaf else max(runs, key=lambda run: run.id, default=None)
    path: list[Run] = []
    while run is not None:
        path.append(run)
        run = by_id.get(run.parent_run_id) if run.parent_run_id else None
    return path[::-1]


def siblings(runs: Sequence[Run], run: Run) -> list[Run]:
    """The runs that answer the same message, the given one included, oldest first: `‹ 2/3 ›`."""
    return sorted((other for other in runs if other.parent_run_id == run.parent_run_id), key=lambda run: run.id)


def newest_leaf(runs: Sequence[Run], under: UUID) -> UUID:
    """Where the conversation goes on below a run: the newest run of its branches, or the run itself."""
    below = {under}
    for run in sorted(runs, key=lambda run: run.id):
        if run.parent_run_id in below:
            below.add(run.id)
    return max(below)
