"""What became of tools' calls: read from the table `run_events`, which the journal alone writes.

Looked up by index, name by name, and no further back than asked: the table only grows, and what is read of it must not.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from sqlalchemy import Connection, text

from core.domain.tool_stats import ToolStats

# U+0000 may stand in an entry, and Postgres reads no value of a document that has one.
STATS = r"""
SELECT wanted.name, count(call.at) AS calls,
       count(*) FILTER (WHERE call.failed) AS errors,
       count(*) FILTER (WHERE call.outcome = 'unknown') AS unknown,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY call.took_ms) AS p50_ms,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY call.took_ms) AS p95_ms,
       max(call.at) AS last_at
  FROM unnest(CAST(:names AS text[])) AS wanted(name)
 CROSS JOIN LATERAL (
    SELECT begun.at, ended.kind AS outcome,
           ended.kind = 'finished' AND (ended.body -> 'error') IS NOT NULL AS failed,
           CASE WHEN ended.kind = 'finished'
                THEN coalesce(CAST(CAST(ended.body -> 'took_ms' AS text) AS float), 0) END AS took_ms
      FROM (SELECT run_id, effect, attempt, at FROM run_events
             WHERE CAST(CAST(replace(CAST(body AS text), '\u0000', '\ufffd') AS json) -> 'name' AS text)
                   = CAST(to_json(wanted.name) AS text) AND run_id >= :since
               AND kind = 'started' AND effect NOT LIKE '%.m'
             ORDER BY run_id DESC LIMIT :most) AS begun
      LEFT JOIN LATERAL (
        SELECT kind, CAST(replace(CAST(body AS text), '\u0000', '\ufffd') AS json) AS body FROM run_events
         WHERE run_id = begun.run_id AND effect = begun.effect AND attempt = begun.attempt
           AND kind IN ('decision', 'finished', 'unknown')
         LIMIT 1) AS ended ON true
 ) AS call
 GROUP BY wanted.name
"""


class ToolStatsRepository:
    """Over one connection, inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, names: Iterable[str], since: UUID, most: int) -> dict[str, ToolStats]:
        """By name, from runs with an id from `since` on; a tool that was not called is left out."""
        rows = self._connection.execute(text(STATS), {"names": list(names), "since": since, "most": most})
        found = {row.name: msgspec.convert(dict(row._mapping), ToolStats) for row in rows}  # noqa: SLF001 (public)
        return {name: _in_utc(stats) for name, stats in found.items()}


def _in_utc(stats: ToolStats) -> ToolStats:
    at: datetime | None = stats.last_at
    return msgspec.structs.replace(stats, last_at=at.astimezone(UTC)) if at else stats
