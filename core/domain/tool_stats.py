"""How a tool did lately."""

from datetime import datetime

import msgspec

STATS_DAYS = 30
MOST_CALLS = 2_000
"""Of one tool are looked at: the newest."""


class ToolStats(msgspec.Struct, frozen=True, kw_only=True):
    """Of the calls of the last `STATS_DAYS` days, at most `MOST_CALLS` of them."""

    calls: int = 0
    errors: int = 0
    """Calls that failed, in the tool's words or for want of an answer."""
    unknown: int = 0
    """Calls of which nobody can say whether they happened."""
    p50_ms: float | None = None
    """Of the calls that came to an end; None: there are none."""
    p95_ms: float | None = None
    last_at: datetime | None = None

    @property
    def error_share(self) -> float:
        """From 0 to 1."""
        return self.errors / self.calls if self.calls else 0.0
