"""The body of an operation: which of its types is sent, and how the fields of a form are written."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from core.domain.canonical import Json
from core.tools.http_request.body import FILE_HINT, FORM, MULTIPART
from core.tools.http_request.operation import Field, Style
from core.tools.openapi.schemas import Schemas, followed, words

_FORM_STYLES: dict[str, Style] = {
    "form": "form",
    "spaceDelimited": "spaceDelimited",
    "pipeDelimited": "pipeDelimited",
    "deepObject": "deepObject",
}
_FILES = re.compile(
    r"(image|audio|video|font)/[\w.+*-]+|application/(octet-stream|pdf|zip|gzip|x-[\w.+-]+|vnd\.[\w.+-]+)"
)
_EXACT = re.compile(r"[\w.+-]+/[\w.+-]+")


class Body(msgspec.Struct, frozen=True):
    """What is sent, as the schema of its one argument."""

    schema: dict[str, Json]
    media_type: str
    fields: tuple[Field, ...] = ()
    others: tuple[str, ...] = ()
    """Types that the server takes as well and that are never sent."""


def body_of(document: dict[str, Json], schemas: Schemas, content: Json) -> Body | None:
    """The body in the type that says most; None: none of them can be written here. Raises `UnresolvedError`."""
    types = {name: _rank(name) for name in content} if isinstance(content, dict) else {}
    best = min((name for name in types if types[name] is not None), key=lambda name: types[name] or 0, default=None)
    if best is None or not isinstance(content, dict):
        return None
    described = followed(document, content[best])
    others = tuple(name for name in types if name != best)
    schema = schemas.argument(described.get("schema", {}))
    kind = best.partition(";")[0].strip().lower()
    if kind in (FORM, MULTIPART):
        encoding = followed(document, described.get("encoding"))
        fields = tuple(_fields(schema, encoding, has_parts=kind == MULTIPART))
        return Body(_with_file_hints(schema, fields), kind, fields, others)
    if is_json(kind):
        return Body(schema, "application/json" if "*" in kind else best, others=others)
    hint = "" if kind.startswith("text/") else FILE_HINT
    return Body(_as_text(schema, hint), best if "*" not in best else _spoken(kind), others=others)


def is_json(media_type: str) -> bool:
    name = media_type.partition(";")[0].strip().lower()
    return name in ("application/json", "*/*", "application/*") or name.endswith("+json")


def _rank(media_type: str) -> int | None:
    """JSON first, then forms, then text, then files; None: not possible."""
    kind = media_type.partition(";")[0].strip().lower()
    if is_json(kind):
        return 0
    if kind in (FORM, MULTIPART):
        return 1 if kind == FORM else 2
    if kind in ("text/plain", "text/csv", "text/markdown", "text/html", "text/*"):
        return 3
    return 4 if _FILES.fullmatch(kind) and not kind.endswith("+xml") else None


def _spoken(kind: str) -> str:
    return "text/plain; charset=utf-8" if kind == "text/*" else "application/octet-stream"


def _as_text(schema: dict[str, Json], hint: str) -> dict[str, Json]:
    described = " ".join(part for part in (words(schema.get("description")), hint) if part)
    return {"type": "string", **({"description": described} if described else {})}


def _fields(schema: dict[str, Json], encoding: dict[str, Json], *, has_parts: bool) -> Iterator[Field]:
    properties = schema.get("properties")
    for name, part in (properties if isinstance(properties, dict) else {}).items():
        given = encoding.get(name)
        how: dict[str, Json] = given if isinstance(given, dict) else {}
        media_type = words(how.get("contentType")).strip()
        style = _FORM_STYLES.get(words(how.get("style")))
        is_file = has_parts and _is_file(part, media_type)
        field = Field(
            name=name,
            style=style,
            explode=bool(how.get("explode", style in (None, "form", "deepObject"))),
            is_file=is_file,
            media_type=media_type if has_parts and _EXACT.fullmatch(media_type) else "",
        )
        if field != Field(name=name):
            yield field


def _is_file(part: Json, media_type: str) -> bool:
    """Whether a field's value is the content of a file (OpenAPI 3.0 `binary`, 3.1 `contentMediaType`)."""
    if not isinstance(part, dict):
        return False
    if isinstance(part.get("items"), dict) and part.get("type") == "array":
        return _is_file(part["items"], media_type)
    has_bytes = part.get("format") == "binary" or ("contentMediaType" in part and "contentEncoding" not in part)
    return has_bytes or (bool(_FILES.fullmatch(media_type)) and part.get("type", "string") == "string")


def _with_file_hints(schema: dict[str, Json], fields: tuple[Field, ...]) -> dict[str, Json]:
    files = {field.name for field in fields if field.is_file}
    if not files:
        return schema
    properties: dict[str, Any] = {
        name: _as_file(part) if name in files else part for name, part in schema["properties"].items()
    }
    return {**schema, "properties": properties}


def _as_file(part: dict[str, Json]) -> dict[str, Json]:
    if part.get("type") == "array":
        return {**part, "items": _as_text(part["items"], FILE_HINT)}
    return _as_text(part, FILE_HINT)
