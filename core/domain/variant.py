"""A variant: what one column of a comparison, or one side of an evaluation, runs. Pure."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from core.domain.agent import AgentSpec, Limits, Parameters, Variable
from core.domain.canonical import Json
from core.domain.diff import Setting, setting_rows
from core.domain.tool import ToolChoice

_SAID = 3
"""So many settings are named in a sentence; the others are counted."""


class SavedSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="from", tag="agent"):
    """What an agent is: the revision of that number, or whichever is live when it starts."""

    agent_id: UUID
    revision: int | None = None


class DraftSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="from", tag="draft"):
    """What somebody is editing: the agent's draft when it starts, or its live revision where there is no draft."""

    agent_id: UUID


class AdHocSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="from", tag="ad_hoc"):
    """A spec of its own, without a saved agent."""

    spec: AgentSpec = AgentSpec()


Source = SavedSpec | DraftSpec | AdHocSpec


class ParameterChanges(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Parameters set otherwise than in the source. Unset: as there. None (or empty): not sent."""

    temperature: float | UnsetType | None = UNSET
    top_p: float | UnsetType | None = UNSET
    max_tokens: int | UnsetType | None = UNSET
    seed: int | UnsetType | None = UNSET
    stop: tuple[str, ...] | UnsetType = UNSET
    frequency_penalty: float | UnsetType | None = UNSET
    presence_penalty: float | UnsetType | None = UNSET
    reasoning_effort: str | UnsetType | None = UNSET
    response_schema: dict[str, Json] | UnsetType | None = UNSET
    json_object: bool | UnsetType = UNSET
    tool_choice: str | UnsetType | None = UNSET
    parallel_tool_calls: bool | UnsetType | None = UNSET


class Overrides(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a variant has otherwise than its source. None: as there."""

    instructions: str | None = None
    variables: tuple[Variable, ...] | None = None
    endpoint: str | None = None
    """Another endpoint without a `model` means its default model: the source's is another server's."""
    model: str | None = None
    provider: str | None = None
    parameters: ParameterChanges = ParameterChanges()
    tools: tuple[ToolChoice, ...] | None = None
    limits: Limits | None = None


class Variant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A source and what is changed of it."""

    source: Source = AdHocSpec()
    changes: Overrides = Overrides()
    name: str = ""
    """As a person calls it; empty: it is called by what it is."""


class SettingsDifference(msgspec.Struct, frozen=True, kw_only=True):
    """Several specs side by side: `words` is a sentence, `rows` the settings that differ, a value for each spec."""

    words: str
    rows: tuple[Setting, ...] = ()
    paragraphs: int = 0
    """In how many paragraphs the instructions differ from the first spec's, at most."""


def variant_spec(source: AgentSpec, changes: Overrides) -> AgentSpec:
    """The spec that a variant runs, given what its source is now."""
    given = {name: value for name, value in _fields(changes).items() if value is not None and name != "parameters"}
    if changes.endpoint not in {None, source.endpoint}:
        given = {"model": "", "provider": ""} | given
    parameters = {name: value for name, value in _fields(changes.parameters).items() if value is not UNSET}
    given["parameters"] = msgspec.structs.replace(source.parameters, **parameters)
    return msgspec.structs.replace(source, **given)


def changes_between(source: AgentSpec, wanted: AgentSpec) -> Overrides:
    """What has to be changed of `source` so that it runs like `wanted`. Starters and retries are not part of it."""
    names = (name for name in Overrides.__struct_fields__ if name != "parameters")
    changes = {name: getattr(wanted, name) for name in names if getattr(wanted, name) != getattr(source, name)}
    if "endpoint" in changes:
        changes |= {"model": wanted.model, "provider": wanted.provider}
    return Overrides(**changes, parameters=_parameter_changes(source.parameters, wanted.parameters))


def _parameter_changes(source: Parameters, wanted: Parameters) -> ParameterChanges:
    old = _fields(source)
    return ParameterChanges(**{name: value for name, value in _fields(wanted).items() if value != old[name]})


def _fields(struct: msgspec.Struct) -> dict[str, Json]:
    return msgspec.structs.asdict(struct)


def settings_difference(specs: Sequence[AgentSpec]) -> SettingsDifference:
    """What the specs differ in, such as "Only temperature and one paragraph of the prompt differ."."""
    rows = tuple(row for row in setting_rows(specs) if row.what != "Starters") if specs else ()
    paragraphs = max((_paragraphs(specs[0].instructions, spec.instructions) for spec in specs), default=0)
    parts = [*(_phrase(row.what) for row in rows), *_prompt_phrase(specs, paragraphs)]
    return SettingsDifference(words=_sentence(parts), rows=rows, paragraphs=paragraphs)


def _paragraphs(first: str, other: str) -> int:
    before, after = first.split("\n\n"), other.split("\n\n")
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for op, i1, i2, j1, j2 in codes if op != "equal")


def _prompt_phrase(specs: Sequence[AgentSpec], paragraphs: int) -> Iterator[str]:
    if paragraphs >= max((spec.instructions.count("\n\n") + 1 for spec in specs), default=1):
        yield "the prompt"
    elif paragraphs:
        yield "one paragraph of the prompt" if paragraphs == 1 else f"{paragraphs} paragraphs of the prompt"


def _phrase(what: str) -> str:
    kind, _, name = what.partition(" ")
    if kind == "Limit:":
        return f"the limit of {name}"
    if what in {"Endpoint", "Model", "Provider", "Retries"} or kind in {"Tool", "Variable", "Order"}:
        return f"the {what[0].lower()}{what[1:]}"
    return what.lower()


def _sentence(parts: Sequence[str]) -> str:
    if not parts:
        return "The settings are the same."
    is_all = len(parts) <= _SAID + 1
    *most, last = parts if is_all else [*parts[:_SAID], f"{len(parts) - _SAID} other settings"]
    verb = "differs" if len(parts) == 1 and not last.endswith("s of the prompt") and last != "the retries" else "differ"
    said = f"{', '.join(most)}{' and ' if most else ''}{last} {verb}."
    return f"Only {said}" if is_all else f"{said[0].upper()}{said[1:]}"
