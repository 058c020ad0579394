"""Calls that search a collection."""

import asyncio
from typing import Protocol
from uuid import UUID

import msgspec

from core.domain.knowledge import Found, Search
from core.domain.result import Err, Result
from core.domain.tool import ToolRequest, ToolResult
from core.tools.knowledge.definition import USUAL, definition_of


class PassageSearch(Protocol):
    """Finds passages. Blocks."""

    def search(self, collection_id: UUID, question: str, most: int) -> Result[Search]: ...


class KnowledgeExecutor:
    """Searches on a thread, away from the loop."""

    def __init__(self, knowledge: PassageSearch) -> None:
        self._knowledge = knowledge

    async def call(self, request: ToolRequest) -> ToolResult:
        collection_id = definition_of(request.tool).collection_id
        question, most = str(request.arguments["query"]), int(request.arguments.get("most") or USUAL)
        found = await asyncio.to_thread(self._knowledge.search, collection_id, question, most)
        if isinstance(found, Err):
            return ToolResult(found.message, is_error=True)
        return ToolResult(told(found.value), data={"knowledge": msgspec.to_builtins(found.value)})


def told(search: Search) -> str:
    """What a model reads: how it was searched, then each passage below where it stands."""
    if not search.passages:
        return f"Nothing found. {search.how}"
    parts = [_told(number, one) for number, one in enumerate(search.passages, start=1)]
    return "\n\n".join([search.how, *parts])


def _told(number: int, one: Found) -> str:
    source = " · ".join(part for part in (one.document, one.place.in_words(), f"passage {one.id}") if part)
    return f"[{number}] {source}\n{one.text}"
