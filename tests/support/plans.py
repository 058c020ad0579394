"""Which statements were sent, and how Postgres would carry them out."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Engine, event

GROWING = frozenset(
    {
        "agent_revisions",
        "attachments",
        "comparisons",
        "conversations",
        "dataset_items",
        "evaluation_cells",
        "notebook_pages",
        "run_events",
        "runs",
        "scores",
    }
)
"""Tables to which use adds rows. What people make by hand (agents, tools, prompts) is listed as a whole, and so read."""
UNDER_WAY = frozenset({"ix_runs_lease_until", "ix_runs_queue", "ix_evaluations_running", "ix_scores_pending"})
"""Indexes that hold only what is under way: reading one whole is reading little."""
_EXPLAINED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")

Node = dict[str, Any]


class Sent(NamedTuple):
    statement: str
    values: Any


@contextmanager
def statements(engine: Engine) -> Iterator[list[Sent]]:
    """Every statement that goes through `engine` meanwhile, each text once, with its first values."""
    sent: dict[str, Sent] = {}

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if statement.lstrip("( \n").upper().startswith(_EXPLAINED):
            sent.setdefault(statement, Sent(statement, values[0] if many else values))

    found: list[Sent] = []
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
        found.extend(sent.values())


def whole_readings(engine: Engine, sent: Sent) -> list[str]:
    """The growing tables that this statement reads from end to end: without an index, or along one without a bound."""
    with engine.connect() as connection, connection.begin() as transaction:
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sent.statement}", sent.values)
        (told,) = cursor.fetchone()
        transaction.rollback()
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return [f"{node['Node Type']} of {node['Relation Name']}" for node in _whole(plan, is_bounded=False)]


def _whole(node: Node, *, is_bounded: bool) -> Iterator[Node]:
    is_bounded = is_bounded or node["Node Type"] == "Limit"
    if node.get("Relation Name") in GROWING and (node["Node Type"] == "Seq Scan" or (_along(node) and not is_bounded)):
        yield node
    for child in node.get("Plans", ()):
        yield from _whole(child, is_bounded=is_bounded)


def _along(node: Node) -> bool:
    """Whether an index is followed from its beginning."""
    is_index = node["Node Type"] in {"Index Scan", "Index Only Scan"}
    return is_index and "Index Cond" not in node and node["Index Name"] not in UNDER_WAY
