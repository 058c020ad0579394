"""The bodies of a run's model requests, each message encoded once: a request is the one before it and what came since."""

from core.domain.state import RunState
from core.domain.wire import Envelope, message_bytes
from core.engine.transcript import opening, step_messages


class Requests:
    """Grows with one run's state. What it gives is what `request_body` makes of the whole transcript."""

    def __init__(self, state: RunState) -> None:
        self._compatibility = state.spec.endpoint.compatibility
        self._envelope = Envelope(state.spec)
        self._messages = [message_bytes(message, self._compatibility) for message in opening(state)]
        self._steps = 0

    def next(self, state: RunState) -> tuple[bytes, int]:
        """The body of the request that comes next, and the number of its messages.

        All steps that were answered have to be complete: their messages are not looked at again.
        """
        for step in state.steps[self._steps :]:
            if step.model.decision is None:
                break
            self._messages += [message_bytes(message, self._compatibility) for message in step_messages(step)]
            self._steps += 1
        return self._envelope.around(self._messages), len(self._messages)
