"""The messages a model is shown and what it answers: one type for model, journal and screen."""

from collections.abc import Iterable
from itertools import chain

import msgspec

from core.domain.attachment import Attachment
from core.domain.canonical import Json


class ToolCall(msgspec.Struct, frozen=True, omit_defaults=True):
    """The model's request to run a tool. `arguments` is its raw text, valid JSON or not."""

    id: str
    name: str
    arguments: str
    made_id: bool = False
    """The server sent no usable id, so one was made here."""
    extra: Json = None
    """Opaque `extra_content` of the provider; it goes back unchanged."""


class SystemMessage(msgspec.Struct, frozen=True, tag_field="role", tag="system"):
    content: str


class UserMessage(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="role", tag="user"):
    content: str
    attachments: tuple[Attachment, ...] = ()


class AssistantMessage(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="role", tag="assistant"):
    content: str = ""
    calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""


class ToolMessage(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="role", tag="tool"):
    content: str
    call_id: str
    name: str
    attachments: tuple[Attachment, ...] = ()
    """Files that the tool made: no model is given them, but a later call may name them."""


Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage


def attached(history: Iterable[Message], own: Iterable[Attachment]) -> list[Attachment]:
    """Every file of a conversation: those of earlier messages, then a run's own."""
    before = (message.attachments for message in history if isinstance(message, UserMessage))
    return [*chain.from_iterable(before), *own]


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the endpoint reported. Never estimated: an absent report is None where it is kept."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cost_usd: float | None = None
