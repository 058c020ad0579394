"""What a task of a Hugging Face model takes and gives."""

from typing import Any, Literal

import msgspec

from core.domain.canonical import Json
from core.tools.files import Medium, says

OptionType = Literal["string", "integer", "number", "boolean", "array"]
Gives = Literal["picture", "sound", "video", "text", "rows", "vector"]
DRAWN: dict[Gives, str] = {"picture": "a picture", "sound": "a sound file", "video": "a video"}
"""What is a file, in words."""
Group = Literal["Pictures", "Sound", "Text", "Numbers"]


class Option(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One argument of a task, under the name that huggingface_hub gives it."""

    name: str
    type: OptionType = "string"
    says: str = ""
    needed: bool = False
    choices: tuple[str, ...] = ()
    medium: Medium | None = None
    """It names a file."""
    long: bool = False
    """A person wants several lines for it."""
    schema: dict[str, Json] = {}
    """More of its JSON Schema, in place of its type."""
    default: Json = None
    """What it is where nobody sets it."""
    label: str = ""
    """What people call it, where that is another name."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One task. `models`: well-known ones that its default provider serves; the first is offered."""

    name: str
    title: str
    group: Group
    says: str
    """What a model is told, until the person says it better."""
    stem: str
    """What its tool is called, until the person names it."""
    options: tuple[Option, ...]
    gives: Gives
    models: tuple[str, ...] = ()
    provider: str = "hf-inference"

    def option(self, name: str) -> Option | None:
        return next((one for one in self.options if one.name == name), None)


def property_of(option: Option) -> dict[str, Json]:
    """The JSON Schema of one argument."""
    if option.schema:
        return {**option.schema, **({"description": option.says} if option.says else {})}
    made: dict[str, Any] = {"type": option.type}
    if option.type == "array":
        made |= {"items": {"type": "string"}, "minItems": 1}
    if option.choices:
        made["enum"] = list(option.choices)
    if described := says(option.medium) if option.medium else option.says:
        made["description"] = described
    return made
