"""JSON from servers that are not always strict, and back again without losing a digit."""

import json
from decimal import Decimal
from typing import Final

import msgspec

from core.domain.canonical import Json

# Numbers with a fraction become decimals: 1.10 stays 1.10 when arguments that came as an object are written again.
_decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_slow = json.JSONDecoder(parse_float=Decimal, parse_constant=Decimal, strict=False)


def parse(data: bytes) -> Json:
    """The value of a JSON text. Fractions are `Decimal`. Raises `ValueError`.

    Accepts what Python accepts beyond the standard (halves of surrogate pairs, NaN, tabs in a text, a byte order mark)
    and replaces broken UTF-8: one bad token probability must not cost a whole answer.
    """
    try:
        return _decode(data)
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _parse_slowly(data.decode("utf-8", "replace").removeprefix("\ufeff"))


def write(value: Json) -> str:
    """The JSON text of a parsed value, every digit kept; NaN stays NaN, which no strict reader accepts."""
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(value, default=float)


def _parse_slowly(text: str) -> Json:
    try:
        return _slow.decode(text)
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None


def plain(value: Json) -> Json:
    """The value with ordinary floats, as the journal keeps it."""
    return json.loads(write(value))
