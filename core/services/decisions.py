"""What only a person can decide about a run: approve or deny a call, say what became of one."""

from collections.abc import Callable
from typing import Literal, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.arguments import BadArguments, check_arguments
from core.domain.event import Answered, Event, Fact, Settled
from core.domain.question import Say, answer_fault
from core.domain.result import Err, Ok, Result
from core.domain.state import CallState, RunState
from core.engine.state import fold
from core.repositories.journal import JournalRepository


class GoesOn(Protocol):
    def submit(self, run_id: UUID, events: list[Event] | None = None) -> None: ...

    def tell(self, run_id: UUID) -> None: ...


class DecisionService:
    """Every decision is written under the run's lock, so of two people exactly one decides.

    With `executor` the run goes on in this process at once; without it waits, queued, for one that executes.
    """

    def __init__(self, engine: Engine, executor: GoesOn | None) -> None:
        self._engine, self._executor = engine, executor

    def approve(
        self,
        run_id: UUID,
        call: str,
        who: str,
        *,
        shown: str = "",
        arguments: str = "",
        scope: Literal["call", "conversation"] = "call",
    ) -> Result[Event]:
        """Let a call that waits be executed, once.

        `call`: the effect (`2.0`) or the provider's id of the call. `shown`: the hash of what the person saw;
        when something else waits now, the approval does not count. `arguments`: JSON text, as edited; where the call
        is under way and asks something, the answer.
        """

        def make(state: RunState, found: CallState) -> Fact | Err:
            if state.question_of(found):
                return _word(
                    state, found, Answered(effect=found.effect, say="approve", shown=shown, who=who), arguments
                )
            if refused := _not_asked(state, found):
                return refused
            assert found.asked is not None
            if shown and shown != found.asked.shown:
                return Err("conflict", "What waits now is not what was shown. Look again, then decide.")
            if arguments and (bad := _bad_arguments(found, arguments)):
                return bad
            answered = Answered(
                effect=found.effect, say="approve", shown=found.asked.shown, arguments=arguments, who=who
            )
            return _for_conversation(answered, found) if scope == "conversation" else answered

        return self._decide(run_id, call, make)

    def deny(self, run_id: UUID, call: str, who: str, reason: str = "") -> Result[Event]:
        """Refuse a call that waits; the model is told, with the reason. Or what a call under way asks for."""

        def make(state: RunState, found: CallState) -> Fact | Err:
            if state.question_of(found):
                return _word(state, found, Answered(effect=found.effect, say="deny", reason=reason, who=who))
            shown = found.asked.shown if found.asked else ""
            denied = Answered(effect=found.effect, say="deny", shown=shown, reason=reason, who=who)
            return _not_asked(state, found) or denied

        return self._decide(run_id, call, make)

    def answer(self, run_id: UUID, call: str, say: Say, who: str, *, shown: str, content: str = "") -> Result[Event]:
        """Answer what the server of a call under way asks. `content`: the form's values as JSON text, of an approval."""

        def make(state: RunState, found: CallState) -> Fact | Err:
            return _word(state, found, Answered(effect=found.effect, say=say, shown=shown, who=who), content)

        return self._decide(run_id, call, make)

    def settle(
        self, run_id: UUID, call: str, how: Literal["happened", "run_again", "skip"], who: str, output: str = ""
    ) -> Result[Event]:
        """Say what became of a call whose outcome is unknown. `output`: its result, where it happened."""

        def make(_: RunState, found: CallState) -> Fact | Err:
            if not found.unknown:
                return Err("conflict", f"The outcome of call {found.effect} is not unknown.", "call")
            return Settled(effect=found.effect, how=how, output=output, who=who)

        return self._decide(run_id, call, make)

    def _decide(self, run_id: UUID, call: str, make: Callable[[RunState, CallState], Fact | Err]) -> Result[Event]:
        problem: list[Err] = []

        def fact(events: list[Event]) -> Fact | None:
            state = fold(events)
            found = _found(state, call)
            made = make(state, found) if isinstance(found, CallState) else found
            if isinstance(made, Err):
                problem.append(made)
                return None
            return made

        with UnitOfWork(self._engine) as unit:
            event = JournalRepository(unit.session.connection()).write_outside(run_id, fact)
            unit.commit()
        if event is None:
            return problem[0] if problem else Err("not_found", "There is no such run.")
        if self._executor is not None:
            self._executor.tell(run_id)
            self._executor.submit(run_id)
        return Ok(event)


def _word(state: RunState, call: CallState, word: Answered, content: str = "") -> Answered | Err:
    """A person's word on what a call under way asks, where it is what they were shown and fits the form."""
    asked = state.question_of(call)
    if asked is None or asked.question is None:
        return Err("conflict", f"Call {call.effect} does not ask anything (any more).", "call")
    if word.shown and word.shown != asked.shown:
        return Err("conflict", "What is asked now is not what was shown. Look again, then answer.")
    if word.say == "approve" and (fault := answer_fault(asked.question, content)):
        return Err("invalid", fault, "arguments")
    return msgspec.structs.replace(word, shown=asked.shown, arguments=content if word.say == "approve" else "")


def _for_conversation(answered: Answered, call: CallState) -> Answered:
    """The approval holds for the tool as it is defined now; a changed definition asks again."""
    assert call.tool is not None
    return msgspec.structs.replace(
        answered, scope="conversation", tool=call.tool.name, schema_hash=call.tool.schema_hash()
    )


def _found(state: RunState, call: str) -> CallState | Err:
    calls = [one for step in state.steps for one in step.calls]
    found = [one for one in calls if one.effect == call] or [one for one in calls if one.call.id == call]
    if len(found) == 1:
        return found[0]
    if found:
        effects = ", ".join(one.effect for one in found)
        return Err("conflict", f"Several calls have the id {call}: name one of {effects}.", "call")
    return Err("not_found", f"The run has no call {call}.", "call")


def _not_asked(state: RunState, call: CallState) -> Err | None:
    if state.ended is not None:
        return Err("conflict", "The run has ended; nothing waits any more.")
    if state.status_of(call) != "asked":
        return Err("conflict", f"Call {call.effect} does not wait for an approval (any more).", "call")
    return None


def _bad_arguments(call: CallState, arguments: str) -> Err | None:
    if call.tool is None:
        return Err("conflict", f"Call {call.effect} names no tool.", "call")
    checked = check_arguments(call.tool, arguments)
    return Err("invalid", checked.reason, "arguments") if isinstance(checked, BadArguments) else None
