"""What a scripted endpoint can say: good answers of the protocol, and every way to break one."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Ending = Literal["clean", "cut", "reset", "stall"]
"""`clean`: as HTTP says. `cut`: closed in the middle. `reset`: TCP RST. `stall`: silent, but open."""
Framing = Literal["chunked", "length", "close"]
"""How the end of the body is marked; `close`: neither a length nor chunks, the connection just ends."""

MODEL = "scripted"
_USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


@dataclass(frozen=True)
class Answer:
    """What the server says to one request. Every piece goes out as one packet (and one HTTP chunk)."""

    pieces: tuple[bytes, ...] = ()
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/event-stream"),)
    framing: Framing = "chunked"
    ending: Ending = "clean"
    hold: threading.Event | None = None
    """Waited for before the last piece."""
    hold_headers: threading.Event | None = None
    delay_s: float = 0.0
    """Between two pieces: only for what a person looks at, never to synchronise a test."""
    verbatim: bytes = b""
    """Sent as it is instead of everything above; then the connection is closed."""

    def cut_after(self, pieces: int) -> "Answer":
        """Close the connection after so many pieces, in the middle of the body."""
        return replace(self, pieces=self.pieces[:pieces], ending="cut")

    def ends_after(self, pieces: int) -> "Answer":
        """End the body cleanly after so many pieces, as if that were all."""
        return replace(self, pieces=self.pieces[:pieces])

    def reset_after(self, pieces: int) -> "Answer":
        return replace(self, pieces=self.pieces[:pieces], ending="reset")

    def stall_after(self, pieces: int) -> "Answer":
        """Say nothing more after so many pieces, until the client goes away."""
        return replace(self, pieces=self.pieces[:pieces], ending="stall")

    def held_by(self, gate: threading.Event) -> "Answer":
        """Keep the last piece back until `gate` is set."""
        return replace(self, hold=gate)

    def headers_held_by(self, gate: threading.Event) -> "Answer":
        """Keep even the status line back until `gate` is set."""
        return replace(self, hold_headers=gate)

    def in_packets_of(self, size: int) -> "Answer":
        """The same bytes, cut without regard for what they mean."""
        whole = b"".join(self.pieces)
        return replace(self, pieces=tuple(whole[i : i + size] for i in range(0, len(whole), size)))

    def in_one_packet(self) -> "Answer":
        return replace(self, pieces=(b"".join(self.pieces),))

    def framed(self, framing: Framing) -> "Answer":
        return replace(self, framing=framing)

    def paced(self, delay_s: float) -> "Answer":
        return replace(self, delay_s=delay_s)

    def with_header(self, name: str, value: str) -> "Answer":
        kept = tuple(header for header in self.headers if header[0].lower() != name.lower())
        return replace(self, headers=(*kept, (name, value)))

    def without_header(self, name: str) -> "Answer":
        return replace(self, headers=tuple(header for header in self.headers if header[0].lower() != name.lower()))


def event(data: object) -> bytes:
    """One server-sent event; `data` is JSON, or text as it is."""
    text_ = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"data: {text_}\n\n".encode()


def chunk(delta: object = None, finish_reason: str | None = None, **more: object) -> dict[str, Any]:
    """One `chat.completion.chunk` with one choice."""
    choice = {"index": 0, "delta": delta if delta is not None else {}, "finish_reason": finish_reason}
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    return frame | {"choices": [choice]} | more


def usage_chunk(usage: Mapping[str, object] | None = None) -> dict[str, Any]:
    """The last chunk of a stream that was asked for token counts."""
    return chunk() | {"choices": [], "usage": dict(usage or _USAGE)}


def stream(*chunks: object) -> Answer:
    """Exactly these events, and nothing added: no `[DONE]`, no usage."""
    return Answer(pieces=tuple(one if isinstance(one, bytes) else event(one) for one in chunks))


def text(*words: str, finish_reason: str | None = "stop", usage: Mapping[str, object] | None = None) -> Answer:
    """A good answer of text: one piece for the role, one a word, then the ending, usage, `[DONE]`."""
    deltas = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": word}) for word in words)]
    return stream(*deltas, chunk({}, finish_reason), usage_chunk(usage), "[DONE]")


def calls(
    *wanted: tuple[str, str],
    ids: Sequence[str] = (),
    words: Sequence[str] = (),
    usage: Mapping[str, object] | None = None,
) -> Answer:
    """A good answer of tool calls `(name, arguments)`, arguments in two deltas each; `words` come before."""
    deltas = [chunk({"content": word}) for word in words]
    for index, (name, arguments) in enumerate(wanted):
        call_id = ids[index] if ids else f"call_{index}"
        half = len(arguments) // 2
        head = {"index": index, "id": call_id, "type": "function"}
        first = head | {"function": {"name": name, "arguments": arguments[:half]}}
        rest = {"index": index, "function": {"arguments": arguments[half:]}}
        deltas += [chunk({"tool_calls": [first]}), chunk({"tool_calls": [rest]})]
    return stream(*deltas, chunk({}, "tool_calls"), usage_chunk(usage), "[DONE]")


def status(code: int, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer that is no stream: `body` is JSON, text or bytes as they are."""
    pieces: tuple[bytes, ...] = ()
    match body:
        case None:
            kind = "text/plain"
        case bytes():
            pieces, kind = (body,), "application/octet-stream"
        case str():
            pieces, kind = (body.encode(),), "text/html" if body.lstrip().startswith("<") else "text/plain"
        case _:
            pieces, kind = (json.dumps(body).encode(),), "application/json"
    given = tuple((headers or {}).items())
    named = {name.lower() for name, _ in given}
    kinds = () if "content-type" in named else (("content-type", kind),)
    return Answer(pieces=pieces, status=code, headers=(*kinds, *given), framing="length")


def completion(message: object, finish_reason: str | None = "stop", **more: object) -> Answer:
    """A whole `chat.completion` as JSON, as a server answers that does not stream."""
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    frame = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL, "usage": _USAGE}
    return status(200, frame | {"choices": [choice]} | more)


def stall() -> Answer:
    """Take the request and never answer."""
    return Answer(verbatim=b"", ending="stall", framing="close", status=0)


def drop() -> Answer:
    """Take the request and close the connection without a word."""
    return Answer(status=0, ending="cut", framing="close")


def raw(data: bytes) -> Answer:
    """These bytes on the socket, status line and all; then the connection is closed."""
    return Answer(verbatim=data)


def thinking(thoughts: Sequence[str], answer: str, gate: threading.Event) -> Answer:
    """An answer that thinks first; the words that are meant to be read wait for `gate`."""
    head = stream(*(chunk({"reasoning_content": thought}) for thought in thoughts))
    rest = stream(chunk({"content": answer}), chunk({}, "stop"), usage_chunk(), "[DONE]")
    return replace(head, pieces=(*head.pieces, b"".join(rest.pieces))).held_by(gate)
