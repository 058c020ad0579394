"""Runs that are tool calls of other runs: begun once, within what their caller has left."""

import asyncio
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.called import called_run_id
from core.domain.event import Claimed, Created
from core.domain.result import Err, Result
from core.domain.run import ENDED, RunSpec
from core.domain.tool import Caller
from core.engine.feed import Feed
from core.engine.state import fold
from core.errors import Fault, FaultError
from core.repositories.journal import JournalRepository
from core.repositories.runs import RunRepository
from core.services.run_row import clean, run_row
from core.services.run_spec import SpecBuilder, StartRun
from core.services.runs import Executor, RunService
from core.tools.agent.definition import AgentTool
from core.tools.agent.executor import Outcome

_LOOK_AGAIN_S = 1.0

T = TypeVar("T")
N = TypeVar("N", int, float)


class CalledRunService:
    """A `CalledRuns` of the tools. A call's run has an id that follows from the call: nobody can begin it twice."""

    def __init__(
        self,
        engine: Engine,
        specs: SpecBuilder,
        feed: Feed,
        executor: Executor,
        runs: RunService,
        owner: str,
        *,
        lease_s: float,
        code: str,
    ) -> None:
        self._engine, self._specs, self._feed, self._executor = engine, specs, feed, executor
        self._runs, self._owner, self._lease_s, self._code = runs, owner, lease_s, code

    def begin(self, caller: Caller, agent: AgentTool, message: str, variables: dict[str, str]) -> UUID:
        """Adopt the call's run, or begin it. Raises `FaultError`."""
        run_id = called_run_id(caller.run_id, caller.effect, caller.began_at)
        if known := self._runs.get(run_id):
            if known.status not in ENDED:
                self._executor.submit(run_id)  # its worker may have died with its caller's
            return run_id
        calling = self._runs.get(caller.run_id)
        start = StartRun(
            run_id=run_id,
            input=message,
            kind="call",
            agent_id=agent.agent_id,
            revision=agent.revision,
            variables=variables,
            who=calling.created_by if calling else "",
        )
        self._begin(start, caller)
        return run_id

    async def rest(self, run_id: UUID) -> None:
        with self._feed.watch(run_id, asyncio.get_running_loop()) as watch:
            while True:
                run = await asyncio.to_thread(self._runs.get, run_id)
                if run is None or run.status in ENDED:
                    return
                await watch.news(_LOOK_AGAIN_S)

    def outcome(self, run_id: UUID) -> Outcome:
        state = fold(self._runs.events(run_id))
        assert state.ended is not None
        error = state.ended.error
        return Outcome(
            status=state.ended.status,
            text=state.ended.output,
            reason=f"The agent did not finish: {error.message}" if error else "",
            usage=state.totals.usage,
            calls=state.totals.calls_executed,
        )

    def is_stopped(self, run_id: UUID) -> bool:
        return fold(self._runs.events(run_id)).cancelled

    def stop(self, run_id: UUID, reason: str) -> None:
        self._runs.cancel(run_id, reason=reason)

    def _begin(self, start: StartRun, caller: Caller) -> None:
        chosen = _given(self._specs.choose(start))
        spec = _within(_given(self._specs.freeze(chosen.spec, start.variables, ())), caller)
        run = msgspec.structs.replace(
            run_row(start, chosen, spec, None, self._owner), caller_run_id=caller.run_id, caller_effect=caller.effect
        )
        facts = (Created(spec=spec, input=clean(start.input)), Claimed(by=self._owner, code=self._code))
        with UnitOfWork(self._engine) as unit:
            journal = JournalRepository(unit.session.connection())
            if not journal.may_call(caller.run_id):
                raise FaultError(Fault("cancelled", "The run that called it was stopped."))
            if RunRepository(unit.session).get(run.id) is not None:
                return
            events = journal.create(run, facts, self._lease_s)
            unit.commit()
        self._executor.submit(run.id, events)


def _given(result: Result[T]) -> T:
    if isinstance(result, Err):
        raise FaultError(Fault("tool_failed", f"The agent cannot be called: {result.message}"))
    return result.value


def _within(spec: RunSpec, caller: Caller) -> RunSpec:
    """The spec, with no more than its caller has left."""
    own = spec.limits
    limits = msgspec.structs.replace(
        own,
        calls=min(own.calls, caller.calls),
        tokens=_least(own.tokens, caller.tokens),
        cost_usd=_least(own.cost_usd, caller.cost_usd),
    )
    return msgspec.structs.replace(spec, limits=limits, depth=caller.depth + 1, tool_mode=caller.tool_mode)


def _least(own: N | None, left: N | None) -> N | None:
    given = [limit for limit in (own, left) if limit is not None]
    return min(given) if given else None
