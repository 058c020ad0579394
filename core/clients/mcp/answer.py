"""What a tool of an MCP server answered, as plain values."""

import msgspec

from core.domain.canonical import Json


class Called(msgspec.Struct, frozen=True):
    """`content` as the protocol has it: blocks of text, images, audio, links and resources."""

    content: tuple[dict[str, Json], ...]
    structured: Json
    is_error: bool
