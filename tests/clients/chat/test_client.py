"""The client against real sockets: what goes out, what comes back, and every way in which a server lets one down."""

import asyncio
import gc
import gzip
import threading

import pytest

from core.clients.chat import reading, transport
from core.errors import Fault
from tests.support.scripted import (
    Answer,
    ScriptedServer,
    calls,
    chunk,
    completion,
    drop,
    event,
    raw,
    stall,
    status,
    stream,
    text,
)

WORDS = ("one ", "two ", "three")


# What goes out


async def test_the_recorded_bytes_go_out_as_they_are(ask):
    body = '{"model": "m",\n "messages":[{"role":"assistant","content":null}], "x":"é\\u00e9", "response_format":{"type":"json_schema","json_schema":{"schema":{"default":null}}}}'.encode()
    with ScriptedServer(text("a")) as server:
        reply = await ask(server, body=body)
    assert reply.fault is None
    assert server.requests[0].body == body
    assert server.requests[0].headers["content-length"] == str(len(body))
    assert server.requests[0].headers["content-type"] == "application/json"
    assert server.requests[0].headers["accept-encoding"] == "identity"


async def test_an_answer_takes_exactly_one_request_even_when_it_fails(ask):
    failures = [status(500), status(429, {"error": "x"}), drop(), text("a").cut_after(1), text("a").reset_after(0)]
    with ScriptedServer(*failures) as server:  # leaving it fails if there were more, or fewer
        for _ in failures:
            assert (await ask(server)).fault
    assert len(server.requests) == len(failures)


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("", "/v1/chat/completions"),
        ("/", "/v1/chat/completions"),
        ("/v1", "/v1/chat/completions"),
        ("/v1/", "/v1/chat/completions"),
        ("/api", "/api/v1/chat/completions"),
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/v1?version=7", "/v1/chat/completions?version=7"),
    ],
)
async def test_the_final_address_is_shown(ask, base, path):
    with ScriptedServer(text("a")) as server:
        reply = await ask(f"http://127.0.0.1:{server.port}{base}")
    assert server.requests[0].path == path
    assert reply.exchange.url == f"http://127.0.0.1:{server.port}{path}"


async def test_what_this_machine_runs_is_nobodys_business(ask):
    with ScriptedServer(text("a")) as server:
        await ask(server)
    assert server.requests[0].headers["user-agent"] == "aryabhatta"


async def test_cookies_are_not_kept(ask):
    with ScriptedServer(text("a").with_header("set-cookie", "id=7; Path=/"), text("a")) as server:
        await ask(server)
        await ask(server)
    assert "cookie" not in server.requests[1].headers


# What comes back


async def test_text_comes_live(ask):
    gate, seen = threading.Event(), []

    def on_delta(delta):
        seen.append(delta.text)
        if delta.text.endswith("three"):
            gate.set()  # the server ends its answer only when the last word has been shown

    with ScriptedServer(text(*WORDS).held_by(gate)) as server:
        reply = await ask(server, on_delta=on_delta, limit_s=10)
    assert "".join(seen) == "".join(WORDS)
    assert (reply.text, reply.fault, reply.finish_reason) == ("one two three", None, "stop")
    assert reply.usage.total_tokens == 15


async def test_calls_come_whole(ask):
    with ScriptedServer(calls(("f", '{"a":1}'), ("g", "{}"), words=["Let me see."])) as server:
        reply = await ask(server)
    assert [(call.id, call.name, call.arguments) for call in reply.calls] == [
        ("call_0", "f", '{"a":1}'),
        ("call_1", "g", "{}"),
    ]
    assert reply.text == "Let me see."


async def test_the_exchange_is_kept(ask):
    answer = text("a").with_header("X-Request-Id", "req-7").with_header("X-Inference-Provider", "groq")
    with ScriptedServer(answer) as server:
        exchange = (await ask(server)).exchange
    assert (exchange.status, exchange.request_id, exchange.provider) == (200, "req-7", "groq")
    assert exchange.model == "scripted"
    assert 0 < exchange.headers_ms <= exchange.first_token_ms <= exchange.total_ms < 10_000


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 1_000_000])
async def test_packets_may_be_cut_anywhere(ask, size):
    answer = stream(chunk({"content": "é😀\u2028"}), chunk({"content": "b"}), chunk({}, "stop"), "[DONE]")
    with ScriptedServer(answer.in_packets_of(size)) as server:
        reply = await ask(server)
    assert (reply.text, reply.fault) == ("é😀\u2028b", None)


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_every_framing_of_http(ask, framing):
    with ScriptedServer(text("a").framed(framing)) as server:
        assert (await ask(server)).text == "a"


async def test_connections_are_used_again(ask):
    with ScriptedServer(*[text("a")] * 5, status(500, {"error": "x"}), text("a")) as server:
        for _ in range(7):
            await ask(server)
    assert server.connections == 1


async def test_many_at_once_do_not_mix(ask):
    def respond(request):
        return text(*(f"{request.json['n']} " for _ in range(5)))

    with ScriptedServer(respond=respond) as server:
        replies = await asyncio.gather(*(ask(server, body=b'{"n":%d}' % n) for n in range(40)))
    assert [reply.text for reply in replies] == [f"{n} " * 5 for n in range(40)]


async def test_a_compressed_stream_is_read_although_nobody_asked_for_one(ask):
    packed = gzip.compress(b"".join(text("a").pieces))
    with ScriptedServer(
        Answer(pieces=(packed,))
        .with_header("content-type", "text/event-stream")
        .with_header("content-encoding", "gzip")
    ) as server:
        assert (await ask(server)).text == "a"


async def test_a_stream_that_claims_to_be_compressed(ask):
    with ScriptedServer(text("a").with_header("content-encoding", "gzip")) as server:
        assert (await ask(server)).fault.kind == "stream_malformed"


# Answers that are no event stream


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (status(200, "<html><title>Sign in</title>Please log in</html>"), "stream_malformed", "Sign in"),
        (status(200, b"garbage"), "stream_malformed", "garbage"),
        (status(200, {"error": {"message": "no credit", "code": 402}}), "payment_required", "no credit"),
        (status(200, {"error": "boom"}), "server_error", "boom"),
        (status(200, {"hello": "world"}), "stream_malformed", "hello"),
        (status(200, [1, 2]), "stream_malformed", "[1,2]"),
        (status(200), "empty_response", "200"),
        (status(204), "empty_response", "204"),
        (stream(), "empty_response", "empty body"),
        (stream(b": only a comment\n\n"), "stream_incomplete", "without"),
        (stream(b'{"error":{"message":"boom"}}'), "server_error", "boom"),
        (stream("[DONE]"), "empty_response", "neither"),
    ],
)
async def test_a_200_that_is_no_answer(ask, answer, kind, said):
    with ScriptedServer(answer) as server:
        fault = (await ask(server)).fault
    assert fault.kind == kind
    assert said in fault.message
    assert "<" not in fault.message


async def test_a_whole_completion_is_an_answer(ask):
    seen = []
    with ScriptedServer(completion({"role": "assistant", "content": "a"})) as server:
        reply = await ask(server, on_delta=seen.append)
    assert (reply.text, reply.fault, reply.usage.total_tokens) == ("a", None, 15)
    assert [delta.text for delta in seen] == ["a"]
    assert reply.exchange.first_token_ms is not None


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/octet-stream", None])
async def test_a_stream_under_another_name(ask, kind):
    answer = text("a").without_header("content-type")
    with ScriptedServer(answer.with_header("content-type", kind) if kind else answer) as server:
        assert (await ask(server)).text == "a"


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"\n\n", b": hello\n\n", b"id: 1\n", b""])
async def test_a_stream_under_another_name_is_live_and_ends_with_its_end_mark(ask, start):
    gate, seen = threading.Event(), []

    def on_delta(delta):
        seen.append(delta.text)
        gate.set()

    answer = text("a", "b").with_header("content-type", "text/plain")
    begun = Answer(pieces=(start + answer.pieces[0], *answer.pieces[1:3], b"".join(answer.pieces[3:])))
    held = begun.with_header("content-type", "text/plain").held_by(gate).stall_after(4)
    with ScriptedServer(held) as server:
        reply = await ask(server, on_delta=on_delta, limit_s=5)
    assert (reply.text, reply.fault, "".join(seen)) == ("ab", None, "ab")


async def test_an_answer_that_goes_on_after_its_reason_is_read_on(ask, monkeypatch):
    monkeypatch.setattr(reading, "_AFTERWORD_S", 0.6)
    pieces = [chunk({"content": word}, "stop") for word in "abcdefgh"]
    with ScriptedServer(stream(*pieces, "[DONE]").paced(0.1)) as server:
        reply = await ask(server)
    assert (reply.text, reply.fault) == ("abcdefgh", None)


async def test_a_media_type_may_have_parameters(ask):
    with ScriptedServer(text("a").with_header("content-type", "Text/Event-Stream; charset=utf-8")) as server:
        assert (await ask(server)).text == "a"


# Servers that fail


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize(
    ("code", "kind"), [(400, "bad_request"), (422, "bad_request"), (429, "rate_limited"), (503, "server_error")]
)
async def test_an_error_is_told_in_the_servers_words_however_it_is_framed(ask, framing, code, kind):
    with ScriptedServer(
        status(code, [{"error": {"message": "words"}}], {"Retry-After": "3"}).framed(framing)
    ) as server:
        reply = await ask(server)
    assert reply.fault == Fault(kind, "words", code, 3.0)
    assert reply.exchange.status == code


async def test_130_errors_do_not_use_up_the_connections(ask):
    failures = [status(429, {"error": "slow"}).framed("chunked")] * 130
    with ScriptedServer(*failures, text("a")) as server:
        for _ in failures:
            assert (await ask(server)).fault.message == "slow"
        assert (await ask(server, limit_s=10)).text == "a"


async def test_130_errors_whose_body_never_ends_do_not_use_up_the_connections(ask, monkeypatch):
    monkeypatch.setattr(transport, "_REFUSAL_LIMIT_S", 0.5)
    failures = [Answer(pieces=(b'{"error":"half',), status=500, ending="stall")] * 130
    with ScriptedServer(*failures, text("a")) as server:
        replies = await asyncio.gather(*(ask(server) for _ in failures))
        assert {reply.fault.message for reply in replies} == {'{"error":"half'}
        assert (await ask(server, limit_s=10)).text == "a"


async def test_a_huge_error_is_read_to_a_bound(ask):
    huge = Answer(pieces=(b"x" * 200_000,), status=500, ending="stall")
    with ScriptedServer(huge) as server:
        reply = await ask(server, limit_s=4)
        assert reply.fault.kind == "server_error"
        assert len(reply.fault.message) < 3_000
        assert await asyncio.to_thread(server.requests[0].gone.wait, 5)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (text(*WORDS).reset_after(3), "stream_incomplete"),
        (text(*WORDS).cut_after(3), "stream_incomplete"),
        (text(*WORDS).ends_after(3), "stream_incomplete"),
        (text(*WORDS).framed("close").cut_after(3), "stream_incomplete"),
        (text(*WORDS).with_header("content-type", "application/json").cut_after(3), "stream_incomplete"),
        (text(*WORDS).stall_after(3), "timeout"),
        (
            stream(chunk({"content": "one "}), chunk({"content": "two "}), event({"error": {"message": "boom"}})),
            "stream_error",
        ),
        (stream(chunk({"content": "one "}), chunk({"content": "two "}), "{bad"), "stream_malformed"),
        (stream(chunk({"content": "one "}), chunk({"content": "two "}, "length")), "truncated"),
    ],
)
async def test_what_had_come_stays(ask, answer, kind):
    with ScriptedServer(answer) as server:
        reply = await ask(server, timeout_s=0.3)
    assert (reply.text, reply.fault.kind) == ("one two ", kind)
    assert reply.exchange.status == 200


async def test_a_call_cut_in_two_is_shown_beside_the_fault(ask):
    with ScriptedServer(calls(("f", '{"a":1}')).cut_after(1)) as server:
        reply = await ask(server)
    assert reply.fault.kind == "stream_incomplete"
    assert reply.calls[0].arguments == '{"a'


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (drop(), "connection"),
        (stall(), "timeout"),
        (raw(b"HTTP/1.1 200"), "connection"),
        (raw(b"not http at all\r\n\r\n"), "connection"),
        (
            raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
            "stream_incomplete",
        ),
    ],
)
async def test_servers_that_do_not_even_speak_http(ask, answer, kind):
    with ScriptedServer(answer) as server:
        fault = (await ask(server, timeout_s=0.3)).fault
    assert fault.kind == kind
    assert fault.message


async def test_nobody_listens(ask):
    server = ScriptedServer()
    server.stop()
    reply = await ask(server)
    assert reply.fault.kind == "connection"
    assert "refused" in reply.fault.message.lower()
    assert reply.exchange.url.endswith("/v1/chat/completions")


async def test_a_redirect_is_not_followed(ask):
    with ScriptedServer() as other, ScriptedServer(status(307, None, {"location": other.base_url})) as server:
        reply = await ask(server, key="sk-secret-key")
        assert reply.fault.kind == "not_found"
        assert other.base_url in reply.fault.message
        assert other.requests == []


async def test_the_answer_counts_although_the_connection_broke_after_it(ask):
    with ScriptedServer(text("a").reset_after(3)) as server:  # role, word, finish_reason
        reply = await ask(server)
    assert (reply.text, reply.fault) == ("a", None)
    assert "after the answer was complete" in reply.notes[0]


async def test_a_finished_answer_does_not_wait_for_token_counts_for_ever(ask, monkeypatch):
    monkeypatch.setattr(reading, "_AFTERWORD_S", 0.2)
    with ScriptedServer(text("a").stall_after(3)) as server:
        reply = await ask(server)
    assert (reply.text, reply.fault, reply.notes) == ("a", None, ())


async def test_done_is_the_end_even_if_the_connection_stays_open(ask):
    with ScriptedServer(text("a").stall_after(5)) as server:
        reply = await ask(server, limit_s=5)
    assert (reply.text, reply.fault, reply.notes) == ("a", None, ())
    assert reply.exchange.total_ms < 2_000


async def test_nothing_counts_after_done(ask):
    with ScriptedServer(stream(chunk({"content": "a"}, "stop"), "[DONE]", chunk({"content": "b"}), "{bad")) as server:
        reply = await ask(server)
    assert (reply.text, reply.fault) == ("a", None)


async def test_the_time_for_an_answer_can_be_limited(ask):
    with ScriptedServer(text(*WORDS).stall_after(3)) as server:
        reply = await ask(server, limit_s=0.3)
    assert (reply.text, reply.fault.kind) == ("one two ", "time_limit")


async def test_an_endless_answer_is_stopped(ask, monkeypatch):
    monkeypatch.setattr(reading, "LIMIT_BYTES", 1_000)
    with ScriptedServer(text(*["word "] * 50)) as server:
        reply = await ask(server)
    assert reply.fault.kind == "size_limit"
    assert reply.text.startswith("word word")


# Stopping


async def test_cancelling_closes_the_connection_at_once(ask):
    shown = asyncio.Event()
    with ScriptedServer(text(*WORDS).stall_after(2)) as server:
        task = asyncio.create_task(ask(server, on_delta=lambda _: shown.set()))
        await asyncio.wait_for(shown.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.requests[0].gone.wait, 5)


async def test_cancelling_works_before_the_first_byte(ask):
    with ScriptedServer(stall()) as server:
        task = asyncio.create_task(ask(server))
        request = await asyncio.to_thread(server.wait_for, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(request.gone.wait, 5)


async def test_nothing_of_the_hub_is_kept(ask):
    from huggingface_hub import AsyncInferenceClient

    answers = [text("a"), status(500, {"error": "x"}), text("a").cut_after(1)] * 10
    with ScriptedServer(*answers) as server:
        for _ in answers:
            await ask(server)
    gc.collect()
    assert not [one for one in gc.get_objects() if type(one) is AsyncInferenceClient]
