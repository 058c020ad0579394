"""The chunk that nearly every chunk is, a piece of text and nothing else, read in a fraction of the time.

It only decides whether a chunk is of that kind. Whatever is not goes the long way, where the quirks are known.
"""

from typing import Final, Literal

import msgspec

_Nothing = Literal[""] | None


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    reasoning_text: _Nothing = None
    reasoning_details: tuple[()] | None = None
    thinking: _Nothing = None
    tool_calls: tuple[()] | None = None
    refusal: _Nothing = None
    function_call: None = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Delta
    index: Literal[0] | None = None
    message: None = None
    finish_reason: _Nothing = None
    error: None = None
    usage: None = None


class Piece(msgspec.Struct, gc=False):
    """A chunk that says a piece of text."""

    choices: tuple[_Choice]
    model: str | None = None
    provider: str | None = None
    x_groq: None = None
    error: None = None
    usage: None = None

    @property
    def text(self) -> str:
        return self.choices[0].delta.content or ""

    @property
    def thought(self) -> str:
        delta = self.choices[0].delta
        return delta.reasoning_content or delta.reasoning or ""


_decode: Final = msgspec.json.Decoder(Piece).decode


def piece_in(data: bytes) -> Piece | None:
    """The piece of text that a chunk is, or None when it is anything more, less or else."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
