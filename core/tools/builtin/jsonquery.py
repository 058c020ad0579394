"""Questions to JSON data in JMESPath."""

from typing import Annotated, Any

import msgspec

from core.domain import strict_json
from core.domain.canonical import Json
from core.domain.tool import ToolResult
from core.tools.executor import CannotDoError
from core.tools.selection import MAX_DATA_CHARS, selected


def query_json(
    data: Annotated[str | dict[str, Any] | list[Any], "The JSON data, or its text."],
    expression: Annotated[str, msgspec.Meta(max_length=2_000), "JMESPath, such as items[?price > `10`].name | [0]."],
) -> ToolResult:
    """Pick, filter and reshape parts of JSON data with a JMESPath expression."""
    found = selected(expression, _value(data))
    text = msgspec.json.format(msgspec.json.encode(found), indent=1 if isinstance(found, dict | list) else 0).decode()
    return ToolResult(text, data=found)


def _value(data: Json) -> Json:
    if not isinstance(data, str):
        return data
    if len(data) > MAX_DATA_CHARS:
        raise CannotDoError(f"The data is longer than {MAX_DATA_CHARS:,} characters.")
    try:
        return strict_json.read(data)
    except strict_json.NotJsonError as error:
        raise CannotDoError(f"The data is not valid JSON: {error}.") from None
