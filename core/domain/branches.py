"""A conversation is a tree of runs: editing or regenerating a message begins a new branch."""

from collections.abc import Iterable, Sequence
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


def below(runs: Sequence[Run], roots: Iterable[UUID]) -> list[Run]:
    """Everything that replies to one of `roots`, directly or not, oldest first; the roots are not in it."""
    above = set(roots)
    found: list[Run] = []
    for run in sorted(runs, key=lambda run: run.id):
        if run.parent_run_id in above:
            above.add(run.id)
            found.append(run)
    return found


def newest_leaf(runs: Sequence[Run], under: UUID) -> UUID:
    """Where the conversation goes on below a run: the newest run of its branches, or the run itself."""
    return max((run.id for run in below(runs, [under])), default=under)


def path_through(runs: Sequence[Run], run_id: UUID | None) -> list[Run]:
    """The branch that a run is on, to its newest end; the newest branch where the run is unknown."""
    known = run_id is not None and any(run.id == run_id for run in runs)
    return branch(runs, newest_leaf(runs, run_id) if known and run_id else None)


def left_behind(runs: Sequence[Run], run: Run) -> list[Run]:
    """Every run of the branches beside the one that begins with `run`."""
    beside = [other for other in siblings(runs, run) if other.id != run.id]
    return [*beside, *below(runs, [other.id for other in beside])]
