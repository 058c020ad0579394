"""Prompts from files: text, Markdown, YAML, CSV, JSON, and what people paste from other programs.

What a file holds and cannot become a prompt is named in `left_out`; nothing is dropped without a word.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath

import msgspec

from core.domain import strict_json
from core.domain.agent import Variable
from core.domain.canonical import Json
from core.domain.prompt import Prompt, PromptKind
from core.domain.result import Err, Ok, Result
from core.domain.strict_json import NotJsonError
from core.domain.template import variables_in
from core.services.shape import faults
from core.services.yaml_files import SIZE_LIMIT_CHARS, read_yaml, write_yaml

ENTRY_LIMIT = 2_000
NAME_LIMIT_CHARS = 100
_NAMES = ("name", "title", "act", "id")
_TEXTS = ("text", "prompt", "template", "content", "instructions")
_KINDS = ("kind", "role", "type")
_KIND_OF: dict[str, PromptKind] = {"system": "system", "developer": "system", "user": "user"}
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^#[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


class PromptEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A prompt as a file has it; the order of the fields is their order in a file that is written."""

    name: str
    kind: PromptKind = "system"
    label: str = ""
    text: str
    variables: tuple[Variable, ...] = ()


class PromptFile(msgspec.Struct, frozen=True):
    entries: tuple[PromptEntry, ...]
    left_out: tuple[str, ...] = ()
    """What the file holds beside them, one sentence each."""


def read_prompts(content: str, file_name: str = "", kind: PromptKind = "system") -> Result[PromptFile]:
    """Every prompt of a file, or of what was pasted where `file_name` is empty. `kind`: where the file names none."""
    if len(content) > SIZE_LIMIT_CHARS:
        return Err("invalid", f"The file is longer than {SIZE_LIMIT_CHARS:,} characters.")
    name = PurePath(file_name).stem or "Pasted prompt"
    parts = _form(content, file_name)(content.removeprefix("\ufeff"), name)
    if isinstance(parts, Err):
        return parts
    numbered = len(parts.value) > 1
    found = [_entry(part, kind, f"{name} {place}" if numbered else name) for place, part in enumerate(parts.value, 1)]
    entries = [one for one in found if isinstance(one, PromptEntry)]
    left_out = [one for one in found if isinstance(one, str)]
    if not entries:
        return Err("invalid", " ".join(["The file has no prompt.", *left_out[:3]]))
    if len(entries) > ENTRY_LIMIT:
        return Err("invalid", f"The file has more than {ENTRY_LIMIT:,} prompts.")
    return Ok(PromptFile(tuple(entries), tuple(left_out)))


def write_prompts(prompts: Iterable[Prompt]) -> str:
    """YAML that reads back the same; the same prompts always give the same text."""
    entries = [
        PromptEntry(name=one.name, kind=one.kind, label=one.label, text=one.text, variables=one.variables)
        for one in prompts
    ]
    return write_yaml({"prompts": [{"kind": one.kind, **msgspec.to_builtins(one)} for one in entries]})


Parts = list[Json]
Form = Callable[[str, str], Result[Parts]]


def _form(content: str, file_name: str) -> Form:
    match PurePath(file_name).suffix.lower():
        case ".yaml" | ".yml":
            return _yaml
        case ".csv" | ".tsv":
            return _csv
        case ".json":
            return _json
        case "" if content.lstrip().startswith(("{", "[")):
            return _json
        case _:
            return _markdown


def _markdown(content: str, name: str) -> Result[Parts]:
    """The whole text is one prompt. What stands between `---` lines at its head is said about it."""
    head, body = "", content
    if front := _FRONT.match(content):
        head, body = front[1], content[front.end() :]
    read = read_yaml(head) if head else Ok({})
    if isinstance(read, Err):
        return read
    if not isinstance(read.value, dict):
        return Err("invalid", "What stands between the --- lines has to be names with values.")
    heading = _HEADING.search(body)
    return Ok([{"name": heading[1] if heading else name, "text": body.strip(), **read.value}])


def _yaml(content: str, name: str) -> Result[Parts]:  # noqa: ARG001 (every form is called alike)
    read = read_yaml(content)
    return read if isinstance(read, Err) else Ok(list(_parts(read.value)))


def _json(content: str, name: str) -> Result[Parts]:  # noqa: ARG001
    try:
        return Ok(list(_parts(strict_json.read(content))))
    except NotJsonError as error:
        return Err("invalid", f"This is not JSON: {error}")


def _csv(content: str, name: str) -> Result[Parts]:  # noqa: ARG001
    head = content.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = list(csv.DictReader(io.StringIO(content), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return Err("invalid", f"This is not CSV: {error}.")
    lowered = [{(key or "").strip().lower(): value for key, value in row.items()} for row in rows]
    if lowered and not any(name in lowered[0] for name in _TEXTS):
        return Err("invalid", f"The file needs a column named text. It has: {', '.join(filter(None, lowered[0]))}.")
    return Ok(list(lowered))


def _parts(value: Json) -> Iterator[Json]:
    """The prompts inside a document: a list, `prompts:`, an OpenAI request or prompt object, or one prompt."""
    match value:
        case list():
            for one in value:
                yield from _parts(one)
        case {"prompts": list() as listed}:
            yield from _parts(listed)
        case {"messages": list() as listed} | {"input": list() as listed}:
            yield from _conversation(value, listed)
        case _:
            yield value


def _conversation(document: Mapping[str, Json], messages: list[Json]) -> Iterator[Json]:
    """What an OpenAI request says to the model, a prompt for each message; variables belong to all of them."""
    shared = {"variables": document["variables"]} if "variables" in document else {}
    given = document.get("name") or document.get("model") or "Pasted prompt"
    if isinstance(document.get("instructions"), str):
        yield {"name": given, "role": "system", "text": document["instructions"], **shared}
    for place, message in enumerate(messages, 1):
        if isinstance(message, dict):
            suffix = f" {place}" if len(messages) > 1 else ""
            yield {"name": f"{given}{suffix}", **message, "text": _said(message.get("content")), **shared}
        else:
            yield message


def _said(content: Json) -> Json:
    """The text of a message; its parts are joined."""
    if not isinstance(content, list):
        return content
    return "\n\n".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))


def _entry(part: Json, kind: PromptKind, name: str) -> PromptEntry | str:
    """A prompt, or a sentence that says why this is none."""
    if isinstance(part, str):
        part = {"text": part}
    if not isinstance(part, dict):
        return f"{name} is neither a text nor names with values."
    name, text = _first(part, _NAMES).strip() or name, _first(part, _TEXTS)
    if not text.strip():
        return f"{name} has no text."
    role = _first(part, _KINDS).lower()
    if role and role not in _KIND_OF:
        return f"{name} is of the kind {role}; only system and user prompts are kept."
    variables = _variables(text, part.get("variables"))
    if isinstance(variables, str):
        return f"{name}: {variables}"
    return PromptEntry(
        name=name[:NAME_LIMIT_CHARS],
        kind=_KIND_OF.get(role, kind),
        label=_first(part, ("label",)),
        text=text,
        variables=variables,
    )


def _first(part: Mapping[str, Json], names: Iterable[str]) -> str:
    return next((value for name in names if isinstance(value := part.get(name), str) and value), "")


def _variables(text: str, given: Json) -> tuple[Variable, ...] | str:
    """The variables that the text uses, as the file describes them: a list of them, or names with their defaults."""
    if isinstance(given, dict):
        given = [{"name": name, "default": "" if value is None else str(value)} for name, value in given.items()]
    listed = [{"name": one} if isinstance(one, str) else one for one in given] if isinstance(given, list) else []
    if fault := next(faults(listed, tuple[Variable, ...]), ""):
        return f"variables, {fault}"
    known = {one.name: one for one in msgspec.convert(listed, tuple[Variable, ...])}
    return tuple(known.get(name, Variable(name)) for name in variables_in(text))
