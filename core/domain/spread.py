"""The same message several times: how far the runs lie apart. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

import msgspec

from core.domain.run import ENDED, Run


class Range(msgspec.Struct, frozen=True):
    low: float
    middle: float
    """The median."""
    high: float


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Of the runs that have ended. A range is None where no run reported the number."""

    runs: int
    ended: int
    failed: int
    same: int
    """The size of the largest group of equal answers; how white space falls does not count."""
    seconds: Range | None = None
    first_token_ms: Range | None = None
    tokens: Range | None = None
    cost_usd: Range | None = None


def spread(runs: Sequence[Run], answers: Sequence[str]) -> Spread:
    """`answers`: the whole text of each run that is done, in any order."""
    ended = [run for run in runs if run.status in ENDED]
    usages = [run.totals.usage for run in ended if run.totals.usage]
    groups = Counter(" ".join(answer.split()) for answer in answers)
    return Spread(
        runs=len(runs),
        ended=len(ended),
        failed=sum(run.status != "done" for run in ended),
        same=max(groups.values(), default=0),
        seconds=_range(run.totals.active_s for run in ended),
        first_token_ms=_range(run.totals.first_token_ms for run in ended),
        tokens=_range(usage.total_tokens for usage in usages),
        cost_usd=_range(usage.cost_usd for usage in usages),
    )


def _range(values: Iterable[float | None]) -> Range | None:
    known = sorted(value for value in values if value is not None)
    return Range(known[0], median(known), known[-1]) if known else None
