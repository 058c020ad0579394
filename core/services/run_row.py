"""The row that a run begins with."""

from datetime import UTC, datetime
from uuid import UUID

from core import ids
from core.domain.run import WAITED_FOR, Run, RunSpec
from core.services.run_spec import Chosen, StartRun


def clean(text: str) -> str:
    """Text as JSON can carry it: half of a surrogate pair becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def run_row(start: StartRun, chosen: Chosen, spec: RunSpec, parent_id: UUID | None, owner: str) -> Run:
    return Run(
        id=start.run_id or ids.new_id(),
        kind=start.kind,
        status="running",
        conversation_id=start.conversation_id,
        parent_run_id=parent_id,
        agent_id=chosen.agent.id if chosen.agent else None,
        agent_name=chosen.agent.name if chosen.agent else "",
        revision=chosen.revision,
        model=spec.model,
        endpoint=spec.endpoint.name,
        input=clean(start.input)[:4_000],
        tags=start.tags,
        created_by=start.who,
        created_at=datetime.now(UTC),
        epoch=1,
        lease_owner=owner,
        priority=WAITED_FOR if start.batch_id is None else 0,
        batch_id=start.batch_id,
        held=start.held and start.batch_id is not None,
    )
