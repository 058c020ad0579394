"""A model request as it went over the wire, rebuilt from the journal and checked against the hash recorded there."""

import hashlib
from collections.abc import Sequence

import msgspec

from core.domain.attachment import Contents
from core.domain.event import Decision, Event, Finished
from core.domain.result import Err, Ok, Result
from core.domain.state import ModelCall, RunState
from core.domain.wire import request_body
from core.engine.transcript import transcript
from core.errors import NotStored


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One model request as it went over the wire, rebuilt from the journal."""

    body: bytes
    sha256: str
    """As recorded before the request left."""
    verified: bool
    """Whether the rebuilt bytes have that hash."""
    url: str


def sent_request(
    state: RunState, events: Sequence[Event], contents: Contents, step: int, attempt: int | None = None
) -> Result[Sent]:
    """The request of a model step (default: its last attempt)."""
    if not 1 <= step <= len(state.steps):
        return Err("not_found", f"The run has no step {step}.", "step")
    call = state.steps[step - 1].model
    tries = [one for one in call.attempts if attempt in {None, one.number}]
    if not tries or tries[-1].request is None:
        return Err("not_found", f"Step {step} has no attempt {attempt}.", "attempt")
    try:
        body = request_body(state.spec, transcript(state, before_step=step), contents)
    except NotStored as error:
        return Err("not_found", f"The request cannot be rebuilt: {error}")
    recorded = tries[-1].request.sha256
    verified = hashlib.sha256(body).hexdigest() == recorded
    return Ok(Sent(body=body, sha256=recorded, verified=verified, url=_url(events, call, tries[-1].number)))


def _url(events: Sequence[Event], call: ModelCall, attempt: int) -> str:
    """Where the attempt went, as its outcome recorded it; empty while it is under way."""
    for event in events:
        match event.fact:
            case Decision(effect=effect, attempt=number, exchange=exchange) if (effect, number) == (
                call.effect,
                attempt,
            ):
                return exchange.url
            case Finished(effect=effect, attempt=number, exchange=exchange) if (effect, number) == (
                call.effect,
                attempt,
            ):
                return exchange.url if exchange else ""
    return ""
