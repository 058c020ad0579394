"""A collection as a model is told of it."""

import unicodedata
from uuid import UUID

import msgspec

from core.domain.knowledge import QUERY_CHARS, Collection
from core.domain.tool import ToolSpec
from core.tools.naming import Names

MOST, USUAL = 10, 5
_SAYS = (
    "Gives the passages that fit best, each with its document, its place there and an id. "
    "Say in the answer which of them it rests on."
)


class KnowledgeTool(msgspec.Struct, frozen=True, kw_only=True):
    """The `definition` of a tool of the kind `knowledge`."""

    collection_id: UUID
    collection: str
    """Its name when the tool was made, for people."""


def tool_name(collection: str, taken: set[str]) -> str:
    """A free name, such as `search_handbook`; accents are left out rather than letters."""
    plain = unicodedata.normalize("NFKD", collection.lower())
    return Names("search_", taken).take("".join(char for char in plain if not unicodedata.combining(char)))


def tool_of(collection: Collection) -> ToolSpec:
    """The tool that searches a collection. It only looks, so it may be called again."""
    about = f"Search the documents of {collection.name!r}"
    said = f"{about}: {collection.description.rstrip('.')}." if collection.description else f"{about}."
    query = {
        "type": "string",
        "minLength": 1,
        "maxLength": QUERY_CHARS,
        "description": "What to look for: a question or the words that the text may have.",
    }
    most = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL, "description": "Passages at most."}
    return ToolSpec(
        name=collection.tool,
        description=f"{said} {_SAYS}",
        parameters={
            "type": "object",
            "properties": {"query": query, "most": most},
            "required": ["query"],
            "additionalProperties": False,
        },
        kind="knowledge",
        definition=msgspec.to_builtins(KnowledgeTool(collection_id=collection.id, collection=collection.name)),
    )


def definition_of(tool: ToolSpec) -> KnowledgeTool:
    return msgspec.convert(tool.definition, KnowledgeTool)
