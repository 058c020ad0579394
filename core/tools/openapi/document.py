"""OpenAPI documents as text: JSON or YAML to a value."""

import re
from typing import Any

import msgspec
import yaml

from core.domain.canonical import Json
from core.errors import AryabhattaError

MAX_CHARS = 30_000_000
_YAML_ONLY_TYPES = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}
_BOOLEAN = re.compile("true|True|TRUE|false|False|FALSE")


class DocumentError(AryabhattaError):
    """The text is no OpenAPI document that can be read here; the message says why, for a person."""


def parse(text: str) -> dict[str, Json]:
    """The document as a value, with text for every key.

    Raises `DocumentError` when it is not an OpenAPI 3.0 or 3.1 document.
    """
    if len(text) > MAX_CHARS:
        raise DocumentError(f"The document is longer than {MAX_CHARS:,} characters.")
    document = _json(text) if text.lstrip("\ufeff \t\r\n").startswith("{") else _yaml(text)
    if not isinstance(document, dict):
        raise DocumentError("This is not an OpenAPI document: it is no object with an 'openapi' field.")
    _check_version(document)
    return document


def _check_version(document: dict[str, Json]) -> None:
    if "swagger" in document:
        raise DocumentError("This is a Swagger 2.0 document. Only OpenAPI 3.0 and 3.1 can be imported.")
    version = str(document.get("openapi", ""))
    if not version.startswith(("3.0", "3.1")):
        said = f"its version is {version[:20]!r}" if version else "it has no 'openapi' field"
        raise DocumentError(f"Only OpenAPI 3.0 and 3.1 documents can be imported, and {said}.")


def _json(text: str) -> Json:
    try:
        return msgspec.json.decode(text.lstrip("\ufeff"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise DocumentError(f"The document is not valid JSON: {error}.") from None


def _yaml(text: str) -> Json:
    try:
        return _plain(yaml.load(text, _loader()), {})  # noqa: S506 (derived from the safe loader)
    except yaml.YAMLError as error:
        raise DocumentError(f"The document is not valid YAML: {str(error).splitlines()[0]}.") from None
    except RecursionError:
        raise DocumentError("The document is nested too deeply.") from None


def _loader() -> type[yaml.CSafeLoader]:
    """The safe loader without YAML 1.1's surprises: `no` stays a text, and so does 2024-01-31."""

    class Loader(yaml.CSafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _YAML_ONLY_TYPES]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOLEAN, list("tTfF"))
    return Loader


def _plain(value: Any, seen: dict[int, Json]) -> Json:
    """With text for every key. Shared parts (YAML's aliases) stay shared, or small files would grow huge."""
    if not isinstance(value, dict | list):
        return value
    if id(value) not in seen:
        seen[id(value)] = None
        if isinstance(value, list):
            seen[id(value)] = [_plain(item, seen) for item in value]
        else:
            seen[id(value)] = {_key(key): _plain(item, seen) for key, item in value.items()}
    return seen[id(value)]


def _key(key: object) -> str:
    match key:
        case bool():
            return str(key).lower()
        case None:
            return "null"
        case _:
            return str(key)
