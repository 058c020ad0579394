"""Swagger 2.0 documents in the words of OpenAPI 3.0: one reader for both.

Only what tools are made of is put into new words. Definitions stay where they are: references to them still hold.
"""

from collections.abc import Iterator
from typing import Any

from core.domain.canonical import Json
from core.tools.openapi.schemas import UnresolvedError, followed, words

_METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_STYLES: dict[str, dict[str, Json]] = {
    "csv": {"explode": False},
    "multi": {"explode": True},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
    "tsv": {"style": "tabDelimited"},
}
_OF_PARAMETERS = {"name", "in", "description", "required", "collectionFormat", "allowEmptyValue", "schema"}


def in_words_of_3(document: dict[str, Json]) -> dict[str, Json]:
    """The document with `servers`, `paths` and security schemes as OpenAPI 3.0 has them."""
    upgrade = _Upgrade(document)
    paths = document.get("paths")
    return {
        **document,
        "openapi": "3.0.3",
        "servers": upgrade.servers(document),
        "paths": {path: upgrade.item(item) for path, item in (paths if isinstance(paths, dict) else {}).items()},
        "components": {"securitySchemes": upgrade.security_schemes()},
    }


class _Upgrade:
    def __init__(self, document: dict[str, Json]) -> None:
        self._document = document

    def servers(self, source: dict[str, Json]) -> list[Json]:
        """The addresses by scheme, https first; without a host they are relative to where the document lies."""
        given = source.get("schemes")
        schemes = [words(one) for one in given if one in ("http", "https")] if isinstance(given, list) else []
        host, base = words(self._document.get("host")), words(self._document.get("basePath")) or "/"
        if not host:
            return [{"url": base}]
        if given and not schemes:
            return [{"url": f"{words(given[0]) if isinstance(given, list) else given}://{host}{base}"}]
        return [{"url": f"{scheme}://{host}{base}"} for scheme in sorted(schemes, reverse=True) or ["https"]]

    def security_schemes(self) -> dict[str, Json]:
        given = self._document.get("securityDefinitions")
        found = ((name, followed(self._document, one)) for name, one in (given or {}).items()) if given else ()
        return {
            name: {**one, "type": "http", "scheme": "basic"} if one.get("type") == "basic" else one
            for name, one in found
        }

    def item(self, item: Json) -> Json:
        """A path. What cannot be followed stays as it is: the reader says why."""
        try:
            whole = followed(self._document, item)
        except UnresolvedError:
            return item
        shared = whole.get("parameters")
        made = {key: value for key, value in whole.items() if key != "parameters"}
        for method in _METHODS:
            if isinstance(operation := whole.get(method), dict):
                made[method] = self._operation(operation, shared if isinstance(shared, list) else [])
        return made

    def _operation(self, operation: dict[str, Json], shared: list[Json]) -> dict[str, Json]:
        own = operation.get("parameters")
        parameters = self._merged([*shared, *(own if isinstance(own, list) else [])])
        plain = [one for one in parameters if one.get("in") not in ("body", "formData")]
        made: dict[str, Json] = {**operation, "parameters": [_parameter(one) for one in plain]}
        if operation.get("schemes"):
            made["servers"] = self.servers(operation)
        if body := self._body(operation, parameters):
            made["requestBody"] = body
        return made

    def _merged(self, given: list[Json]) -> list[dict[str, Json]]:
        """The parameters by name and place, the later ones winning; what cannot be followed stays."""
        merged: dict[tuple[str, str], dict[str, Json]] = {}
        for entry in given:
            try:
                parameter = followed(self._document, entry)
            except UnresolvedError:
                parameter = entry
            reference = words(parameter.get("$ref"))
            merged[(words(parameter.get("name")) or reference, words(parameter.get("in")))] = parameter
        return list(merged.values())

    def _body(self, operation: dict[str, Json], parameters: list[dict[str, Json]]) -> dict[str, Json]:
        consumes = operation.get("consumes") or self._document.get("consumes") or []
        types = [name for name in consumes if isinstance(name, str)] if isinstance(consumes, list) else []
        if fields := [one for one in parameters if one.get("in") == "formData"]:
            return _form(fields, types)
        for parameter in parameters:
            if parameter.get("in") == "body":
                content = {name: {"schema": parameter.get("schema", {})} for name in types or ["application/json"]}
                kept: dict[str, Json] = {key: parameter[key] for key in ("description", "required") if key in parameter}
                return {"content": content, **kept}
        return {}


def _form(fields: list[dict[str, Json]], types: list[str]) -> dict[str, Json]:
    has_files = any(field.get("type") == "file" for field in fields)
    kind = _MULTIPART if has_files or (_MULTIPART in types and _FORM not in types) else _FORM
    required = [words(field.get("name")) for field in fields if field.get("required") is True]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {words(field.get("name")): _schema(field) for field in fields},
    }
    encoding = {words(field.get("name")): how for field in fields if (how := dict(_style(field)))}
    return {
        "content": {kind: {"schema": {**schema, **({"required": required} if required else {})}, "encoding": encoding}},
        "required": bool(required),
    }


def _parameter(parameter: dict[str, Json]) -> dict[str, Json]:
    if "$ref" in parameter:
        return parameter
    kept: dict[str, Json] = {
        key: parameter[key] for key in ("name", "in", "description", "required") if key in parameter
    }
    return {**kept, "schema": _schema(parameter), **dict(_style(parameter))}


def _schema(parameter: dict[str, Json]) -> dict[str, Json]:
    schema = {key: value for key, value in parameter.items() if key not in _OF_PARAMETERS}
    if schema.get("type") == "file":
        schema |= {"type": "string", "format": "binary"}
    if parameter.get("x-nullable") is True:
        schema["nullable"] = True
    if parameter.get("in") == "formData" and "description" in parameter:
        schema["description"] = parameter["description"]
    return schema


def _style(parameter: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    """Lists in a query are parted by commas unless the document says otherwise; in 3.0 they are not."""
    if parameter.get("type") != "array":
        return
    given = _STYLES.get(words(parameter.get("collectionFormat")) or "csv", {})
    if parameter.get("in") in ("path", "header"):
        given = {key: value for key, value in given.items() if key == "style"}
    elif "style" not in given and parameter.get("in") == "formData":
        given = {"style": "form", **given}
    yield from given.items()
