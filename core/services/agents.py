"""Agents: make, change, publish and share them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.agent import Agent, AgentSpec, Revision
from core.domain.gate import Standing
from core.domain.listing import AgentSummary
from core.domain.result import Err, Ok, Result
from core.repositories.agent_revisions import AgentRevisionRepository
from core.repositories.agents import AgentRepository
from core.repositories.summaries import SummaryRepository
from core.services.agent_changes import (
    GONE,
    Saved,
    add_agent,
    clean_tags,
    free_name,
    live_revision,
    publish,
    put_draft,
)
from core.services.agent_files import AgentFile, from_yaml, to_yaml
from core.services.keeping import keep
from core.services.templates import Template, templates

__all__ = ["AgentService", "Imported", "Saved", "Template"]

Summaries = list[AgentSummary]
Revisions = list[Revision]
_WEEK = timedelta(days=7)


class Imported(msgspec.Struct, frozen=True):
    """What a file became."""

    agent: Agent
    revision_number: int
    is_new: bool
    """Whether the file made a revision."""
    held: Standing | None = None
    """The gate that keeps the revision from going live; None: it is live."""


class AgentService:
    """An agent has immutable revisions, one of them live, and at most one draft."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, agent_id: UUID) -> Agent | None:
        with UnitOfWork(self._engine) as unit:
            return AgentRepository(unit.session).get(agent_id)

    def by_name(self, name: str) -> Agent | None:
        with UnitOfWork(self._engine) as unit:
            return AgentRepository(unit.session).by_name(name)

    def names(self) -> dict[str, UUID]:
        """Every agent that is not archived, by its name and in that order: for a field to choose from."""
        with UnitOfWork(self._engine) as unit:
            return AgentRepository(unit.session).names()

    def list(self, search: str = "", tag: str = "", *, archived: bool = False) -> Summaries:
        """By name, with what each did in the last seven days."""
        with UnitOfWork(self._engine) as unit:
            since = datetime.now(UTC) - _WEEK
            return SummaryRepository(unit.session).agents(since, search.strip(), tag, archived=archived)

    def create(
        self, name: str, spec: AgentSpec, who: str, description: str = "", avatar: str = "", tags: Iterable[str] = ()
    ) -> Result[Agent]:
        """A new agent whose revision 1 is live."""
        file = AgentFile(name=name, description=description, avatar=avatar, tags=tuple(tags), spec=spec)
        with UnitOfWork(self._engine) as unit:
            return keep(unit, add_agent(unit, file, who))

    def templates(self) -> tuple[Template, ...]:
        return templates()

    def from_template(self, template_name: str, who: str) -> Result[Agent]:
        """An agent of one's own, under the template's title or the next free name like it."""
        template = next((template for template in templates() if template.name == template_name), None)
        if template is None:
            return Err("not_found", f"There is no template named {template_name}.")
        with UnitOfWork(self._engine) as unit:
            return keep(unit, add_agent(unit, template.as_file(free_name(unit, template.title)), who))

    def duplicate(self, agent_id: UUID, who: str) -> Result[Agent]:
        """A copy of the live revision and of the draft, without the history."""
        with UnitOfWork(self._engine) as unit:
            agent = AgentRepository(unit.session).get(agent_id)
            if agent is None:
                return GONE
            file = _file(agent, live_revision(unit, agent).spec, free_name(unit, f"{agent.name} copy"))
            copy = add_agent(unit, file, who)
            if isinstance(copy, Ok) and agent.draft is not None:
                copy = put_draft(unit, copy.value.id, agent.draft, who)
            return keep(unit, copy)

    def update_details(
        self,
        agent_id: UUID,
        who: str,
        name: str | None = None,
        description: str | None = None,
        avatar: str | None = None,
        tags: Iterable[str] | None = None,
    ) -> Result[Agent]:
        """What the agent is called and looks like; None leaves it as it is. No revision is made."""
        given = {"name": name, "description": description, "avatar": avatar}
        changes: dict[str, object] = {column: text.strip() for column, text in given.items() if text is not None}
        if tags is not None:
            changes["tags"] = clean_tags(tags)
        with UnitOfWork(self._engine) as unit:
            return keep(unit, AgentRepository(unit.session).update(agent_id, who, **changes))

    def spec(self, agent: Agent, revision: int | None = None) -> AgentSpec:
        """That revision, which has to exist; without a number the draft, or the live spec where there is no draft."""
        if revision is None:
            return agent.draft or self.live_spec(agent)
        found = self.revision(agent.id, revision)
        assert found is not None, f"agent {agent.id} has no revision {revision}"
        return found.spec

    def live_spec(self, agent: Agent) -> AgentSpec:
        with UnitOfWork(self._engine) as unit:
            return live_revision(unit, agent).spec

    def save_draft(self, agent_id: UUID, spec: AgentSpec, who: str) -> Result[Agent]:
        """Keep what a person is editing, right or wrong. A draft that equals the live spec is no draft."""
        with UnitOfWork(self._engine) as unit:
            return keep(unit, put_draft(unit, agent_id, spec, who))

    def discard_draft(self, agent_id: UUID, who: str) -> Result[Agent]:
        with UnitOfWork(self._engine) as unit:
            return keep(unit, AgentRepository(unit.session).update(agent_id, who, draft=None))

    def save_revision(self, agent_id: UUID, who: str, note: str = "") -> Result[Saved]:
        """Make the draft a revision, live unless its gate holds it. `invalid` says what is wrong with it."""
        with UnitOfWork(self._engine) as unit:
            return keep(unit, publish(unit, agent_id, None, who, note.strip()))

    def publish(self, agent_id: UUID, spec: AgentSpec, who: str, note: str = "") -> Result[Saved]:
        """The same with a spec that is not the draft, which stays. What is live already makes no revision."""
        with UnitOfWork(self._engine) as unit:
            return keep(unit, publish(unit, agent_id, spec, who, note.strip()))

    def revisions(self, agent_id: UUID) -> Revisions:
        """Newest first."""
        with UnitOfWork(self._engine) as unit:
            return AgentRevisionRepository(unit.session).list(agent_id)

    def next_number(self, agent_id: UUID) -> int:
        """What the next revision will be called."""
        with UnitOfWork(self._engine) as unit:
            newest = AgentRevisionRepository(unit.session).newest(agent_id)
        return newest.number + 1 if newest else 1

    def revision(self, agent_id: UUID, number: int) -> Revision | None:
        with UnitOfWork(self._engine) as unit:
            return AgentRevisionRepository(unit.session).get(agent_id, number)

    def restore(self, agent_id: UUID, number: int, who: str) -> Result[Agent]:
        """Make an old revision the draft; nothing is live before it is saved."""
        found = self.revision(agent_id, number)
        if found is None:
            return Err("not_found", f"There is no revision {number}.")
        return self.save_draft(agent_id, found.spec, who)

    def archive(self, agent_id: UUID, who: str, *, archived: bool = True) -> Result[Agent]:
        with UnitOfWork(self._engine) as unit:
            return keep(unit, AgentRepository(unit.session).update(agent_id, who, archived=archived))

    def export_yaml(self, agent_id: UUID, revision: int | None = None) -> Result[str]:
        """The file of a revision (default: the live one); a draft is never in it."""
        with UnitOfWork(self._engine) as unit:
            agent = AgentRepository(unit.session).get(agent_id)
            if agent is None:
                return GONE
            number = revision or agent.live_revision or 1
            found = AgentRevisionRepository(unit.session).get(agent_id, number)
            if found is None:
                return Err("not_found", f"{agent.name} has no revision {number}.", "revision")
            return Ok(to_yaml(agent, found.spec))

    def import_yaml(self, text: str, who: str) -> Result[Imported]:
        """Add the agent of a file, or bring the one of its name up to it; an archived agent is back then."""
        read = from_yaml(text)
        if isinstance(read, Err):
            return read
        with UnitOfWork(self._engine) as unit:
            return keep(unit, _import(unit, read.value, who))


def _file(agent: Agent, spec: AgentSpec, name: str) -> AgentFile:
    return AgentFile(name=name, description=agent.description, avatar=agent.avatar, tags=agent.tags, spec=spec)


def _import(unit: UnitOfWork, file: AgentFile, who: str) -> Result[Imported]:
    agents = AgentRepository(unit.session)
    agent = agents.by_name(file.name.strip(), lock=True)
    if agent is None:
        added = add_agent(unit, file, who)
        return added if isinstance(added, Err) else Ok(Imported(added.value, 1, is_new=True))
    saved = publish(unit, agent.id, file.spec, who, "Imported from a file")
    if isinstance(saved, Err):
        return saved
    details = {"description": file.description.strip(), "avatar": file.avatar.strip(), "tags": clean_tags(file.tags)}
    changed = agents.update(agent.id, who, archived=False, **details)
    if isinstance(changed, Err):
        return changed
    return Ok(Imported(changed.value, saved.value.revision.number, saved.value.is_new, saved.value.held))
