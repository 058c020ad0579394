"""From the blocks that an MCP tool answers with to what the model is told."""

from binascii import a2b_base64
from collections.abc import Iterable

import msgspec

from core.clients.mcp.answer import Called
from core.domain.canonical import Json
from core.domain.tool import ToolResult

_MOST_BINARY_CHARS = 4_000_000
"""Of all images, sounds and files of one answer, as base64: what goes beyond is named and not kept."""


def result_of(called: Called) -> ToolResult:
    """Text blocks as they are, everything else named in brackets; the blocks themselves as a value."""
    texts = [text for block in called.content if (text := _in_words(block))]
    if not texts and called.structured is not None:
        texts = [msgspec.json.format(msgspec.json.encode(called.structured), indent=1).decode()]
    data: dict[str, Json] = {"content": list(_kept(called.content))}
    if called.structured is not None:
        data["structured"] = called.structured
    return ToolResult("\n".join(texts) or "(the tool answered nothing)", is_error=called.is_error, data=data)


def _in_words(block: dict[str, Json]) -> str:
    match block:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "image" | "audio" as kind, "data": str(data)}:
            return f"[{kind}: {block.get('mimeType', 'of no type')}, {_size(data)}]"
        case {"type": "resource_link", "uri": uri}:
            return f"[link: {block.get('title') or block.get('name') or ''} {uri}]"
        case {"type": "resource", "resource": {"text": str(text), "uri": uri}}:
            return f"[{uri}]\n{text}"
        case {"type": "resource", "resource": {"blob": str(data), "uri": uri, **rest}}:
            return f"[{uri}: {rest.get('mimeType', 'of no type')}, {_size(data)}]"
        case _:
            return f"[a block of the type {block.get('type')}]"


def _kept(content: Iterable[dict[str, Json]]) -> Iterable[dict[str, Json]]:
    left = _MOST_BINARY_CHARS
    for block in content:
        holder = block["resource"] if block.get("type") == "resource" else block
        field = "blob" if block.get("type") == "resource" else "data"
        left -= len(holder.get(field, ""))
        if left >= 0 or field not in holder:
            yield block
        else:
            yield {"type": block["type"], "left_out": f"more than {_MOST_BINARY_CHARS:,} characters of files"}


def _size(data: str) -> str:
    try:
        return f"{len(a2b_base64(data)):,} bytes"
    except ValueError:
        return "not readable"
