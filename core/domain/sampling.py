"""How sure a number is: intervals for pass rates, and for the difference of two variants on the same items."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import Final, Literal

import msgspec

CONFIDENCE: Final = 0.95
RESAMPLES: Final = 10_000
FEWEST_PAIRS: Final = 6
"""Of fewer pairs even unanimity proves little: a sign test of five gives p = 0.0625."""
_SEED: Final = 1729
"""The same scores give the same interval, on every machine and at every drawing of a page."""
_DRAWS: Final = 5_000_000

Says = Literal["better", "worse", "noise", "too_few"]


class Interval(msgspec.Struct, frozen=True):
    low: float
    high: float


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How much more the second of two variants scores than the first, over the items that both have."""

    mean: float
    interval: Interval
    error: float
    """Standard error, by the same resampling."""
    pairs: int
    wins: int
    losses: int
    says: Says


def wilson(successes: float, trials: float, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of a proportion: Wilson (1927), JASA 22:209. No trials: anything is possible.

    Repeats of an item are no new evidence about the others, so `trials` is the number of items, and
    `successes` may be a sum of shares.
    """
    if trials <= 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / trials
    middle = share + z * z / (2 * trials)
    half = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return Interval(max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale))


def difference(first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE) -> Difference:
    """The paired difference, with the percentile bootstrap over the pairs: Efron and Tibshirani (1993), chapter 13."""
    gains = [after - before for before, after in zip(first, second, strict=True)]
    if not gains:
        return Difference(mean=0.0, interval=Interval(-1.0, 1.0), error=0.0, pairs=0, wins=0, losses=0, says="too_few")
    interval, error = bootstrap(gains, confidence)
    return Difference(
        mean=sum(gains) / len(gains),
        interval=interval,
        error=error,
        pairs=len(gains),
        wins=sum(gain > 0 for gain in gains),
        losses=sum(gain < 0 for gain in gains),
        says=_says(len(gains), interval),
    )


def bootstrap(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[Interval, float]:
    """The percentile interval and the standard error of a mean, from seeded resamples.

    A resample is drawn as how often each distinct value comes, so that ten thousand items of few distinct
    scores cost no more than ten.
    """
    import numpy as np  # noqa: PLC0415 (a tenth of a second, and only those who compare variants need it)

    distinct, counts = np.unique(np.asarray(values, dtype=float), return_counts=True)
    resamples = int(min(RESAMPLES, max(1_000, _DRAWS // len(distinct))))
    draws = np.random.default_rng(_SEED).multinomial(len(values), counts / len(values), size=resamples)
    means = draws @ distinct / len(values)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high)), float(means.std())


def _says(pairs: int, interval: Interval) -> Says:
    if pairs < FEWEST_PAIRS:
        return "too_few"
    if interval.low > 0:
        return "better"
    return "worse" if interval.high < 0 else "noise"


def difference_words(found: Difference, first: str, second: str) -> str:
    """Whether it is noise, in a sentence. Scores are shares; the difference is told in percentage points."""
    points = f"{abs(found.mean) * 100:.1f} points"
    span = f"95 % interval {found.interval.low * 100:+.1f} to {found.interval.high * 100:+.1f}"
    match found.says:
        case "too_few":
            return f"{found.pairs} items that both answered are too few to tell {second} from {first}."
        case "noise":
            return f"{second} and {first} cannot be told apart: {found.mean * 100:+.1f} points may be noise ({span})."
        case "better":
            return f"{second} is better than {first} by {points} ({span}); this is hardly noise."
        case "worse":
            return f"{second} is worse than {first} by {points} ({span}); this is hardly noise."
