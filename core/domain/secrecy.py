"""How a secret may be written by whoever repeats it."""

import json
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

from core.domain.canonical import Json


def spellings(secret: str) -> frozenset[str]:
    """The secret as it is, and as JSON, addresses, hexadecimal digits and base64 write it."""
    raw = secret.encode("utf-8", "surrogatepass")
    as_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    in_addresses = {quote(raw), quote(raw, safe=""), quote_plus(raw)}
    in_base64 = {form for before in range(3) for form in _in_base64(raw, before)}
    return frozenset({secret, raw.hex(), raw.hex().upper(), *as_json, *in_addresses, *in_base64} - {""})


def in_texts(value: Json, change: Callable[[str], str]) -> Json:
    """The value with every text within it changed, the keys of objects included."""
    match value:
        case str():
            return change(value)
        case list():
            return [in_texts(item, change) for item in value]
        case dict():
            return {change(key): in_texts(item, change) for key, item in value.items()}
        case _:
            return value


def _in_base64(raw: bytes, before: int) -> tuple[str, str]:
    """What base64 makes of the secret behind so many bytes (modulo 3), such as `Bearer `, whatever they are.

    Without the digits at both ends that belong to a neighbour as well.
    """
    first, end = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
    digits = b64encode(bytes(before) + raw).decode()[first:end]
    return digits, digits.translate(_URL_SAFE)


_URL_SAFE = str.maketrans("+/", "-_")
