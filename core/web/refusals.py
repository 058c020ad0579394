"""What callers over HTTP are told when there is no answer: OpenAI's error object with the right status."""

from typing import Final

import msgspec
from starlette.responses import JSONResponse

from core.domain.canonical import Json
from core.domain.result import Err, ErrKind
from core.domain.run import Run
from core.domain.state import RunState
from core.errors import AryabhattaError, Fault, FaultKind

_TYPES: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_STATUS: Final[dict[ErrKind, int]] = {
    "not_found": 404,
    "conflict": 409,
    "invalid": 400,
    "refused": 400,
    "unavailable": 503,
}
_CODES: Final[dict[ErrKind, str]] = {
    "not_found": "model_not_found",
    "conflict": "idempotency_key_reused",
    "invalid": "invalid_request",
    "refused": "unsupported_parameter",
    "unavailable": "agent_not_ready",
}
_OF_FAULT: Final[dict[FaultKind, int]] = {
    "bad_request": 400,
    "unsupported": 400,
    "rate_limited": 503,
    "model_loading": 503,
    "timeout": 504,
    "time_limit": 504,
    "step_limit": 422,
    "token_limit": 422,
    "cost_limit": 422,
    "size_limit": 422,
    "cancelled": 409,
    "interrupted": 500,
    "internal": 500,
}
"""Of a run that failed; every other kind is a fault of what stands behind the agent: 502."""
_OURS: Final[dict[FaultKind, str]] = {
    "auth": "The model server refuses the credential of this agent. Its owner has to set that right.",
    "payment_required": "The account behind this agent has run out. Its owner has to set that right.",
}
"""What a model server said to the agent's owner is not for callers."""
ONCE: Final = {"x-should-retry": "false"}
"""Tells OpenAI's client not to send the request again unasked: it would be another run."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A status and the error object that goes with it."""

    status: int
    message: str
    code: str
    param: str | None = None
    headers: dict[str, str] = {}
    run: Run | None = None

    def body(self) -> dict[str, Json]:
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return {"error": error | ({} if self.run is None else run_link(self.run))}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body(), self.status, self.headers)


class Refusal(AryabhattaError):
    """A request that is answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def run_link(run: Run) -> dict[str, str]:
    """Where a person who is signed in finds the run."""
    return {"run_id": str(run.id), "run_url": f"/run?run={run.id}"}


def of_err(error: Err) -> Problem:
    return Problem(
        status=_STATUS[error.kind],
        message=error.message,
        code=_CODES[error.kind],
        param=error.field or None,
        headers=ONCE if error.kind != "unavailable" else {},
    )


def no_answer(run: Run, state: RunState) -> Problem:
    """Of a run that rests without an answer: it waits for a person, or failed."""
    if state.ended is None:
        why = (
            "unknown_outcome" if any(call.unknown for step in state.steps for call in step.calls) else "needs_approval"
        )
        return Problem(status=409, message=_WAITING[why], code=why, headers=ONCE, run=run)
    fault = state.ended.error or Fault("cancelled", "The run was stopped.")
    retry = {} if fault.retry_after_s is None else {"retry-after": str(round(fault.retry_after_s))}
    status = _OF_FAULT.get(fault.kind, 502)
    return Problem(status=status, message=in_our_words(fault), code=fault.kind, headers=ONCE | retry, run=run)


def in_our_words(fault: Fault) -> str:
    return _OURS.get(fault.kind, fault.message)


def lost_sight(run: Run) -> Problem:
    """The run goes on; this process cannot see it."""
    said = "The database does not answer at the moment. The run is not lost: ask again with the same Idempotency-Key."
    return Problem(status=503, message=said, code="unavailable", headers=ONCE, run=run)


def stopping(run: Run) -> Problem:
    said = "This server was told to stop. The run goes on when it starts again: ask with the same Idempotency-Key."
    return Problem(status=503, message=said, code="unavailable", headers=ONCE, run=run)


_WAITING: Final = {
    "needs_approval": "The agent waits for a person to approve a call. It goes on when they did; ask again with the "
    "same Idempotency-Key, or follow the run.",
    "unknown_outcome": "Nobody can say whether a call of the agent happened. It waits for a person to settle that; ask "
    "again with the same Idempotency-Key, or follow the run.",
}
