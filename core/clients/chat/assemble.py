"""A streamed answer put together: a pure function over chunks, where every quirk of a server has its one place."""

import re
from collections.abc import Iterable
from typing import Final

from core.clients.chat import lenient, words
from core.clients.chat.calls import CallBook
from core.clients.chat.chunks import DONE, Chunk, error_in, first_choice, is_whole, reason_in, thought_in, usage_in
from core.clients.chat.endings import Ending, fault_of, is_reason, note_on
from core.clients.chat.quick import Piece, piece_in
from core.clients.chat.sse import STRAY, ServerEvent
from core.clients.chat.text import Joiner, ThinkParter, at_lone_close, has_written_call, mended, read_content
from core.domain.canonical import Json
from core.domain.event import Exchange
from core.domain.message import Usage
from core.domain.model_call import Delta, Reply
from core.errors import Fault

_NO_DELTA: Final = Delta()
_BORDERS: Final = re.compile(rb"\r\n|\n|\r|\s*\bdata:\s*")
"""Between the events of servers that leave out the empty lines, or all line ends, or write the field's name twice."""
_HEARTBEATS: Final = frozenset({b"ping", b"heartbeat", b"keepalive", b"keep-alive"})


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
        if data in DONE:
            self.end()
        elif data and (piece := piece_in(data)):
            self._say(piece)
        elif data and not data.startswith(b":"):  # some gateways send the comments of others on as data
            try:
                chunk = lenient.parse(data)
            except ValueError:
                self._take_unreadable(data, event.name)
            else:
                self.feed(chunk, event.name)

    def _take_unreadable(self, data: bytes, event: bytes) -> None:
        parts = _BORDERS.split(data)
        if len(parts) > 1 and all(map(is_whole, parts)):
            for part in parts:
                if not self._is_done and not self.fault:
                    self.take(ServerEvent(part, event))
        elif event == b"error":
            self._break("stream_error", words.of_body(data))
        elif event != STRAY and event not in _HEARTBEATS:
            self._break("stream_malformed", f"A chunk of the stream is no JSON: {words.excerpt(data)}")

    def take_unfinished(self, event: ServerEvent) -> None:
        """Take an event that the end of the stream left open, if it happens to be whole."""
        if is_whole(event.data) or all(map(is_whole, event.data.splitlines())):
            self.take(event)

    def end(self) -> None:
        """Nothing more belongs to the answer: `[DONE]`, or the end of a whole document."""
        self._is_done = True

    def feed(self, chunk: Json, event: bytes = b"") -> None:
        """Take one chunk; `event` is the name its event had."""
        if isinstance(chunk, list) and chunk and all(isinstance(one, dict) for one in chunk):
            for one in chunk:  # Google wraps errors like that
                self.feed(one, event)
            return
        if not isinstance(chunk, dict):
            if chunk is not None:
                self._break("stream_malformed", f"A chunk of the stream is no JSON object: {words.shown(chunk)}")
            return
        choice = first_choice(chunk)
        if (error := error_in(chunk, choice, event)) is not None:
            self._break("stream_error", words.of_error(error), words.status_in(error))
        elif event != STRAY:
            self._about(chunk, choice)
            if choice is not None:
                self._choose(choice)

    def take_lines(self, chunks: Iterable[Json]) -> None:
        """Take the chunks of a stream that came as lines of JSON instead of events."""
        for chunk in chunks:
            if not self.fault:
                self.feed(chunk)

    def take_whole(self, document: Json) -> None:
        """Take a whole completion, sent instead of a stream."""
        self.feed(document)
        if self.fault is None and not (isinstance(document, dict) and document.get("choices")):
            self._break("stream_malformed", f"The answer is no chat completion: {words.shown(document)}")
        self.end()

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
        self._part_at_lone_close()
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

    def _about(self, chunk: Chunk, choice: Chunk | None) -> None:
        if not self.model and isinstance(model := chunk.get("model"), str):
            self.model = mended(model)
        if not self.provider and isinstance(provider := chunk.get("provider"), str):
            self.provider = mended(provider)
        self._usage = usage_in(chunk, choice) or self._usage

    def _choose(self, choice: Chunk) -> None:
        delta, message = choice.get("delta"), choice.get("message")
        if delta and isinstance(delta, dict):
            self._message(delta)
            if calls := delta.get("tool_calls"):
                self._calls.add(calls)
            self._calls.add_legacy(delta.get("function_call"))
        elif isinstance(message, dict):
            self._whole_message(message)
        elif isinstance(text := choice.get("text"), str):  # the protocol before there were chats
            self._add_text(text)
        reason = reason_in(choice)
        if not self._finish_reason and is_reason(reason):
            self._finish_reason = mended(reason)

    def _whole_message(self, message: Chunk) -> None:
        """The message of an answer that is no stream; some servers say it once more at the end of one."""
        if not self.has_content:
            self._message(message)
        if not self._calls:
            self._calls.add_whole(message.get("tool_calls"))
            self._calls.add_legacy(message.get("function_call"))

    def _message(self, message: Chunk) -> None:
        if thought := thought_in(message):
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

    def _part_at_lone_close(self) -> None:
        """Templates that begin the thinking in the prompt leave only its end in the answer."""
        whole = "".join(self._text)
        text, thought = at_lone_close(whole)
        if text != whole:
            self._text, self._tagged = [text], [*self._tagged, thought]
            self._note("The answer holds the end of a thinking part; what stood before it is shown as reasoning.")

    def _reasoning(self) -> str:
        own, tagged = "".join(self._thought), "".join(self._tagged)
        if not own or not tagged or own.strip() == tagged.strip():
            return own or tagged
        return f"{own}\n\n{tagged}"

    def _note(self, note: str) -> None:
        if note:
            self._notes[note] = None

    def _break(self, kind: words.StreamFault, message: str, status: int | None = None) -> None:
        if kind == "stream_malformed" and self.is_complete:
            self._note(f"What followed the complete answer cannot be read. {message}")
        elif self.fault is None:
            self.fault = Fault(kind, message, status)
