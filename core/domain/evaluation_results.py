"""What an evaluation comes to: pass rates with their intervals, differences, and which items are worth a look."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean, quantiles
from typing import Literal, NamedTuple, get_args

import msgspec

from core.domain.evaluation import CellLine
from core.domain.sampling import Difference, Interval, difference, wilson

Which = Literal["all", "failed", "different", "errors"]


class Box(NamedTuple):
    """How numbers are distributed: the least, the quartiles, the most."""

    least: float
    lower: float
    median: float
    upper: float
    most: float


class VariantSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One variant over all its cells that have ended."""

    cells: int = 0
    items: int = 0
    """Items that were judged."""
    pass_rate: float | None = None
    """The mean over the items of the share of their repeats that passed; None: nothing was judged."""
    interval: Interval = Interval(0.0, 1.0)
    mean_value: float | None = None
    failed: int = 0
    p50_s: float | None = None
    p95_s: float | None = None
    tokens: int = 0
    cost_usd: float | None = None
    seconds_box: Box | None = None
    tokens_box: Box | None = None
    cost_box: Box | None = None


def summary(lines: Iterable[CellLine]) -> VariantSummary:
    """Of the cells of one variant."""
    ended = [line for line in lines if line.state in {"ended", "impossible"}]
    shares = item_shares(ended)
    seconds = sorted(line.seconds for line in ended if line.seconds is not None)
    costs = [line.cost_usd for line in ended if line.cost_usd is not None]
    values = [line.value for line in ended if line.value is not None]
    return VariantSummary(
        cells=len(ended),
        items=len(shares),
        pass_rate=fmean(shares.values()) if shares else None,
        interval=wilson(sum(shares.values()), len(shares)),
        mean_value=fmean(values) if values else None,
        failed=sum(line.is_error for line in ended),
        p50_s=_percentile(seconds, 50),
        p95_s=_percentile(seconds, 95),
        tokens=sum(line.tokens or 0 for line in ended),
        cost_usd=sum(costs) if costs else None,
        seconds_box=box(seconds),
        tokens_box=box([line.tokens for line in ended if line.tokens is not None]),
        cost_box=box(costs),
    )


def box(values: Iterable[float]) -> Box | None:
    """None: there are too few to see a distribution."""
    ordered = sorted(values)
    if len(ordered) < 2:
        return None
    lower, median, upper = quantiles(ordered, n=4, method="inclusive")
    return Box(ordered[0], lower, median, upper, ordered[-1])


def item_shares(lines: Iterable[CellLine]) -> dict[int, float]:
    """For every judged item, the share of its repeats that passed."""
    verdicts: dict[int, list[bool]] = defaultdict(list)
    for line in lines:
        if line.passed is not None:
            verdicts[line.item].append(line.passed)
    return {item: fmean(passed) for item, passed in verdicts.items()}


def proven_share(lines: Iterable[CellLine]) -> tuple[float, int]:
    """For a gate: the mean over the items of what passed, and how many items count.

    What has no answer has not passed. Left out is only what was answered and no evaluator can say anything about.
    """
    verdicts: dict[int, list[bool]] = defaultdict(list)
    for line in lines:
        if line.passed is not None or line.status != "done":
            verdicts[line.item].append(bool(line.passed))
    return (fmean(map(fmean, verdicts.values())) if verdicts else 0.0), len(verdicts)


def gain(first: Iterable[CellLine], second: Iterable[CellLine]) -> Difference:
    """How much better the second variant is than the first, over the items that both were judged on."""
    before, after = item_shares(first), item_shares(second)
    both = sorted(before.keys() & after.keys())
    return difference([before[item] for item in both], [after[item] for item in both])


def items_by(lines: Iterable[CellLine]) -> dict[Which, tuple[int, ...]]:
    """For every filter the numbers of the items with such cells, in order."""
    by_item: dict[int, list[CellLine]] = defaultdict(list)
    for line in lines:
        by_item[line.item].append(line)
    items = sorted(by_item.items())
    return {which: tuple(item for item, cells in items if _is(cells, which)) for which in get_args(Which)}


def _is(cells: Sequence[CellLine], which: Which) -> bool:
    match which:
        case "all":
            return True
        case "failed":
            return any(cell.passed is False for cell in cells)
        case "errors":
            return any(cell.is_error for cell in cells)
        case "different":
            return _differ(cells)


def _differ(cells: Sequence[CellLine]) -> bool:
    """Whether the variants fare differently; where nothing is judged, whether they answer differently."""
    judged = {cell.passed for cell in cells if cell.passed is not None}
    if judged:
        return len(judged) > 1
    return len({cell.answer for cell in cells if cell.answer is not None}) > 1


def _percentile(ordered: Sequence[float], percent: int) -> float | None:
    if len(ordered) < 2:
        return ordered[0] if ordered else None
    return quantiles(ordered, n=100, method="inclusive")[percent - 1]
