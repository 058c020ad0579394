"""What a comparison that begins with a run takes over from it."""

from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.agent import AgentSpec
from core.domain.attachment import Attachment
from core.domain.result import Err, Ok, Result
from core.domain.run import Run, RunSpec
from core.domain.tool import ToolChoice
from core.domain.variant import AdHocSpec, SavedSpec, Variant, changes_between
from core.engine.state import fold
from core.repositories.journal import JournalRepository
from core.repositories.runs import RunRepository
from core.services.variants import VariantService


class Started(msgspec.Struct, frozen=True):
    """A run as the beginning of a comparison."""

    variant: Variant
    input: str
    attachments: tuple[Attachment, ...]


class Origin:
    """Reads a run; changes nothing."""

    def __init__(self, engine: Engine, variants: VariantService) -> None:
        self._engine, self._variants = engine, variants

    def of(self, run_id: UUID) -> Result[Started]:
        with UnitOfWork(self._engine) as unit:
            run = RunRepository(unit.session).get(run_id)
            events = JournalRepository(unit.session.connection()).read(run_id)
        if run is None or not events:
            return Err("not_found", "There is no such run.")
        state = fold(events)
        if state.by_hand:
            return Err(
                "invalid", "This run is a tool tried by hand: no model answered, so there is nothing to compare."
            )
        return Ok(Started(self._variant(run, state.spec), state.input, state.attachments))

    def _variant(self, run: Run, frozen: RunSpec) -> Variant:
        """The run's revision; else its agent with what the run had otherwise; else the spec it ran on."""
        ran = Variant(source=AdHocSpec(spec=spec_of(frozen)))
        if run.agent_id is None:
            return ran
        saved = Variant(source=SavedSpec(agent_id=run.agent_id, revision=run.revision))
        resolved = self._variants.resolve(saved)
        if isinstance(resolved, Err) or resolved.value.spec.variables:
            return ran  # the values that filled the prompt are part of it by now
        if run.revision is not None:
            return saved
        return Variant(source=saved.source, changes=changes_between(resolved.value.spec, spec_of(frozen)))


def spec_of(frozen: RunSpec) -> AgentSpec:
    """A frozen spec as one that can be edited: names in the place of what they stood for."""
    return AgentSpec(
        instructions=frozen.instructions,
        endpoint=frozen.endpoint.name,
        model=frozen.model,
        provider=frozen.provider,
        parameters=frozen.parameters,
        tools=tuple(ToolChoice(tool.name, tool.policy, tool.fixed) for tool in frozen.tools),
        limits=frozen.limits,
        retry=frozen.retry,
    )
