"""What calls under way ask a person: on its way into the journal, and the answer on its way back to the call."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from core.domain.canonical import content_hash
from core.domain.event import Answered, Asked, Fact
from core.domain.question import PersonSaid, Question, content_of
from core.domain.state import RunState

ANSWER_S = 600.0
"""How long a person is given."""
_NOBODY_CAME = f"Nobody answered within {ANSWER_S / 60:g} minutes."


class Questions:
    """Of one run. A call gets its answer when that is durable, whoever wrote it: it never knows more than the journal.

    `nobody` says why no person can be asked; then each question is declined at once, and both are recorded.
    """

    def __init__(self, now: Callable[[], datetime], wake: Callable[[], None], nobody: str) -> None:
        self._now, self._wake, self._nobody = now, wake, nobody
        self._facts: list[Asked | Answered] = []
        self._waiting: dict[str, asyncio.Future[Answered]] = {}

    async def ask(self, place: tuple[str, str, int], question: Question) -> PersonSaid:
        """Called by a call's own task. `place`: run, effect and attempt."""
        until = self._now() + timedelta(seconds=ANSWER_S)
        shown = content_hash([*place, until.isoformat(), question])
        self._say(Asked(effect=place[1], why="input", shown=shown, question=question, until=until))
        answer = self._waiting[shown] = asyncio.get_running_loop().create_future()
        try:
            answered = await self._answer(place[1], shown, answer)
        finally:
            del self._waiting[shown]
        return PersonSaid(answered.say, content_of(answered.arguments))

    async def _answer(self, effect: str, shown: str, answer: "asyncio.Future[Answered]") -> Answered:
        if self._nobody:
            self._say(Answered(effect=effect, say="deny", shown=shown, reason=self._nobody))
        try:
            async with asyncio.timeout(ANSWER_S):
                return await asyncio.shield(answer)
        except TimeoutError:
            self._say(Answered(effect=effect, say="cancel", shown=shown, reason=_NOBODY_CAME))
            return await answer

    def _say(self, fact: Asked | Answered) -> None:
        self._facts.append(fact)
        self._wake()

    def take(self) -> list[Asked | Answered]:
        """What is to be recorded."""
        facts, self._facts = self._facts, []
        return facts

    def hand_over(self, state: RunState) -> None:
        """Give each answer that stands in the journal to the call that waits for it."""
        for shown, answer in self._waiting.items():
            if (found := answer_in(state, shown)) is not None and not answer.done():
                answer.set_result(found)


def answer_in(state: RunState, shown: str) -> Answered | None:
    """A person's word on a question of the step that is under way."""
    calls = state.steps[-1].calls if state.steps else []
    inquiries = (one for call in calls for attempt in call.attempts for one in attempt.inquiries)
    return next((one.answered for one in inquiries if one.asked.shown == shown), None)


def is_moot(state: RunState, fact: Fact) -> bool:
    """Whether an outcome or a word came too late: its effect has another by now, or the question its answer."""
    if getattr(fact, "effect", None) not in state.in_flight:
        return True
    return isinstance(fact, Answered) and answer_in(state, fact.shown) is not None
