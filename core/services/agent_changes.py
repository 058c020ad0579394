"""Changes to agents inside a unit of work; whoever calls them decides whether they last."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from core.db.unit import UnitOfWork
from core.domain.agent import Agent, AgentSpec, Revision
from core.domain.result import Err, Ok, Result
from core.domain.spec_check import problems
from core.repositories.agent_revisions import AgentRevisionRepository
from core.repositories.agents import AgentRepository
from core.services.agent_files import AgentFile

GONE = Err("not_found", "This agent does not exist any more.")
_NAME_CHARS = 100


class Saved(msgspec.Struct, frozen=True):
    """The live revision after a save; not a new one when nothing had changed."""

    revision: Revision
    is_new: bool


def add_agent(unit: UnitOfWork, file: AgentFile, who: str) -> Result[Agent]:
    """A new agent whose revision 1 is live."""
    if refused := refusal(file.spec):
        return refused
    added = AgentRepository(unit.session).add(
        file.name.strip(),
        who,
        live_revision=1,
        description=file.description.strip(),
        avatar=file.avatar.strip(),
        tags=clean_tags(file.tags),
    )
    if isinstance(added, Err):
        return added
    revision = AgentRevisionRepository(unit.session).add(added.value.id, file.spec, who)
    return revision if isinstance(revision, Err) else added


def put_draft(unit: UnitOfWork, agent_id: UUID, spec: AgentSpec, who: str) -> Result[Agent]:
    """A draft that equals the live spec is no draft."""
    agents = AgentRepository(unit.session)
    agent = agents.get(agent_id, lock=True)
    if agent is None:
        return GONE
    draft = None if spec.hash() == live_revision(unit, agent).content_hash else spec
    return Ok(agent) if draft == agent.draft else agents.update(agent_id, who, draft=draft)


def publish(unit: UnitOfWork, agent_id: UUID, spec: AgentSpec | None, who: str, note: str) -> Result[Saved]:
    """Make a spec (None: the draft) the live revision, unless it is that already."""
    agents = AgentRepository(unit.session)
    agent = agents.get(agent_id, lock=True)
    if agent is None:
        return GONE
    live, wanted = live_revision(unit, agent), spec or agent.draft
    if wanted is None or wanted.hash() == live.content_hash:
        return Ok(Saved(live, is_new=False))
    if refused := refusal(wanted):
        return refused
    added = AgentRevisionRepository(unit.session).add(agent_id, wanted, who, note)
    if isinstance(added, Err):
        return added
    draft = None if agent.draft is None or agent.draft.hash() == added.value.content_hash else agent.draft
    changed = agents.update(agent_id, who, live_revision=added.value.number, draft=draft)
    return changed if isinstance(changed, Err) else Ok(Saved(added.value, is_new=True))


def live_revision(unit: UnitOfWork, agent: Agent) -> Revision:
    """Every agent has one from its first moment."""
    revision = AgentRevisionRepository(unit.session).get(agent.id, agent.live_revision or 1)
    assert revision is not None, f"agent {agent.id} has no live revision"
    return revision


def free_name(unit: UnitOfWork, wanted: str) -> str:
    """The name itself, or the first of `name 2`, `name 3`… that no agent has."""
    wanted = wanted[: _NAME_CHARS - 5].strip()
    taken = AgentRepository(unit.session).names_like(wanted)
    number, name = 2, wanted
    while name in taken:
        number, name = number + 1, f"{wanted} {number}"
    return name


def refusal(spec: AgentSpec) -> Err | None:
    """Why a spec may not become a revision."""
    wrong = problems(spec)
    return Err("invalid", wrong[0].message, wrong[0].field) if wrong else None


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Without spaces around them, each once, in their order."""
    return tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
