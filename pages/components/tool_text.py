"""Arguments of calls as a person reads them."""

import json
from typing import Any


def parsed(raw: str) -> dict[str, Any] | None:
    """A call's arguments as values; None: they are not a JSON object. Big integers keep every digit."""
    try:
        values = json.loads(raw or "{}", parse_float=str)
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


def shown(value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False)


def pretty(value: Any) -> str:
    """A value as JSON over several lines."""
    return json.dumps(value, ensure_ascii=False, indent=2)
