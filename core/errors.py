"""What can go wrong, split by what the caller should do about it.

A `Fault` is a value: it is journaled, shown and printed. An exception carries one where a call
cannot return. The kinds are a contract of the command line; their wording for people lives in
`pages/components/words.py` and `core/cli/words.py`, nowhere else.
"""

from typing import Literal

import msgspec

FaultKind = Literal[
    "auth",
    "payment_required",
    "not_found",
    "rate_limited",
    "model_loading",
    "bad_request",
    "server_error",
    "connection",
    "timeout",
    "stream_incomplete",
    "stream_malformed",
    "stream_error",
    "empty_response",
    "truncated",
    "content_filter",
    "tool_unknown",
    "tool_args_invalid",
    "tool_failed",
    "tool_drift",
    "step_limit",
    "token_limit",
    "time_limit",
    "cost_limit",
    "size_limit",
    "unsupported",
    "cancelled",
    "interrupted",
    "internal",
]


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One failure, in the words of whoever reported it (`message` is untrusted text)."""

    kind: FaultKind
    message: str
    status: int | None = None
    retry_after_s: float | None = None

    @property
    def is_misfit(self) -> bool:
        """llama.cpp's HTTP 500 for what its model wrote: neither an answer nor a call as its template shows them."""
        return "output that does not match the expected" in self.message


class AryabhattaError(Exception):
    """The root of every error this project raises on purpose."""


class FaultError(AryabhattaError):
    """A failure that becomes an entry of a journal or a line for a person."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.kind}: {fault.message}")
        self.fault = fault


class OutcomeUnknown(AryabhattaError):
    """A call was sent and its answer is lost: it may or may not have happened, so nobody repeats it unasked."""


class Fenced(AryabhattaError):
    """Another worker owns the run: stop at once, write nothing, start nothing."""


class Moved(AryabhattaError):
    """Somebody (a person, a service) wrote to the run's journal first: read on, then decide again."""


class NotStored(AryabhattaError):
    """A file that a journal names is gone; the message says which."""


class Unavailable(AryabhattaError):
    """The database or a service this process needs does not answer; the message says which and what to do."""


class ConfigurationError(AryabhattaError):
    """A setting is missing or wrong; the message names it and says how to set it."""


class NotAllowed(AryabhattaError):
    """Whoever asks may not do this; the message says who may, or that nobody is signed in."""
