"""The texts of an answer: joined from pieces, thinking apart from what is meant to be read."""

import re
from typing import Final, Literal, NamedTuple

from core.domain.canonical import Json


class Joiner:
    """Puts texts together whose surrogate pairs may be cut between two pieces (an emoji is such a pair)."""

    __slots__ = ("_half",)

    def __init__(self) -> None:
        self._half = ""

    def add(self, piece: str) -> str:
        """What may be shown by now: the first half of a pair waits for the second."""
        if not self._half and _is_whole(piece):
            return piece
        joined = self._half + piece
        self._half = joined[-1] if "\ud800" <= joined[-1] <= "\udbff" else ""
        return mended(joined[:-1] if self._half else joined)

    def close(self) -> str:
        """The mark for a half whose other half never came, or nothing."""
        half, self._half = self._half, ""
        return mended(half)


def mended(text: str) -> str:
    """`text` with halves of surrogate pairs joined, and lonely ones replaced by U+FFFD: it can be stored and sent."""
    if _is_whole(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Parted(NamedTuple):
    text: str = ""
    thought: str = ""


_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"
_MOST_PARTS: Final = 100
"""A text that goes on like that is about tags."""


class ThinkParter:
    """Parts a `<think>…</think>` at the head of an answer from the answer.

    Only at the head: further on the tag is something the model writes about.
    """

    __slots__ = ("_held", "_parts", "_state")

    def __init__(self) -> None:
        self._state: Literal["head", "inside", "gap", "text"] = "head"
        self._held = ""
        self._parts = 0

    def add(self, piece: str) -> Parted:
        if self._state == "text":
            return Parted(piece)
        self._held += piece
        text, thought = "", ""
        state: str = ""
        while self._state not in {state, "text"}:
            state = self._state
            part = self._step()
            text, thought = text + part.text, thought + part.thought
        return Parted(text, thought)

    def close(self) -> Parted:
        """What was held back because it might have become a tag."""
        held, self._held = self._held, ""
        return Parted(thought=held) if self._state == "inside" else Parted(held)

    def _step(self) -> Parted:
        """What is certain by now of the part that the text is in, up to the next."""
        match self._state:
            case "head":
                return self._before(self._held)
            case "inside":
                return self._inside()
            case "gap":
                return self._before(self._held.lstrip())
            case "text":
                return Parted()

    def _before(self, otherwise: str) -> Parted:
        """Before a part of thinking, unless it turns out to be the answer, which is then `otherwise`."""
        start = self._held.lstrip()
        if start.startswith(_OPEN) and self._parts < _MOST_PARTS:
            self._state, self._held = "inside", start[len(_OPEN) :]
            self._parts += 1
            return Parted()
        if _OPEN.startswith(start):
            self._held = otherwise
            return Parted()
        self._state, self._held = "text", ""
        return Parted(otherwise)

    def _inside(self) -> Parted:
        thought, tag, rest = self._held.partition(_CLOSE)
        if tag:
            self._state, self._held = "gap", rest
            return Parted(thought=thought)
        kept = _possible_tag(thought)
        self._held = thought[len(thought) - kept :]
        return Parted(thought=thought[: len(thought) - kept])


def _possible_tag(text: str) -> int:
    """How many characters at the end of `text` may be the start of the closing tag."""
    longest = min(len(text), len(_CLOSE) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(_CLOSE[:size])), 0)


def at_lone_close(text: str) -> Parted:
    """A text parted where a thinking part ends that never began. The tag has to begin or to end its line."""
    before, tag, after = text.partition(_CLOSE)
    begins_line, ends_line = not before or before.rstrip(" \t").endswith("\n"), after.lstrip(" \t")[:1] in {"", "\n"}
    if not tag or _OPEN in before or not (begins_line or ends_line):
        return Parted(text)
    return Parted(after.lstrip(), before.strip())


class Content(NamedTuple):
    """A `content` field: mostly text, sometimes a list of parts."""

    text: str = ""
    thought: str = ""
    unreadable: str = ""
    """The kind of a part that is neither."""


def read_content(content: Json) -> Content:
    match content:
        case None:
            return Content()
        case str():
            return Content(content)
        case list():
            return _joined([_part(part) for part in content])
        case _:
            return _part(content)


def _part(part: Json) -> Content:
    match part:
        case str():
            return Content(part)
        case {"type": "thinking" | "reasoning"}:
            return Content(thought=_first_text(part, ("thinking", "reasoning", "text")))
        case {"text": str(text)} | {"refusal": str(text)}:
            return Content(text)
        case {"type": str(kind)}:
            return Content(unreadable=kind)
        case _:
            return Content(unreadable=type(part).__name__)


def _first_text(part: dict[str, Json], names: tuple[str, ...]) -> str:
    for name in names:
        inner = read_content(part.get(name))
        if inner.text or inner.thought:
            return inner.text or inner.thought
    return ""


def _joined(parts: list[Content]) -> Content:
    unreadable = next((part.unreadable for part in parts if part.unreadable), "")
    return Content("".join(part.text for part in parts), "".join(part.thought for part in parts), unreadable)


# How models write a tool call when the server has no parser for them.
_WRITTEN_CALL: Final = re.compile(
    # Marks of their own: Hermes and Qwen, Mistral, Llama, Functionary, Claude, Nemotron, MiniMax, Gemma, LFM, Kimi,
    # DeepSeek, gpt-oss.
    r"<tool_call>|<TOOLCALL>|\[TOOL_CALLS\]|<\|python_tag\|>|<function=|<function_calls>|<(?:｜DSML｜)?invoke name="
    r"|<[\w.]+:tool_call>|<start_function_call>|```tool_code|<\|tool_calls?_(?:section_)?(?:begin|start)\|>"
    r"|<\|tool_call\|?>|<[|｜]tool▁calls?▁begin[|｜]>|<\|channel\|>\s*(?:commentary|analysis)\s+to=|<\|message\|>\s*\{"
    # An object, or a list of them, that names a function and what it is given, and nothing before it.
    r"|\A\s*(?:```(?:json)?\s*)?(?:\[\s*)?\{\s*(?:"
    r'"type"\s*:\s*"function"\s*,|"tool_calls"\s*:\s*\['
    r'|"(?:name|function|tool)"\s*:\s*"[\w.-]+"\s*,\s*"(?:arguments|parameters|args)"\s*:)'
    # Python, as Llama 4 and others write it; and the words of ReAct.
    r"|\A\s*\[\s*[A-Za-z_][\w.]*\((?:\s*\w+\s*=.*)?\)\s*\]\s*\Z"
    r"|^Action:[^\n]*\n+Action Input:",
    re.DOTALL | re.MULTILINE,
)


def has_written_call(text: str) -> bool:
    """Whether a text holds what looks like a tool call. It is shown as it is and never executed."""
    return _WRITTEN_CALL.search(text) is not None
