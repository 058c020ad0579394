"""Words and numbers for the screen: escaping, units, times."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>$&^=@:])")
_DIRECTIVE = re.compile(r":(?=[\w/+-]+:)")
_DECORATION = re.compile(r"\*\*|`+|^#+ |^> ", re.MULTILINE)
_WORD_JOINER = "\u2060"
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def plain(text: str) -> str:
    """Text that a person, a model or a tool wrote, for a place that reads Markdown: it is shown as it stands.

    Streamlit looks for `:name:` after the Markdown is read, so a backslash is not enough there.
    """
    one_line = " ".join(text.split())
    return _MARKS.sub(r"\\\1", _DIRECTIVE.sub(f":{_WORD_JOINER}", one_line))


def short(text: str, chars: int) -> str:
    """The first line's beginning, for a list."""
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= chars else one_line[: chars - 1].rstrip() + "…"


def bare(text: str) -> str:
    """Markdown without its commonest marks, for the one line of a list."""
    return _DECORATION.sub("", text)


def grouped(number: float) -> str:
    """1204 → 1,204; big integers keep every digit."""
    return f"{number:,}"


def compact(number: int) -> str:
    """A total for a metric: 1,310,000 → 1.31 M."""
    for limit, unit in ((1_000_000_000, "G"), (1_000_000, "M")):
        if number >= limit:
            return f"{number / limit:.2f} {unit}"
    return grouped(number)


def duration(seconds: float | None) -> str:
    """0.012 → 12 ms, 8.41 → 8.4 s, 95 → 1 min 35 s; nothing known → –."""
    if seconds is None:
        return "–"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def cost(usd: float | None) -> str:
    """Four digits below a dollar; not reported → –."""
    if usd is None:
        return "–"
    return f"${usd:,.4f}" if usd < 1 else f"${usd:,.2f}"


def size(size_bytes: int) -> str:
    """412 bytes, 4.1 kB, 5.0 MB, 1.83 GB."""
    if size_bytes < 1_000:
        return f"{size_bytes} bytes"
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1_000:.1f} kB"
    return f"{size_bytes / 1_000_000:.1f} MB" if size_bytes < 1_000_000_000 else f"{size_bytes / 1_000_000_000:.2f} GB"


def counted(number: int, one: str, many: str = "") -> str:
    """1 run, 2 runs."""
    return f"{grouped(number)} {one if number == 1 else many or one + 's'}"


def zone() -> tzinfo:
    """The browser's time zone; UTC until it has told."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def exact(at: datetime) -> str:
    return at.astimezone(zone()).strftime("%a %-d %b %Y, %H:%M:%S %Z")


def ago(at: datetime) -> str:
    """How long before now, in the words of a list."""
    seconds = (datetime.now(UTC) - at).total_seconds()
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR:.0f} h ago"
    return _day(at)


def _day(at: datetime) -> str:
    here, today = at.astimezone(zone()), datetime.now(zone())
    days = (today.date() - here.date()).days
    if days == 1:
        return "yesterday"
    if days < 7:
        return f"{days} days ago"
    return here.strftime("%-d %b") if here.year == today.year else here.strftime("%-d %b %Y")


def day_heading(at: datetime) -> str:
    """The group of a list: Today, Yesterday, This week, Earlier."""
    days = (datetime.now(zone()).date() - at.astimezone(zone()).date()) // timedelta(days=1)
    return "Today" if days <= 0 else "Yesterday" if days == 1 else "This week" if days < 7 else "Earlier"


def week_ago() -> datetime:
    return datetime.now(UTC) - timedelta(days=7)
