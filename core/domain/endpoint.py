"""Where a model is served, and how that server wants to be spoken to."""

from typing import Literal
from uuid import UUID

import msgspec

EndpointKind = Literal["huggingface", "openai", "local", "demo"]


class Compatibility(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where servers contradict each other there is no right default, so each is a setting."""

    content_beside_calls: Literal["null", "empty"] = "null"
    """What stands as content of an assistant message that only has tool calls."""
    name_on_tool_messages: bool = False
    reasoning_back: bool = False
    """Send earlier reasoning back to the model."""
    stream: bool = True
    stream_options: bool = True
    """Ask for token counts at the end of a stream."""
    strict_schemas: bool = False
    token_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"


class EndpointLimits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How patient to be with a server, and how much to ask of it at once."""

    silence_s: float | None = None
    """Longest silence, before the first byte and between two; None: as the process is set."""
    concurrency: int | None = None
    """Requests under way at the same time, from all processes together; the others wait. None: any number."""
    requests_per_minute: int | None = None
    """Requests that begin within any 60 seconds, from all processes together; the others wait. None: any number."""

    @property
    def are_shared(self) -> bool:
        """Whether requests have to wait for those of other runs."""
        return self.concurrency is not None or self.requests_per_minute is not None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An endpoint as it is frozen into a run. `secret` names a secret; the value is never in here."""

    name: str
    kind: EndpointKind
    base_url: str = ""
    """As the person typed it; empty for `local` and `demo`, whose address changes with every start."""
    secret: str = ""
    model: str = ""
    """The default model; empty: the person has to choose one."""
    compatibility: Compatibility = Compatibility()
    limits: EndpointLimits = EndpointLimits()
    id: UUID | None = None
    """None: built in or from the environment, not a row of the table."""
