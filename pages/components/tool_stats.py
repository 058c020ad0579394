"""How a tool did lately, in a line."""

from core.domain.tool_stats import MOST_CALLS, STATS_DAYS, ToolStats
from pages.components.frame import Part, quiet
from pages.components.text import counted, duration


def tool_stats(stats: ToolStats) -> None:
    quiet(*_parts(stats), small=True)


def _parts(stats: ToolStats) -> list[Part]:
    more = "the newest " if stats.calls >= MOST_CALLS else ""
    failed = f"{stats.error_share:.0%} failed" if stats.errors else "none failed"
    parts: list[Part] = [f"{more}{counted(stats.calls, 'call')} in {STATS_DAYS} days", failed]
    if stats.unknown:
        parts.append(f"{stats.unknown:,} unknown")
    if stats.p50_ms is not None and stats.p95_ms is not None:
        parts += [f"p50 {duration(stats.p50_ms / 1000)}", f"p95 {duration(stats.p95_ms / 1000)}"]
    return [*parts, ("last", stats.last_at)] if stats.last_at else parts
