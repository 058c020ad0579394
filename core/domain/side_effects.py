"""What a run did to the world: the calls that cannot be taken back by leaving its branch."""

from collections import Counter
from collections.abc import Iterable

from core.domain.state import CallState, RunState


def changed_the_world(call: CallState) -> bool:
    """Whether the call was started and its tool changes something. Results taken over from another run do not count."""
    return call.tool is not None and call.tool.effect == "write" and bool(call.attempts)


def side_effects(states: Iterable[RunState]) -> Counter[str]:
    """How often each tool that changes the world was started, by its name. One with an unknown outcome counts."""
    calls = (call for state in states for step in state.steps for call in step.calls)
    return Counter(call.call.name for call in calls if changed_the_world(call))
