"""Every table, for migrations and tests: importing this module fills `Base.metadata`."""

from core.db import (
    agent_tables,
    attachment_tables,
    comparison_tables,
    evaluation_tables,
    knowledge_tables,
    people_tables,
    publish_tables,
    run_tables,
    share_tables,
    tool_tables,
    verdict_tables,
)
from core.db.base import Base

metadata = Base.metadata

__all__ = [
    "agent_tables",
    "attachment_tables",
    "comparison_tables",
    "evaluation_tables",
    "knowledge_tables",
    "metadata",
    "people_tables",
    "publish_tables",
    "run_tables",
    "share_tables",
    "tool_tables",
    "verdict_tables",
]
