"""A Hugging Face task as a person set it up, and the tool that it is."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from core.clients.addresses import allowed_host
from core.clients.hub_task import OWN_PROVIDER
from core.domain.address import origin
from core.domain.canonical import Json
from core.domain.schema_check import complaints
from core.domain.spec_check import Problem
from core.domain.tool import NAME_PATTERN, ToolSpec
from core.tools.hub.task import Option, Task, property_of
from core.tools.hub.tasks import task_named
from core.tools.secrets import NAME_PATTERN as SECRET_PATTERN

HUB_SECRET = "HUGGING_FACE_AUTH_TOKEN"
MOST_SECONDS, MOST_BYTES = 900.0, 50_000_000
_MODEL = re.compile(r"[\w.-]+(?:/[\w.-]+)?")
_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*")


class HubTask(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="what", tag="task"):
    """The `definition` of a tool of the kind `hf` that is one request to a model of one task."""

    name: str = ""
    description: str = ""
    task: str = "text-to-image"
    model: str = ""
    provider: str = OWN_PROVIDER
    provider_model: str = ""
    """What the provider calls the model, as it was when the tool was made."""
    address: str = ""
    """A server of one's own that speaks the task, asked as it stands; then model and provider do not count."""
    secret: str = HUB_SECRET
    """Name of the secret that goes along; empty: none does."""
    fixed: dict[str, Json] = {}
    """Arguments that the person set; the model is not told of them."""
    offered: tuple[str, ...] = ()
    """Arguments that the task can do without and that the model may set all the same."""
    again: bool = True
    """Whether a call whose answer is lost may be made again unasked: it costs a second time."""
    seconds: float = 120.0
    answer_bytes: int = 20_000_000
    answer_chars: int = 20_000
    allow_hosts: tuple[str, ...] = ()


def problems(written: HubTask) -> tuple[Problem, ...]:
    """What keeps a definition from being a tool, in the order of a form."""
    return tuple(_problems(written))


def _problems(written: HubTask) -> Iterator[Problem]:
    task = task_named(written.task)
    if task is None:
        yield Problem("task", f"The task {written.task!r} is not known here.")
        return
    yield from _where(written)
    if not re.fullmatch(NAME_PATTERN, written.name):
        yield Problem("name", "The name has 1 to 64 letters, digits, hyphens and underscores.")
    if not written.description.strip():
        yield Problem("description", "Say what it does: the model chooses by it.")
    for name, value in written.fixed.items():
        yield from _fixed(task, name, value)
    if not (0 < written.seconds <= MOST_SECONDS and 1 <= written.answer_bytes <= MOST_BYTES):
        yield Problem("seconds", f"A call has at most {MOST_SECONDS:g} seconds and {MOST_BYTES // 1_000_000} MB.")


def _where(written: HubTask) -> Iterator[Problem]:
    if written.address:
        if not _ADDRESS.fullmatch(written.address):
            yield Problem("address", "The address begins with https:// or http://.")
    elif not written.model:
        yield Problem("model", "Choose a model.")
    elif not _MODEL.fullmatch(written.model) or ".." in written.model:
        yield Problem("model", "A model is named like owner/model.")
    if written.secret and not re.fullmatch(SECRET_PATTERN, written.secret):
        yield Problem("secret", "The name of a secret has letters, digits, dots, hyphens and underscores.")
    for host in written.allow_hosts:
        try:
            allowed_host(host)
        except ValueError as error:
            yield Problem("allow_hosts", str(error))


def _fixed(task: Task, name: str, value: Json) -> Iterator[Problem]:
    option = task.option(name)
    if option is None or option.medium:
        yield Problem("fixed", f"{name} cannot be set for this task.")
        return
    schema: dict[str, Json] = {"type": "object", "properties": {name: property_of(option)}}
    for complaint in complaints(schema, {name: value}):
        yield Problem("fixed", complaint)


def tool_of(written: HubTask) -> ToolSpec:
    """The tool, of a definition without problems. A model that draws or reads changes nothing in the world."""
    task = task_named(written.task)
    assert task is not None
    return ToolSpec(
        name=written.name,
        description=written.description.strip(),
        parameters=_schema([one for one in task.options if _is_told(one, written)]),
        kind="hf",
        effect="read",
        repeat="safe" if written.again else "never",
        time_limit_s=written.seconds,
        output_limit_chars=written.answer_chars,
        definition=msgspec.to_builtins(written),
    )


def _is_told(option: Option, written: HubTask) -> bool:
    if option.name in written.fixed:
        return False
    return option.needed or option.medium is not None or option.name in written.offered


def _schema(options: list[Option]) -> dict[str, Json]:
    properties: dict[str, Any] = {one.name: property_of(one) for one in options}
    required = [one.name for one in options if one.needed]
    schema: dict[str, Json] = {"type": "object", "properties": properties}
    return {**schema, **({"required": required} if required else {}), "additionalProperties": False}


def definition_of(tool: ToolSpec) -> HubTask:
    return msgspec.convert(tool.definition, HubTask)


def secret_places(tool: ToolSpec) -> dict[str, str]:
    """Where the secret of a tool goes, in words, by its name."""
    written = definition_of(tool)
    place = origin(written.address) if written.address else f"the provider {written.provider}"
    return {written.secret: f"header authorization, to {place}"} if written.secret else {}
