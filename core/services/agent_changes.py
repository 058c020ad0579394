"""Changes to agents inside a unit of work; whoever calls them decides whether they last."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from core.db.unit import UnitOfWork
from core.domain.agent import Agent, AgentSpec, Revision
from core.domain.gate import Standing
from core.domain.result import Err, Ok, Result
from core.domain.spec_check import problems
from core.repositories.agent_revisions import AgentRevisionRepository
from core.repositories.agents import AgentRepository
from core.services.agent_files import AgentFile
from core.services.agent_gates import go_live, standing_of

GONE = Err("not_found", "This agent does not exist any more.")
_NAME_CHARS = 100


class Saved(msgspec.Struct, frozen=True):
    """The revision of a save; not a new one when nothing had changed. It is live unless its gate holds it."""

    revision: Revision
    is_new: bool
    held: Standing | None = None
    """The gate that it has not passed; None: it is live."""


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
    draft = None if spec == live_revision(unit, agent).spec else spec
    return Ok(agent) if draft == agent.draft else agents.update(agent_id, who, draft=draft)


def publish(unit: UnitOfWork, agent_id: UUID, spec: AgentSpec | None, who: str, note: str) -> Result[Saved]:
    """Make a spec (None: the draft) a revision, and live unless its agent's gate holds it."""
    agents = AgentRepository(unit.session)
    agent = agents.get(agent_id, lock=True)
    if agent is None:
        return GONE
    live, wanted = live_revision(unit, agent), spec or agent.draft
    if wanted is None or wanted == live.spec:
        return Ok(Saved(live, is_new=False))
    if refused := refusal(wanted):
        return refused
    saved = _saved(unit, agent_id, wanted, who, note)
    return saved if isinstance(saved, Err) else _released(unit, agent, saved.value, who)


def _saved(unit: UnitOfWork, agent_id: UUID, spec: AgentSpec, who: str, note: str) -> Result[Saved]:
    """The spec as the newest revision; one that waits for its gate is not made a second time."""
    revisions = AgentRevisionRepository(unit.session)
    newest = revisions.newest(agent_id)
    if newest is not None and newest.spec == spec:
        return Ok(Saved(newest, is_new=False))
    added = revisions.add(agent_id, spec, who, note)
    return added if isinstance(added, Err) else Ok(Saved(added.value, is_new=True))


def make_live(unit: UnitOfWork, agent_id: UUID, number: int, who: str, reason: str) -> Result[Saved]:
    """A revision that was saved before. Its gate may be passed over with a reason, which is kept."""
    agent = AgentRepository(unit.session).get(agent_id, lock=True)
    revision = AgentRevisionRepository(unit.session).get(agent_id, number)
    if agent is None or revision is None:
        return GONE if agent is None else Err("not_found", f"{agent.name} has no revision {number}.", "revision")
    if number == agent.live_revision:
        return Ok(Saved(revision, is_new=False))
    released = _released(unit, agent, Saved(revision, is_new=False), who, reason)
    if isinstance(released, Ok) and released.value.held is not None:
        return Err("conflict", f"Revision {number} does not go live. {released.value.held.words}", "gate")
    return released


def _released(unit: UnitOfWork, agent: Agent, saved: Saved, who: str, reason: str = "") -> Result[Saved]:
    """The revision made live, where its gate lets it through or `reason` says why it need not."""
    revision = saved.revision
    standing = standing_of(unit, agent.gate, revision.spec) if agent.gate else None
    is_held = standing is not None and not standing.is_met
    if is_held and not reason:
        return Ok(msgspec.structs.replace(saved, held=standing))
    changed = go_live(unit, agent, revision, who, standing, reason if is_held else "")
    return changed if isinstance(changed, Err) else Ok(saved)


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
