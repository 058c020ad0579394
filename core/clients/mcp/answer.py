"""What a tool of an MCP server answered, as plain values."""

from collections.abc import Callable

import msgspec

from core.domain.canonical import Json
from core.domain.question import Ask
from core.domain.tool_source import ToolProgress

OnProgress = Callable[[ToolProgress], None]
"""Told on the session's loop how far a call is; must return at once."""


class Listener(msgspec.Struct, frozen=True):
    """Who hears of a call while it lasts. Without them its server is not asked to tell, and is refused to ask."""

    on_progress: OnProgress | None = None
    ask: Ask | None = None


NOBODY_LISTENS = Listener()


class Called(msgspec.Struct, frozen=True):
    """`content` as the protocol has it: blocks of text, images, audio, links and resources."""

    content: tuple[dict[str, Json], ...]
    structured: Json
    is_error: bool
