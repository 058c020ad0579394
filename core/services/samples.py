"""Three agents that a new workspace begins with; they are put there once and never again."""

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.result import Ok
from core.repositories.agents import AgentRepository
from core.repositories.preferences import PreferenceRepository
from core.services.agent_changes import add_agent
from core.services.templates import samples

_SEEDED = "samples_seeded"


def seed(engine: Engine) -> int:
    """Add the samples to a workspace that never had an agent; how many were added. Safe to call at every start."""
    with UnitOfWork(engine) as unit:
        if not PreferenceRepository(unit.session).claim(_SEEDED):
            return 0
        wanted = samples() if AgentRepository(unit.session).is_empty() else ()
        added = [add_agent(unit, file, "") for file in wanted]
        assert all(isinstance(one, Ok) for one in added), added
        unit.commit()
    return len(added)
