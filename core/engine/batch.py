"""What is written of a run in one commit. Pure."""

from collections.abc import Sequence

from core.domain.event import Ended, Event
from core.domain.journal import Batch
from core.domain.run import RunStatus
from core.domain.state import RunState


def batch_of(state: RunState, events: Sequence[Event], status: RunStatus | None) -> Batch:
    """These entries as the next of the run; `status`: in which its worker lets go of it."""
    ended = next((event.fact for event in events if isinstance(event.fact, Ended)), None)
    return Batch(
        run_id=state.run_id,
        epoch=state.epoch,
        events=tuple(events),
        first_seq=events[0].seq if events else state.next_seq,
        head=events[-1].hash if events else state.head,
        status=status,
        totals=state.totals if status else None,
        output=ended.output if ended else None,
        error=ended.error if ended else None,
    )
