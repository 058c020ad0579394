"""One request to a model and what came back: the values that cross the port between engine and client."""

import msgspec

from core.domain.endpoint import Endpoint
from core.domain.event import Exchange
from core.domain.message import ToolCall, Usage
from core.errors import Fault


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`body` goes over the wire byte for byte as it stands here: its hash is already in the journal."""

    endpoint: Endpoint
    model: str
    body: bytes
    key: str = ""
    """`run/effect`, for logs; never sent."""
    time_limit_s: float | None = None
    """Longest time the whole exchange may take; None: only the endpoint's silence limits count."""


class Delta(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece of an answer as it streams. Both texts append."""

    text: str = ""
    reasoning: str = ""
    waiting: str = ""
    """Why nothing comes yet, for a person; holds until the next piece."""


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The assembled answer. With a `fault` it is what had come until then: shown, never acted upon."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish_reason: str = ""
    usage: Usage | None = None
    notes: tuple[str, ...] = ()
    exchange: Exchange = Exchange()
    fault: Fault | None = None
