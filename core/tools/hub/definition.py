"""A Hugging Face task as a person set it up, and the tool that it is."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from core.clients.addresses import allowed_host
from core.clients.hub_task import OWN_PROVIDER
from core.domain.address import origin
from core.domain.canonical import Json
from core.domain.schema_check import complaints
from core.domain.spec_check import Problem
from core.domain.tool import NAME_PATTERN, ToolEffect, ToolSpec
from core.tools.hub.task import Option, property_of
from core.tools.hub.tasks import task_named
from core.tools.secrets import NAME_PATTERN as SECRET_PATTERN

HUB_SECRET = "HUGGING_FACE_AUTH_TOKEN"
MOST_SECONDS, MOST_BYTES = 900.0, 50_000_000
_MODEL = re.compile(r"[\w.-]+(?:/[\w.-]+)?")
_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*")
_HUB = re.compile(r"https://([a-z0-9-]+\.)*huggingface\.co(:443)?([/?#]\S*)?", re.IGNORECASE)
_SPACE = re.compile(r"https://[a-z0-9-]+\.hf\.space(:443)?([/?#]\S*)?", re.IGNORECASE)


class HubTool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What tasks and Spaces have alike."""

    name: str = ""
    description: str = ""
    address: str = ""
    secret: str = ""
    """Name of the secret that goes along; empty: none does."""
    fixed: dict[str, Json] = {}
    """Arguments that the person set; the model is not told of them."""
    offered: tuple[str, ...] = ()
    """Arguments that it can do without and that the model may set all the same."""
    again: bool = True
    """Whether a call whose answer is lost may be made again unasked: it costs a second time."""
    seconds: float = 120.0
    answer_bytes: int = 20_000_000
    answer_chars: int = 20_000
    allow_hosts: tuple[str, ...] = ()


class HubTask(HubTool, frozen=True, kw_only=True, omit_defaults=True, tag_field="what", tag="task"):
    """The `definition` of a tool of the kind `hf` that is one request to a model of one task.

    `address` is a server of one's own, asked as it stands; then model and provider do not count.
    """

    task: str = "text-to-image"
    model: str = ""
    provider: str = OWN_PROVIDER
    provider_model: str = ""
    """What the provider calls the model, as it was when the tool was made."""
    secret: str = HUB_SECRET


def problems(written: HubTask) -> tuple[Problem, ...]:
    """What keeps a definition from being a tool, in the order of a form."""
    return tuple(_problems(written))


def _problems(written: HubTask) -> Iterator[Problem]:
    task = task_named(written.task)
    if task is None:
        yield Problem("task", f"The task {written.task!r} is not known here.")
        return
    yield from _where(written)
    yield from shared_problems(written, task.options)


def token_problem(written: HubTool, url: str) -> str:
    """Why the token of Hugging Face may not go to an address with this tool; empty: it may, or another secret does.

    Before a Space the token is taken out of the request, so it may go there; a task's server would read it.
    """
    is_theirs = _HUB.fullmatch(url) or (_SPACE.fullmatch(url) and not isinstance(written, HubTask))
    if written.secret != HUB_SECRET or is_theirs:
        return ""
    return (
        f"The token of Hugging Face goes to Hugging Face alone, not to {origin(url)}. "
        "Keep the key of this server as a secret of its own, or choose none."
    )


def shared_problems(written: HubTool, options: Iterable[Option]) -> Iterator[Problem]:
    """What is wrong with the parts that tasks and Spaces have alike."""
    if written.secret and not re.fullmatch(SECRET_PATTERN, written.secret):
        yield Problem("secret", "The name of a secret has letters, digits, dots, hyphens and underscores.")
    if written.address and (problem := token_problem(written, written.address)):
        yield Problem("secret", problem)
    for host in written.allow_hosts:
        try:
            allowed_host(host)
        except ValueError as error:
            yield Problem("allow_hosts", str(error))
    if not re.fullmatch(NAME_PATTERN, written.name):
        yield Problem("name", "The name has 1 to 64 letters, digits, hyphens and underscores.")
    if not written.description.strip():
        yield Problem("description", "Say what it does: the model chooses by it.")
    known = {one.name: one for one in options}
    for name, value in written.fixed.items():
        yield from _fixed(known.get(name), name, value)
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


def _fixed(option: Option | None, name: str, value: Json) -> Iterator[Problem]:
    if option is None or option.medium:
        yield Problem("fixed", f"{name} cannot be set here.")
        return
    schema: dict[str, Json] = {"type": "object", "properties": {name: property_of(option)}}
    for complaint in complaints(schema, {name: value}):
        yield Problem("fixed", complaint)


def tool_of(written: HubTask) -> ToolSpec:
    """The tool, of a definition without problems. A model that draws or reads changes nothing in the world."""
    task = task_named(written.task)
    assert task is not None
    return spec_of(written, task.options, "read")


def spec_of(written: HubTool, options: Iterable[Option], effect: ToolEffect) -> ToolSpec:
    """The tool that agents use, with the arguments that the model is told of."""
    return ToolSpec(
        name=written.name,
        description=written.description.strip(),
        parameters=_schema([one for one in options if _is_told(one, written)]),
        kind="hf",
        effect=effect,
        repeat="safe" if written.again else "never",
        time_limit_s=written.seconds,
        output_limit_chars=written.answer_chars,
        definition=msgspec.json.decode(msgspec.json.encode(written)),
    )


def _is_told(option: Option, written: HubTool) -> bool:
    if option.name in written.fixed:
        return False
    return option.needed or option.name in written.offered


def _schema(options: list[Option]) -> dict[str, Json]:
    properties: dict[str, Any] = {one.name: property_of(one) for one in options}
    required = [one.name for one in options if one.needed and one.medium is None]
    schema: dict[str, Json] = {"type": "object", "properties": properties}
    return {**schema, **({"required": required} if required else {}), "additionalProperties": False}


def is_space(tool: ToolSpec) -> bool:
    """Whether a tool of this kind is a Space and not a task."""
    return tool.definition.get("what") == "space"


def definition_of(tool: ToolSpec) -> HubTask:
    return msgspec.convert(tool.definition, HubTask)


def secret_places(tool: ToolSpec) -> dict[str, str]:
    """Where the secret of a tool goes, in words, by its name."""
    given = tool.definition
    if not (secret := str(given.get("secret", "" if is_space(tool) else HUB_SECRET))):
        return {}
    address = str(given.get("address", ""))
    place = origin(address) if address else f"the provider {given.get('provider', OWN_PROVIDER)}"
    return {secret: f"a header, to {place}"}
