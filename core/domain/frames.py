"""What watchers of a run are sent: pieces of text as they come, and the place of each new journal entry."""

import msgspec

from core.domain.event import Kind


class TextFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="text"):
    """A piece of the answer under way. With `reset` it replaces what was shown, else it is appended."""

    effect: str
    attempt: int
    text: str = ""
    reasoning: str = ""
    waiting: str = ""
    """Why nothing comes yet, for a person."""
    reset: bool = False


class EntryFrame(msgspec.Struct, frozen=True):
    """A journal entry became durable; whoever wants it reads the journal."""

    kind: Kind
    seq: int


Frame = TextFrame | EntryFrame


class TextCursor:
    """Remembers how much of the answer a watcher has seen, so that nothing is sent twice and nothing is missed."""

    def __init__(self) -> None:
        self._place = ("", 0)
        self._text = 0
        self._reasoning = 0
        self._waiting = ""

    def seen(self, effect: str, attempt: int) -> tuple[int, int]:
        """Characters of text and of reasoning of this attempt that were sent already."""
        return (self._text, self._reasoning) if self._place == (effect, attempt) else (0, 0)

    def frame(self, effect: str, attempt: int, text: str, reasoning: str, waiting: str = "") -> TextFrame | None:
        """What is new of an attempt whose whole text so far is given; None when nothing is."""
        reset = self._place != (effect, attempt)
        text_seen, reasoning_seen = self.seen(effect, attempt)
        more, thought = text[text_seen:], reasoning[reasoning_seen:]
        if not more and not thought and not reset and waiting == self._waiting:
            return None
        self._waiting = waiting
        self._place = (effect, attempt)
        self._text, self._reasoning = max(len(text), text_seen), max(len(reasoning), reasoning_seen)
        return TextFrame(effect=effect, attempt=attempt, text=more, reasoning=thought, waiting=waiting, reset=reset)
