"""Requests of the last minute, over all processes: the table `endpoint_budgets`."""

from sqlalchemy import Connection

SPEND = """
WITH clock AS MATERIALIZED (SELECT floor(extract(epoch FROM clock_timestamp()))::bigint AS second), spent AS (
    INSERT INTO endpoint_budgets AS b (name, sent) SELECT %(name)s, jsonb_build_object(second, 1) FROM clock
    ON CONFLICT (name) DO UPDATE
       SET sent = (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(b.sent)
                    WHERE key::bigint BETWEEN (SELECT second - 60 FROM clock) AND (SELECT second FROM clock))
               || (SELECT jsonb_build_object(second, coalesce((b.sent ->> second::text)::int, 0) + 1) FROM clock)
     WHERE (SELECT coalesce(sum(value::int), 0) FROM jsonb_each_text(b.sent)
             WHERE key::bigint BETWEEN (SELECT second - 60 FROM clock) AND (SELECT second FROM clock)) < %(most)s
    RETURNING name
)
SELECT EXISTS (SELECT FROM spent),
       (SELECT min(key::bigint) + 61 - extract(epoch FROM clock_timestamp())
          FROM endpoint_budgets b, jsonb_object_keys(b.sent) AS key, clock
         WHERE b.name = %(name)s AND key::bigint BETWEEN second - 60 AND second)
"""
"""Counted by whole seconds of the database's clock: a request counts for 60 to 61 seconds. One that is to come, after
the clock was set back, does not count.
"""


def spend(connection: Connection, name: str, most: int) -> float:
    """Count one request, unless `most` began within a minute: then how many seconds there are to wait, else 0."""
    is_spent, wait_s = connection.exec_driver_sql(SPEND, {"name": name, "most": most}).one()
    return 0.0 if is_spent else float(wait_s or 1)
