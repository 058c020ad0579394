"""A streamed answer put together: a pure function over chunks, where every quirk of a server has its one place."""

import contextlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from core.clients.chat import lenient, words
from core.clients.chat.calls import CallBook
from core.clients.chat.endings import Ending, fault_of, note_on
from core.clients.chat.quick import Piece, piece_in
from core.clients.chat.sse import ServerEvent
from core.clients.chat.text import Joiner, ThinkParter, has_written_call, mended, read_content
from core.domain.canonical import Json
from core.domain.event import Exchange
from core.domain.message import Usage
from core.domain.model_call import Delta, Reply
from core.errors import Fault

_NO_DELTA: Final = Delta()


def assemble(chunks: Iterable[Json], seed: str = "", *, is_done: bool = False) -> Reply:
    """The reply that these chunks make. `is_done`: `[DONE]` followed them."""
    assembler = Assembler(seed)
    for chunk in chunks:
        assembler.feed(chunk)
    if is_done:
        assembler.end()
    return assembler.reply()


class Assembler:
    """Takes one chunk after the other. `seed` makes the ids that the server left out."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self.fault: Fault | None = None
        """An error that the server sent inside the stream, or a chunk that nobody can read."""
        self.model = ""
        self.provider = ""
        self._is_done = False
        self._finish_reason = ""
        self._usage: Usage | None = None
        self._calls = CallBook()
        self._notes: dict[str, None] = {}
        self._think = ThinkParter()
        self._text_joiner, self._thought_joiner = Joiner(), Joiner()
        self._text: list[str] = []
        self._thought: list[str] = []
        self._tagged: list[str] = []
        """Thinking found in the text, beside a field of its own: some servers send it twice."""
        self._new_text: list[str] = []
        self._new_thought: list[str] = []

    @property
    def is_complete(self) -> bool:
        """Whether the server has said everything that decides about the answer."""
        return self._is_done or bool(self._finish_reason)

    @property
    def is_done(self) -> bool:
        return self._is_done

    @property
    def has_content(self) -> bool:
        return bool(self._text or self._thought or self._tagged or self._calls)

    def take(self, event: ServerEvent) -> None:
        """Take one event of a stream."""
        data = event.data.strip()
        if data == b"[DONE]":
            self.end()
        elif data and (piece := piece_in(data)):
            self._say(piece)
        elif data:
            try:
                self.feed(lenient.parse(data), event.name)
            except ValueError:
                self._break("stream_malformed", f"A chunk of the stream is no JSON: {words.excerpt(data)}")

    def take_unfinished(self, event: ServerEvent) -> None:
        """Take an event that the end of the stream left open, if it happens to be whole."""
        with contextlib.suppress(ValueError):
            if event.data.strip() != b"[DONE]":
                lenient.parse(event.data)
            self.take(event)

    def end(self) -> None:
        """Nothing more belongs to the answer: `[DONE]`, or the end of a whole document."""
        self._is_done = True

    def feed(self, chunk: Json, event: bytes = b"") -> None:
        """Take one chunk; `event` is the name its event had."""
        if not isinstance(chunk, dict):
            self._break("stream_malformed", f"A chunk of the stream is no JSON object: {words.shown(chunk)}")
            return
        choice = _choice(chunk)
        if (error := _error_in(chunk, choice, event)) is not None:
            self._break("stream_error", words.of_error(error), words.status_in(error))
            return
        self._about(chunk, choice)
        if choice is not None:
            self._choose(choice)

    def take_whole(self, document: Json) -> None:
        """Take a whole completion, sent instead of a stream."""
        self.feed(document)
        self.end()
        if self.fault is None and not document.get("choices"):
            self._break("stream_malformed", f"The answer is no chat completion: {words.shown(document)}")

    def take_delta(self) -> Delta | None:
        """What is new to read since the last time, or None."""
        if not self._new_text and not self._new_thought:
            return None
        delta = Delta("".join(self._new_text), "".join(self._new_thought))
        self._new_text.clear()
        self._new_thought.clear()
        return delta if delta != _NO_DELTA else None

    def reply(self, broken: Fault | None = None, exchange: Exchange | None = None) -> Reply:
        """The answer as far as it came. `broken`: the connection failed; no matter if all had been said."""
        self._close_texts()
        text = "".join(self._text)
        calls = self._calls.finished(self._seed)
        reasoning = self._reasoning()
        ending = Ending(self._finish_reason, self._is_done, bool(text.strip()), bool(calls), bool(reasoning))
        if broken is not None and self.is_complete:
            self._note(f"The connection failed after the answer was complete: {broken.message}")
            broken = None
        self._note(note_on(self._finish_reason))
        if made := sum(call.made_id for call in calls):
            self._note(f"The server sent no usable id for {made} of {len(calls)} tool calls; ids were made here.")
        if has_written_call(text):
            self._note("The text holds what looks like a tool call: the server has no tool parser for this model.")
        return Reply(
            text=text,
            reasoning=reasoning,
            calls=calls,
            finish_reason=self._finish_reason,
            usage=self._usage,
            notes=tuple(self._notes),
            exchange=exchange or Exchange(),
            fault=self.fault or broken or fault_of(ending),
        )

    def _say(self, piece: Piece) -> None:
        self.model = self.model or piece.model or ""
        self.provider = self.provider or piece.provider or ""
        if thought := piece.thought:
            self._add_thought(thought)
        if text := piece.text:
            self._add_text(text)

    def _about(self, chunk: dict[str, Json], choice: dict[str, Json] | None) -> None:
        if not self.model and isinstance(model := chunk.get("model"), str):
            self.model = mended(model)
        if not self.provider and isinstance(provider := chunk.get("provider"), str):
            self.provider = mended(provider)
        reported = chunk.get("usage") or (choice and choice.get("usage"))
        if isinstance(reported, dict):
            self._usage = _usage(reported) or self._usage

    def _choose(self, choice: dict[str, Json]) -> None:
        delta, message = choice.get("delta"), choice.get("message")
        if isinstance(delta, dict):
            self._message(delta)
            if calls := delta.get("tool_calls"):
                self._calls.add(calls)
        elif isinstance(message, dict) and not self.has_content:
            self._message(message)
            if calls := message.get("tool_calls"):
                self._calls.add_whole(calls)
        reason = choice.get("finish_reason")
        if not self._finish_reason and isinstance(reason, str):
            self._finish_reason = mended(reason)

    def _message(self, message: dict[str, Json]) -> None:
        thought = message.get("reasoning_content") or message.get("reasoning")
        if thought and isinstance(thought, str):
            self._add_thought(thought)
        content = message.get("content")
        if content:
            self._content(content)
        refusal = message.get("refusal")
        if refusal and isinstance(refusal, str):
            self._note("The model sent this text as a refusal.")
            self._add_text(refusal)

    def _content(self, content: Json) -> None:
        text, thought, unreadable = (content, "", "") if isinstance(content, str) else read_content(content)
        if unreadable:
            self._note(f"The answer holds a part that is no text and is not shown: {mended(unreadable)}")
        if thought:
            self._add_thought(thought)
        if text:
            self._add_text(text)

    def _add_text(self, piece: str) -> None:
        text, thought = self._think.add(self._text_joiner.add(piece))
        self._keep_text(text)
        self._keep_tagged(thought)

    def _add_thought(self, piece: str) -> None:
        if whole := self._thought_joiner.add(piece):
            self._thought.append(whole)
            self._new_thought.append(whole)

    def _keep_text(self, text: str) -> None:
        if text:
            self._text.append(text)
            self._new_text.append(text)

    def _keep_tagged(self, thought: str) -> None:
        if thought:
            self._tagged.append(thought)
            if not self._thought:
                self._new_thought.append(thought)

    def _close_texts(self) -> None:
        self._add_text(self._text_joiner.close())
        text, thought = self._think.close()
        self._keep_text(text)
        self._keep_tagged(thought)
        self._thought += [half] if (half := self._thought_joiner.close()) else []

    def _reasoning(self) -> str:
        own, tagged = "".join(self._thought), "".join(self._tagged)
        if not own or not tagged or own.strip() == tagged.strip():
            return own or tagged
        return f"{own}\n\n{tagged}"

    def _note(self, note: str) -> None:
        if note:
            self._notes[note] = None

    def _break(self, kind: words.StreamFault, message: str, status: int | None = None) -> None:
        if self.fault is None:
            self.fault = Fault(kind, message, status)


def _choice(chunk: dict[str, Json]) -> dict[str, Json] | None:
    """The first choice: others were not asked for."""
    choices = chunk.get("choices")
    if not isinstance(choices, list):
        return None
    return next((one for one in choices if isinstance(one, dict) and one.get("index") in (0, None)), None)


def _error_in(chunk: dict[str, Json], choice: dict[str, Json] | None, event: bytes) -> Json:
    """An error where servers put it: beside the choices, inside one, or instead of them."""
    if error := chunk.get("error"):
        return error
    if choice is not None:
        return choice.get("error") or None
    is_error = event == b"error" or chunk.get("object") == "error"
    has_words = any(isinstance(chunk.get(name), str) for name in ("message", "detail"))
    return chunk if is_error or (has_words and not chunk.get("choices")) else None


def _usage(reported: dict[str, Json]) -> Usage | None:
    prompt, completion = _count(reported.get("prompt_tokens")), _count(reported.get("completion_tokens"))
    total = _count(reported.get("total_tokens"))
    if prompt is completion is total is None:
        return None
    prompt, completion = prompt or 0, completion or 0
    return Usage(prompt, completion, prompt + completion if total is None else total, _cost(reported.get("cost")))


def _count(value: Json) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return int(value) if 0 <= value < 2**53 else None


def _cost(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value) if 0 <= value < 10**9 else None
