"""The settings of an endpoint where servers contradict each other, each with what it is for."""

from typing import Any

import msgspec

from core.domain.endpoint import Compatibility
from core.domain.result import Err, Ok, Result


class Setting(msgspec.Struct, frozen=True):
    """One field of `Compatibility`. Without `choices` it is on or off."""

    field: str
    title: str
    help: str
    choices: dict[str, str] = {}
    """What may be chosen, and its words for a person."""


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "stream",
        "Stream answers",
        "Answers appear word by word. Switch it off for a server that cannot stream, or that breaks tool calls in doing so.",
    ),
    Setting(
        "stream_options",
        "Ask for token counts while streaming",
        "Sends stream_options with include_usage. Most servers report no tokens without it; a few refuse the field.",
    ),
    Setting(
        "token_field",
        "Name of the token limit",
        "Most servers know max_tokens; OpenAI's reasoning models refuse it and want max_completion_tokens.",
        {"max_tokens": "max_tokens", "max_completion_tokens": "max_completion_tokens"},
    ),
    Setting(
        "content_beside_calls",
        "Content beside tool calls",
        "What a message that only calls tools is sent back with. The protocol says null; some servers refuse that and "
        "want an empty text.",
        {"null": "null", "empty": "empty text"},
    ),
    Setting(
        "name_on_tool_messages",
        "Tool's name on its answer",
        "Some servers find out by the name which tool an answer is of; others refuse a field that the protocol does not "
        "have there.",
    ),
    Setting(
        "reasoning_back",
        "Send earlier reasoning back",
        "Some reasoning models go on from what they thought before, and a few refuse to go on without it. For others it "
        "is text that is paid for twice.",
    ),
    Setting(
        "strict_schemas",
        "Strict tool schemas",
        "Marks every tool as strict: servers that know the word hold the model to the schema; others refuse it, or "
        "schemas with optional inputs.",
    ),
)


def changed(compatibility: Compatibility, field: str, text: str) -> Result[Compatibility]:
    """The settings with one of them as it was typed: one of its choices, or on or off."""
    setting = next((one for one in SETTINGS if one.field == field), None)
    if setting is None:
        known = ", ".join(one.field for one in SETTINGS)
        return Err("invalid", f"There is no compatibility setting {field}. There are: {known}.", field)
    choices: dict[str, Any] = {name: name for name in setting.choices} or {"on": True, "off": False}
    if text not in choices:
        return Err("invalid", f"{field} is {' or '.join(choices)}, not {text!r}.", field)
    return Ok(msgspec.structs.replace(compatibility, **{field: choices[text]}))


def differences(compatibility: Compatibility) -> tuple[str, ...]:
    """What was changed, as `field=value`."""
    given, usual = compatibility, Compatibility()
    fields = [one for one in SETTINGS if getattr(given, one.field) != getattr(usual, one.field)]
    return tuple(f"{one.field}={_written(getattr(given, one.field))}" for one in fields)


def _written(value: str | bool) -> str:
    return value if isinstance(value, str) else "on" if value else "off"
