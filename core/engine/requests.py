"""The bodies of a run's model requests: each is the one before it and what came since, encoded and hashed once.

A run of many steps sends its beginning again and again; to encode and hash that every time would cost the square
of its steps.
"""

import hashlib
from typing import NamedTuple

from core.domain.attachment import NOTHING, Contents
from core.domain.state import RunState
from core.domain.wire import Envelope, message_bytes
from core.engine.transcript import opening, step_messages


class Body(NamedTuple):
    """One request's bytes, their hash in hexadecimal digits, and the number of its messages."""

    content: bytes
    sha256: str
    messages: int


class Requests:
    """Grows with one run's state. What it gives is what `request_body` makes of the whole transcript."""

    def __init__(self, state: RunState, contents: Contents = NOTHING) -> None:
        """`contents`: of the files that the run's messages name."""
        self._compatibility = state.spec.endpoint.compatibility
        self._envelope = Envelope(state.spec)
        self._begun = bytearray(self._envelope.before)
        self._hash = hashlib.sha256(self._begun)
        self._messages = self._steps = 0
        for message in opening(state):
            self._add(message_bytes(message, self._compatibility, contents))

    def next(self, state: RunState) -> Body:
        """The body of the request that comes next.

        All steps that were answered have to be complete: their messages are not looked at again.
        """
        for step in state.steps[self._steps :]:
            if step.model.decision is None:
                break
            for message in step_messages(step):
                self._add(message_bytes(message, self._compatibility))
            self._steps += 1
        digest = self._hash.copy()
        digest.update(self._envelope.after)
        return Body(b"".join((self._begun, self._envelope.after)), digest.hexdigest(), self._messages)

    def _add(self, message: bytes) -> None:
        piece = b",%b" % message if self._messages else message
        self._begun += piece
        self._hash.update(piece)
        self._messages += 1
