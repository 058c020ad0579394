"""OpenAPI documents as text: JSON or YAML to a value."""

import msgspec

from core.domain.canonical import Json
from core.errors import AryabhattaError
from core.tools.openapi import yaml_text
from core.tools.openapi.schemas import UnresolvedError
from core.tools.openapi.swagger import in_words_of_3

MAX_CHARS = 30_000_000


class DocumentError(AryabhattaError):
    """The text is no OpenAPI document that can be read here; the message says why, for a person."""


def parse(text: str) -> dict[str, Json]:
    """The document as a value, with text for every key; a Swagger 2.0 document in the words of OpenAPI 3.0.

    Raises `DocumentError` when it is neither that nor an OpenAPI 3.0 or 3.1 document.
    """
    if len(text) > MAX_CHARS:
        raise DocumentError(f"The document is longer than {MAX_CHARS:,} characters.")
    document = _json(text) if text.lstrip("\ufeff \t\r\n").startswith("{") else _yaml(text)
    if not isinstance(document, dict):
        raise DocumentError("This is not an OpenAPI document: it is no object with an 'openapi' field.")
    if str(document.get("swagger", "")).startswith("2"):
        return _upgraded(document)
    _check_version(document)
    return document


def _upgraded(document: dict[str, Json]) -> dict[str, Json]:
    try:
        return in_words_of_3(document)
    except UnresolvedError as error:
        raise DocumentError(f"Its security schemes cannot be read: {error}.") from None


def _check_version(document: dict[str, Json]) -> None:
    given = document.get("openapi", document.get("swagger"))
    version = str(given) if isinstance(given, str | float) else ""
    if not version.startswith(("3.0", "3.1")):
        said = f"its version is {version[:20]!r}" if version else "it has no 'openapi' field"
        raise DocumentError(f"Only OpenAPI 3.0, 3.1 and Swagger 2.0 documents can be imported, and {said}.")


def _json(text: str) -> Json:
    try:
        return msgspec.json.decode(text.lstrip("\ufeff"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise DocumentError(f"The document is not valid JSON: {error}.") from None


def _yaml(text: str) -> Json:
    try:
        return yaml_text.read(text)
    except yaml_text.NotYamlError as error:
        raise DocumentError(f"The document is not valid YAML: {error}.") from None
