"""Values outside JSON, in the styles that OpenAPI has for them (3.1, Style Values)."""

from collections.abc import Callable

from core.domain.canonical import Json
from core.tools.http_request.operation import Style
from core.tools.http_request.template import text

_SEPARATORS: dict[Style, str] = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def pairs(name: str, style: Style, value: Json, *, explode: bool) -> list[tuple[str, str]]:
    """What a query, a cookie or a form has of a value: names and texts, nothing escaped yet."""
    match style, value:
        case "deepObject", dict():
            inner = ((f"{name}[{key}]", item) for key, item in value.items())
            return [pair for key, item in inner for pair in pairs(key, style, item, explode=True)]
        case "form", dict() if explode:
            return [(key, text(item)) for key, item in value.items()]
        case "form", list() if explode:
            return [(name, text(item)) for item in value]
        case ("form" | "spaceDelimited" | "pipeDelimited") as separated, list() | dict():
            return [(name, _SEPARATORS[separated].join(_flat(value)))]
        case _:
            return [(name, text(value))]


def row(name: str, style: Style, value: Json, *, explode: bool, escape: Callable[[str], str] = str) -> str:
    """What stands in a path or a header. `escape` is for names and items, not for what parts them."""
    match style, value:
        case "json", _:
            return escape(text(value))
        case "label", _:
            return "." + _joined(value, "." if explode else ",", escape, explode=explode)
        case "matrix", list() if explode:
            return "".join(f";{escape(name)}={escape(text(item))}" for item in value)
        case "matrix", dict() if explode:
            return ";" + _joined(value, ";", escape, explode=True)
        case "matrix", _:
            return f";{escape(name)}={_joined(value, ',', escape, explode=False)}"
        case _:
            return _joined(value, ",", escape, explode=explode)


def _joined(value: Json, separator: str, escape: Callable[[str], str], *, explode: bool) -> str:
    match value:
        case dict() if explode:
            return separator.join(f"{escape(name)}={escape(text(item))}" for name, item in value.items())
        case list() | dict():
            return separator.join(escape(item) for item in _flat(value))
        case _:
            return escape(text(value))


def _flat(value: list[Json] | dict[str, Json]) -> list[str]:
    if isinstance(value, list):
        return [text(item) for item in value]
    return [part for name, item in value.items() for part in (name, text(item))]
