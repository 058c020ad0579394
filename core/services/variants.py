"""From a variant to what is run: its source looked up, its changes made."""

from typing import assert_never

import msgspec

from core.domain.agent import Agent, AgentSpec
from core.domain.result import Err, Ok, Result
from core.domain.variant import AdHocSpec, DraftSpec, SavedSpec, Source, Variant, variant_spec
from core.services.run_spec import AgentSource, StartRun


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """What a variant is now."""

    agent: Agent | None
    """None: a spec of its own."""
    revision: int | None
    """The agent's revision it comes from; None: a draft, or a spec of its own."""
    source: AgentSpec
    spec: AgentSpec
    """The source with the variant's changes: what is run."""

    @property
    def is_changed(self) -> bool:
        return self.spec != self.source


class VariantService:
    """Reads agents; changes nothing."""

    def __init__(self, agents: AgentSource) -> None:
        self._agents = agents

    def resolve(self, variant: Variant) -> Result[Resolved]:
        """`not_found` where the agent or the revision does not exist any more."""
        found = self._source(variant.source)
        if isinstance(found, Err):
            return found
        agent, revision, source = found.value
        spec = variant_spec(source, variant.changes)
        return Ok(Resolved(agent=agent, revision=revision, source=source, spec=spec))

    def _source(self, source: Source) -> Result[tuple[Agent | None, int | None, AgentSpec]]:
        match source:
            case AdHocSpec(spec=spec):
                return Ok((None, None, spec))
            case DraftSpec() | SavedSpec():
                agent = self._agents.get(source.agent_id)
                if agent is None:
                    return Err("not_found", "This agent does not exist any more.", "agent")
                return self._of_agent(agent, source)
            case _:
                assert_never(source)

    def _of_agent(
        self, agent: Agent, source: DraftSpec | SavedSpec
    ) -> Result[tuple[Agent | None, int | None, AgentSpec]]:
        if isinstance(source, DraftSpec) and agent.draft is not None:
            return Ok((agent, None, agent.draft))
        number = source.revision if isinstance(source, SavedSpec) else None
        if number is None:
            return Ok((agent, agent.live_revision, self._agents.live_spec(agent)))
        revision = self._agents.revision(agent.id, number)
        if revision is None:
            return Err("not_found", f"{agent.name} has no revision {number}.", "revision")
        return Ok((agent, number, revision.spec))


def start_of(resolved: Resolved, text: str) -> StartRun:
    """The start of a run of it. One without changes is a run of its revision, and is recorded as such."""
    agent_id = resolved.agent.id if resolved.agent else None
    if resolved.revision is not None and not resolved.is_changed:
        return StartRun(input=text, agent_id=agent_id, revision=resolved.revision)
    return StartRun(input=text, agent_id=agent_id, spec=resolved.spec)
