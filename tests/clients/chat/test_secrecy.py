"""No credential comes back out of the client, wherever a server puts it and however it writes it."""

import json
from base64 import b64encode
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clients.chat.secrecy import Veil, VeiledStream
from core.domain.event import Exchange
from core.domain.message import ToolCall
from core.domain.model_call import Delta, Reply
from core.domain.secrecy import spellings
from core.errors import Fault
from tests.support.scripted import ScriptedServer, calls, chunk, completion, status, stream, text

KEY = "sk-canary/7Q+x9Zp2=Lw4_Rt8"
BEARER = f"Bearer {KEY}"
FORMS = {
    "plain": KEY,
    "header": BEARER,
    "url": quote(KEY, safe=""),
    "base64": b64encode(KEY.encode()).decode(),
    "base64 of the header": b64encode(BEARER.encode()).decode(),
    "base64 of a pair": b64encode(f"u:{KEY}".encode()).decode(),
    "hexadecimal": KEY.encode().hex(),
    "JSON": json.dumps(json.dumps(KEY)),
}


def is_free(said: str) -> bool:
    return not any(form in said for form in spellings(KEY))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("size", [1, 2, 5, 11, 1000])
async def test_a_text_streams_without_the_key(ask, form, size):
    said = f"Your key is {form}, is it not?"
    pieces = [chunk({"content": said[i : i + size]}) for i in range(0, len(said), size)]
    thoughts = [chunk({"reasoning": said[i : i + size]}) for i in range(0, len(said), size)]
    seen = []
    with ScriptedServer(stream(*thoughts, *pieces, chunk({}, "stop"), "[DONE]")) as server:
        reply = await ask(server, key=KEY, on_delta=seen.append)
    assert is_free("".join(delta.text for delta in seen))
    assert is_free("".join(delta.reasoning for delta in seen))
    assert is_free(msgspec.json.encode(reply).decode())
    assert reply.text.startswith("Your key is ")
    assert reply.text.endswith(", is it not?")
    assert "".join(delta.text for delta in seen) == reply.text
    assert any("key of this endpoint" in note for note in reply.notes)


ESCAPED = "".join(f"\\u{ord(char):04x}" for char in KEY)
ANSWERS = {
    "a call": calls((f"f{KEY}", json.dumps({"a": KEY, KEY: 1}))),
    "a broken call": calls(("f", f"{{'a': {KEY}")),
    "a call with escapes": calls(("f", f'{{"a":"{ESCAPED}"}}')),
    "the id of a call": stream(
        chunk({"tool_calls": [{"index": 0, "id": KEY, "function": {"name": "f", "arguments": "{}"}}]}, "tool_calls")
    ),
    "what belongs to a call": stream(
        chunk({"tool_calls": [{"id": "c", "function": {"name": "f"}, "extra_content": {"x": [KEY], KEY: 1}}]}, "stop")
    ),
    "the finish reason": stream(chunk({"content": "a"}, KEY)),
    "the model and the provider": stream(chunk({"content": "a"}, "stop", model=KEY, provider=KEY)),
    "a kind of part": stream(chunk({"content": [{"type": KEY}]}), chunk({"content": "a"}, "stop")),
    "headers": text("a").with_header("x-request-id", KEY).with_header("x-inference-provider", BEARER),
    "a whole completion": completion({"role": "assistant", "content": KEY, "reasoning_content": KEY}),
    "an error": status(401, {"error": {"message": f"Incorrect API key provided: {KEY}."}}),
    "a page": status(401, f"<html><b>Bad token {KEY}</b></html>"),
    "a long error": status(400, {"error": "x" * 1_985 + KEY}),
    "a redirect": status(307, None, {"location": f"http://127.0.0.1:9/?k={quote(KEY, safe='')}"}),
    "an error in the stream": stream(chunk({"content": "a"}), {"error": {"message": BEARER}}),
    "a chunk that is none": stream(f"nonsense {KEY}"),
    "a document that is none": status(200, f"no completion: {BEARER}"),
    "JSON that is no completion": status(200, {"headers": {"authorization": BEARER}}),
    "an encoding": text("a").with_header("content-encoding", KEY),
    "a kind of document": status(200, "?", {"content-type": f"text/{KEY}"}),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_the_key_is_in_no_part_of_a_reply(ask, answer):
    with ScriptedServer(answer) as server:
        reply = await ask(server, key=KEY)
    assert server.requests[0].headers["authorization"] == BEARER
    kept = msgspec.json.encode(reply).decode()
    assert is_free(kept)
    assert KEY[:14] not in kept
    assert all("[" not in call.id for call in reply.calls)
    assert ESCAPED not in kept.replace("\\\\", "\\")


async def test_the_password_of_an_address_does_not_come_back_either(ask):
    with ScriptedServer(status(401, {"error": f"Who is {b64encode(b'user:hunter-2-hunter').decode()}?"})) as server:
        reply = await ask(f"http://user:hunter-2-hunter@127.0.0.1:{server.port}/v1")
    assert "[key]" in reply.fault.message
    assert b64encode(b"user:hunter-2-hunter").decode() not in reply.fault.message


async def test_a_key_that_is_cut_off_is_hidden_from_its_half_on(ask):
    answer = stream(chunk({"content": f"It is {KEY[:20]}"}), chunk({}, "length"))
    seen = []
    with ScriptedServer(answer) as server:
        reply = await ask(server, key=KEY, on_delta=seen.append)
    assert (reply.text, reply.fault.kind) == ("It is [key]", "truncated")
    assert "".join(delta.text for delta in seen) == reply.text


async def test_ordinary_text_is_not_held_back():
    seen = []
    shown = VeiledStream(lambda delta: seen.append(delta.text))
    shown.hide((KEY,))
    for piece in ("Hello ", "world", " sk", "y."):
        shown(Delta(piece))
    assert seen == ["Hello ", "world", " ", "sky."]


@pytest.mark.parametrize("key", ["", "none", "EMPTY", "ollama", "dummy", "abc"])
def test_a_word_that_servers_ask_for_instead_of_a_key_is_none(key):
    assert not Veil([key])


def test_a_reply_without_the_key_stays_as_it_is():
    reply = Reply(text="a sk-cana", calls=(ToolCall("i", "f", '{"a":"\\n"}'),), notes=("n",))
    assert Veil([KEY]).reply(reply) is reply


def test_no_field_of_a_reply_is_forgotten():
    full = Reply(
        **dict.fromkeys(("text", "reasoning", "finish_reason"), KEY),
        calls=(ToolCall(KEY, KEY, KEY, extra={"a": KEY}),),
        notes=(KEY,),
        exchange=Exchange(request_id=KEY, provider=KEY, model=KEY),
        fault=Fault("auth", KEY),
    )
    assert is_free(msgspec.json.encode(Veil([KEY]).reply(full)).decode())
    given = {field.name for field in msgspec.structs.fields(Reply)} - {"usage"}
    assert all(getattr(full, name) != default.default for name, default in _fields(Reply) if name in given)
    texts = {name for name, field in _fields(Exchange) if field.type not in {int | None, float | None, float}}
    assert texts == {"url", "request_id", "provider", "model"}  # the address is our own


def _fields(kind):
    return [(field.name, field) for field in msgspec.structs.fields(kind)]


@settings(deadline=None)  # the machine may be busy
@given(st.text("sk-canry/7", max_size=60), st.lists(st.integers(1, 7), max_size=40), st.integers(0, 60))
def test_what_streams_is_what_is_kept(around, sizes, place):
    said = around[:place] + KEY + around[place:] + KEY[:13]
    seen = []
    shown = VeiledStream(lambda delta: seen.append(delta.text))
    veil = shown.hide((KEY,))
    rest = said
    for size in sizes:
        shown(Delta(rest[:size]))
        rest = rest[size:]
    shown(Delta(rest))
    shown.close()
    assert "".join(seen) == veil.text(said)
    assert is_free("".join(seen))
