"""One way to write a value as bytes, so that equal content has an equal hash."""

import hashlib
from typing import Any

import msgspec

Json = Any
"""A value that JSON can carry. Deliberately loose: it comes from models, tools and servers."""

TAG = "c1"
"""Names this canonical form. Change it together with `canonical`, never alone: old hashes stay readable."""


def canonical(value: object) -> bytes:
    """Compact JSON with sorted keys; structs are written by field."""
    return msgspec.json.encode(value, order="sorted")


def content_hash(value: object) -> str:
    """Tagged SHA-256 of the canonical form, such as `c1:9f86d0…`; 64 hexadecimal digits after the tag."""
    return f"{TAG}:{hashlib.sha256(canonical(value)).hexdigest()}"
