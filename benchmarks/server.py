"""A scripted chat-completions server that costs far less than any client of it. Runs as a process of its own.

The script stands in the address, so one server serves every loop at once:

    http://127.0.0.1:PORT/c5-t50-w0-r0/v1

    c5   call the tool `add` five times, one call an answer, then give the final answer
    t50  the final answer has 50 tokens, each a packet of its own
    w0   wait so many milliseconds before each answer
    r0   so many tokens a second; 0: as fast as it goes

How far a run has come is told by the tool results in the request. Every token is the instant it was sent at, in
microseconds of the monotonic clock of this machine, and a space: a client knows how late it is.
"""

import asyncio
import functools
import json
import time
from typing import NamedTuple

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
CHUNK = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"scripted","choices":'
    b'[{"index":0,"delta":%b,"finish_reason":%b}]}\n\n'
)
USAGE = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"scripted","choices":[],'
    b'"usage":{"prompt_tokens":10,"completion_tokens":50,"total_tokens":60}}\n\n'
)
ARGUMENT_PIECES = 4


class Script(NamedTuple):
    calls: int
    tokens: int
    wait_s: float
    rate: float


@functools.cache
def script_of(text: str) -> Script:
    fields = {part[0]: float(part[1:]) for part in text.split("-")}
    return Script(int(fields["c"]), int(fields["t"]), fields["w"] / 1000, fields["r"])


def framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def chunk(delta: bytes, finish_reason: bytes = b"null") -> bytes:
    return framed(CHUNK % (delta, finish_reason))


def ending(finish_reason: bytes, *, with_usage: bool) -> bytes:
    usage = framed(USAGE) if with_usage else b""
    return chunk(b"{}", finish_reason) + usage + framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"


@functools.cache
def call_chunks(number: int) -> tuple[bytes, ...]:
    """The next call of `add`, its arguments in pieces."""
    arguments = json.dumps({"a": number + 1, "b": 10 * (number + 1)})
    size = -(-len(arguments) // ARGUMENT_PIECES)
    pieces = [arguments[start : start + size] for start in range(0, len(arguments), size)]
    first = {"index": 0, "id": f"call_{number}", "type": "function", "function": {"name": "add", "arguments": ""}}
    later = [{"index": 0, "function": {"arguments": piece}} for piece in pieces]
    deltas = [{"role": "assistant", "content": None, "tool_calls": [first]}, *({"tool_calls": [one]} for one in later)]
    return tuple(chunk(json.dumps(delta, separators=(",", ":")).encode()) for delta in deltas)


class Connection(asyncio.Protocol):
    """One client; one answer at a time."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0)
        if len(body) >= length:
            self.buffer = body[length:]
            self.answer(head.split(b" ", 2)[1].decode(), body[:length])

    def answer(self, path: str, body: bytes) -> None:
        if not body:  # the screens ask for its list of models
            self.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            return
        script, request = script_of(path.split("/")[1]), json.loads(body)
        done = sum(message["role"] == "tool" for message in request["messages"])
        with_usage = bool((request.get("stream_options") or {}).get("include_usage"))
        say = functools.partial(self.call if done < script.calls else self.speak, script, done, with_usage=with_usage)
        if script.wait_s:
            self.loop.call_later(script.wait_s, say)
        else:
            say()

    def write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def call(self, _: Script, number: int, *, with_usage: bool) -> None:
        self.write(HEAD)
        for piece in call_chunks(number):
            self.write(piece)
        self.write(ending(b'"tool_calls"', with_usage=with_usage))

    def speak(self, script: Script, _: int, *, with_usage: bool) -> None:
        self.write(HEAD)
        self.write(chunk(b'{"role":"assistant","content":""}'))
        self.tokens(script, script.tokens, self.loop.time(), with_usage=with_usage)

    def tokens(self, script: Script, left: int, due: float, *, with_usage: bool) -> None:
        while left:
            self.write(chunk(b'{"content":"%d "}' % (time.monotonic_ns() // 1000)))
            left -= 1
            if script.rate and left:
                due += 1 / script.rate
                self.loop.call_at(due, functools.partial(self.tokens, script, left, due, with_usage=with_usage))
                return
        self.write(ending(b'"stop"', with_usage=with_usage))


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
