"""The clock and the calendar."""

import difflib
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from dateutil.relativedelta import relativedelta

from core.domain.tool import ToolResult
from core.tools.executor import CannotDoError

Moment = date | datetime
Count = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
_DateText = Annotated[str, "ISO 8601: 2024-01-31, or with a time: 2024-01-31T10:00 or 2024-01-31T10:00+02:00."]


def current_time(
    zone: Annotated[str, "IANA time zone or its city: Europe/Berlin, Tokyo, New York, UTC."] = "UTC",
) -> ToolResult:
    """Tell the date, the time and the weekday now, in a time zone."""
    name = _zone_name(zone)
    now = datetime.now(ZoneInfo(name)).replace(microsecond=0)
    text = f"{now.isoformat()} ({now:%A}, {name})"
    return ToolResult(text, data={"time": now.isoformat(), "weekday": f"{now:%A}", "zone": name})


def date_add(
    date: _DateText,
    years: Count = 0,
    months: Count = 0,
    weeks: Count = 0,
    days: Count = 0,
) -> ToolResult:
    """Add a span of calendar time to a date; negative numbers go back.

    A day that a month does not have becomes its last: 31 January plus one month is 28 or 29 February.
    """
    start = _moment(date)
    try:
        end = start + relativedelta(years=years, months=months, weeks=weeks, days=days)
    except (OverflowError, ValueError):
        raise CannotDoError("The result lies outside the years 1 to 9999.") from None
    return ToolResult(f"{end.isoformat()} ({end:%A})", data={"date": end.isoformat(), "weekday": f"{end:%A}"})


def date_difference(start: _DateText, end: _DateText) -> ToolResult:
    """Tell how much time lies between two dates, in days and in years, months and days."""
    first, last = _alike(_moment(start), _moment(end))
    seconds = (last - first).total_seconds()
    days = int(abs(seconds) // 86_400) * (-1 if seconds < 0 else 1)
    span = _span(relativedelta(max(first, last), min(first, last)))
    before = " (the end lies before the start)" if seconds < 0 else ""
    text = f"{_counted(days, 'day')}: {span}{before}"
    return ToolResult(text, data={"days": days, "seconds": int(seconds)})


def _moment(text: str) -> Moment:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise CannotDoError(
            f"{text[:40]!r} is not a date. Write it as 2024-01-31, or with a time as 2024-01-31T10:00."
        ) from None


def _alike(first: Moment, last: Moment) -> tuple[datetime, datetime]:
    """Both as points in time. A bare date is its midnight, in the zone of the other one."""
    zones = {moment.tzinfo for moment in (first, last) if isinstance(moment, datetime)}
    if None in zones and len(zones) > 1:
        raise CannotDoError("One of the times has a zone and the other has none. Give both, or none.")
    zone = next(iter(zones), None)
    return _point(first, zone), _point(last, zone)


def _point(moment: Moment, zone: tzinfo | None) -> datetime:
    if isinstance(moment, datetime):
        return moment if moment.tzinfo is None else moment.astimezone(UTC)
    return datetime(moment.year, moment.month, moment.day, tzinfo=zone)


def _span(delta: relativedelta) -> str:
    units = ("year", "month", "day", "hour", "minute", "second")
    parts = [_counted(getattr(delta, f"{unit}s"), unit) for unit in units if getattr(delta, f"{unit}s")]
    return ", ".join(parts) or "no time at all"


def _counted(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'' if abs(count) == 1 else 's'}"


def _zone_name(given: str) -> str:
    names = _zones()
    wanted = given.strip().replace(" ", "_").casefold()
    if wanted in names:
        return names[wanted]
    cities = [name for key, name in names.items() if key.rpartition("/")[2] == wanted]
    if len(cities) == 1:
        return cities[0]
    raise CannotDoError(f"There is no time zone {given[:60]!r}. {_advice(wanted, cities, names)}")


def _advice(wanted: str, cities: list[str], names: dict[str, str]) -> str:
    if cities:
        return f"Several places have that name: {', '.join(sorted(cities))}."
    places = {key.rpartition("/")[2]: name for key, name in names.items()}
    close = difflib.get_close_matches(wanted, places, n=4, cutoff=0.75)
    if close:
        return f"Did you mean {', '.join(places[name] for name in close)}?"
    return "Use the IANA name of a zone that has the same time, such as America/Los_Angeles or Asia/Kolkata."


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    """Every zone by its name in lower case."""
    return {name.casefold(): name for name in sorted(available_timezones())}
