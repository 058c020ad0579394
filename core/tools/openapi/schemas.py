"""Schemas of a document as schemas of arguments: references resolved, OpenAPI's own words put into JSON Schema's."""

from typing import Any
from urllib.parse import unquote

from core.domain.canonical import Json
from core.domain.schema_check import schema_fault

MAX_DEPTH = 40
MAX_NODES = 4_000
"""Of one operation. Beyond it a part of its schema admits anything; the server still checks it."""

_NOTHING = object()
_SUBSCHEMA = {
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
}
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS = ("dependentSchemas", "patternProperties", "properties")
_VALUES = {"const", "default", "dependentRequired", "enum", "required", "type"}
_WORDS = {"contentEncoding", "contentMediaType", "description", "format", "pattern", "title"}
_LIMITS = {"exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf", "uniqueItems"}
_LIMITS |= {f"{side}{what}" for side in ("max", "min") for what in ("Contains", "Items", "Length", "Properties")}


class UnresolvedError(Exception):
    """A reference leads nowhere, or out of the document."""


def target(document: dict[str, Json], reference: str) -> Json:
    """What a `$ref` within the document names (RFC 6901)."""
    if not reference.startswith("#/"):
        raise UnresolvedError(f"{reference[:100]!r} is not within the document")
    value: Json = document
    for step in reference[2:].split("/"):
        key = _unescaped(step)
        match value:
            case dict() if key in value:
                value = value[key]
            case list() if key in (places := {str(place): item for place, item in enumerate(value)}):
                value = places[key]
            case _:
                raise UnresolvedError(f"{reference[:100]!r} is not there")
    return value


def followed(document: dict[str, Json], value: Json) -> dict[str, Json]:
    """An object of the document, through references (a parameter, a body, a path)."""
    for _ in range(MAX_DEPTH):
        if not isinstance(value, dict):
            return {}
        if not isinstance(value.get("$ref"), str):
            return value
        value = target(document, value["$ref"])
    raise UnresolvedError("references lead in a circle")


def words(value: Json) -> str:
    """A text of the document; empty where something else stands, which may be as large as it likes."""
    return value if isinstance(value, str) else ""


def _unescaped(step: str) -> str:
    return unquote(step).replace("~1", "/").replace("~0", "~")


class Schemas:
    """Resolves the schemas of one operation, within one budget."""

    def __init__(self, document: dict[str, Json]) -> None:
        self._document = document
        self._nodes_left = MAX_NODES
        self.cuts = 0
        """How many parts were let go."""

    def argument(self, schema: Json) -> dict[str, Json]:
        """A schema that stands on its own. Raises `UnresolvedError`."""
        resolved = self._resolved(schema, ())
        return resolved if isinstance(resolved, dict) else {} if resolved else {"not": {}}

    def _resolved(self, schema: Json, within: tuple[str, ...]) -> Json:
        if not isinstance(schema, dict):
            return schema if isinstance(schema, bool) else {}
        self._nodes_left -= 1
        if self._nodes_left < 0 or len(within) > MAX_DEPTH:
            return self._anything(schema)
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return self._translated(schema, within)
        if reference in within:
            # A tree may be as deep as it likes; what is told of it ends at its second level.
            return self._anything(followed(self._document, schema))
        return self._referred(schema, reference, (*within, reference))

    def _referred(self, schema: dict[str, Json], reference: str, within: tuple[str, ...]) -> Json:
        resolved = self._resolved(target(self._document, reference), within)
        beside = self._translated({key: value for key, value in schema.items() if key != "$ref"}, within)
        if not beside or not isinstance(resolved, dict):
            return resolved
        is_only_words = beside.keys() <= {"description", "title", "default"}
        return {**resolved, **beside} if is_only_words else {"allOf": [resolved], **beside}

    def _anything(self, schema: dict[str, Json]) -> dict[str, Json]:
        self.cuts += 1
        kept = {"type": schema["type"]} if schema.get("type") in ("object", "array") else {}
        described = words(schema.get("title")) or words(schema.get("description")) or "any value"
        return {**kept, "description": described[:200]}

    def _translated(self, schema: dict[str, Json], within: tuple[str, ...]) -> dict[str, Json]:
        deeper, cuts = (*within, ""), self.cuts
        parts = ((key, self._part(key, value, deeper)) for key, value in schema.items())
        made = {key: part for key, part in parts if part is not _NOTHING}
        if self.cuts > cuts:
            _without_exclusions(made)
        _without_read_only(made, schema)
        _with_numbers_for_flags(made)
        _with_pattern_in_words(made)
        return _with_null(made) if schema.get("nullable") is True else made

    def _part(self, key: str, value: Json, within: tuple[str, ...]) -> Json:
        """The value of one keyword; `_NOTHING` for those that say nothing about arguments."""
        match key, value:
            case _, _ if key in _SUBSCHEMA:
                return self._resolved(value, within)
            case _, list() if key in _LISTS:
                return [self._resolved(item, within) for item in value]
            case _, dict() if key in _MAPS:
                return {name: self._resolved(item, within) for name, item in value.items()}
            case _, _ if key in _VALUES:
                return self._copied(value, len(within))
            case (_, str()) if key in _WORDS:
                return value
            case (_, int() | float()) if key in _LIMITS:
                return value
            case _:
                return _NOTHING

    def _copied(self, value: Json, depth: int) -> Json:
        """A plain value, within the budget too: the parts of a small document can be shared without end."""
        self._nodes_left -= 1
        if not isinstance(value, list | dict):
            return value
        if self._nodes_left < 0 or depth > MAX_DEPTH:
            raise UnresolvedError("its schema holds values that are too large")
        if isinstance(value, list):
            return [self._copied(item, depth + 1) for item in value]
        return {key: self._copied(item, depth + 1) for key, item in value.items()}


def _without_exclusions(made: dict[str, Any]) -> None:
    """A part that admits anything would make these rules refuse what the server takes."""
    for rule in ("not", "if", "then", "else"):
        made.pop(rule, None)
    if "oneOf" in made:
        made.setdefault("anyOf", made.pop("oneOf"))


def _without_read_only(made: dict[str, Any], schema: dict[str, Json]) -> None:
    """Only the server sets read-only fields; a model that is shown them would fill them in."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return
    read_only = {name for name, part in properties.items() if isinstance(part, dict) and part.get("readOnly") is True}
    for name in read_only:
        del made["properties"][name]
    if isinstance(made.get("required"), list):
        made["required"] = [name for name in made["required"] if name not in read_only]


def _with_numbers_for_flags(made: dict[str, Any]) -> None:
    """OpenAPI 3.0 has `exclusiveMinimum: true` beside `minimum`; JSON Schema has the number itself."""
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(made.get(exclusive), bool):
            is_exclusive = made.pop(exclusive)
            if is_exclusive and limit in made:
                made[exclusive] = made.pop(limit)


def _with_pattern_in_words(made: dict[str, Any]) -> None:
    """A pattern in another language's dialect cannot be checked; the model is told it all the same."""
    pattern = made.get("pattern")
    if isinstance(pattern, str) and schema_fault({"pattern": pattern}):
        del made["pattern"]
        made["description"] = f"{made.get('description', '')} (Pattern: {pattern[:200]})".strip()


def _with_null(made: dict[str, Any]) -> dict[str, Any]:
    kind = made.get("type")
    if isinstance(kind, str):
        if isinstance(made.get("enum"), list) and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
        return {**made, "type": [kind, "null"]}
    described: dict[str, Any] = {key: made.pop(key) for key in ("description", "default") if key in made}
    return {"anyOf": [made, {"type": "null"}], **described} if made else described
