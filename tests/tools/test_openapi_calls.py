import asyncio
import json
from urllib.parse import parse_qsl

import msgspec
import pytest

from core.clients.outbound import Outbound
from core.domain.arguments import check_arguments
from core.domain.tool import ToolRequest, ToolResult, ToolSpec
from core.errors import FaultError, OutcomeUnknown
from core.tools.executor import CannotDoError
from core.tools.http_request.build import build
from core.tools.http_request.operation import Input, Operation
from core.tools.openapi.reader import read
from core.tools.toolbox import Toolbox
from tests.support.loopback import always, by_path, reply, serving, silence
from tests.support.notebooks import MemoryNotebook
from tests.support.secrets import KnownSecrets


def built(place, style, value, *, explode=False, url="https://a.example/x"):
    operation = Operation(method="GET", url=url, inputs=(Input("v", "v", place, style, explode),))
    return build(operation, {"v": value}, "key", 5)


@pytest.mark.parametrize(
    ("style", "explode", "value", "query"),
    [
        ("form", True, "a b", "v=a%20b"),
        ("form", True, "a&b=c", "v=a%26b%3Dc"),
        ("form", True, "ä/?#", "v=%C3%A4%2F%3F%23"),
        ("form", True, 5, "v=5"),
        ("form", True, 9007199254740993, "v=9007199254740993"),
        ("form", True, True, "v=true"),
        ("form", True, 1.5, "v=1.5"),
        ("form", True, [1, 2], "v=1&v=2"),
        ("form", True, [], ""),
        ("form", False, [1, "a b"], "v=1%2Ca%20b"),
        ("form", True, {"r": 1, "g": 2}, "r=1&g=2"),
        ("form", False, {"r": 1, "g": 2}, "v=r%2C1%2Cg%2C2"),
        ("spaceDelimited", False, [1, 2], "v=1%202"),
        ("pipeDelimited", False, ["a", "b"], "v=a%7Cb"),
        ("deepObject", True, {"r": 1, "g": [2]}, "v%5Br%5D=1&v%5Bg%5D=%5B2%5D"),
        ("json", False, {"r": [1]}, "v=%7B%22r%22%3A%5B1%5D%7D"),
        ("form", True, "", "v="),
        ("form", True, None, ""),
    ],
)
def test_query_styles(style, explode, value, query):
    assert built("query", style, value, explode=explode).url == "https://a.example/x" + (f"?{query}" if query else "")


def test_a_path_that_has_a_query_keeps_it():
    assert built("query", "form", 1, url="https://a.example/x?action=list").url == "https://a.example/x?action=list&v=1"


@pytest.mark.parametrize(
    ("value", "explode", "path"),
    [
        ("a", False, "a"),
        ("a/b", False, "a%2Fb"),
        ("../x", False, "..%2Fx"),
        ("a?b#c", False, "a%3Fb%23c"),
        ("a b;c,d", False, "a%20b%3Bc%2Cd"),
        ("%2e%2e", False, "%252e%252e"),
        ("{v}", False, "%7Bv%7D"),
        ("日本", False, "%E6%97%A5%E6%9C%AC"),
        (7, False, "7"),
        ([1, 2], False, "1,2"),
        ({"r": 1}, False, "r,1"),
        ({"r": 1}, True, "r=1"),
        (["a,b", "c/d"], False, "a%2Cb,c%2Fd"),
        ({"a=b": ";"}, True, "a%3Db=%3B"),
        ("...", False, "..."),
    ],
)
def test_paths(value, explode, path):
    sent = built("path", "simple", value, explode=explode, url="https://a.example/x/{v}/y")
    assert sent.url == f"https://a.example/x/{path}/y"


@pytest.mark.parametrize("value", ["", ".", "..", None, []])
def test_path_values_that_would_change_the_path_are_refused(value):
    if value is None:
        # An absent value is caught by the schema; it must never send the placeholder of another.
        assert "{v}" in built("path", "simple", None, url="https://a.example/x/{v}").url
        return
    with pytest.raises(CannotDoError):
        built("path", "simple", value, url="https://a.example/x/{v}")


@pytest.mark.parametrize(
    ("value", "explode", "header"),
    [
        ("a", False, "a"),
        ([1, 2], False, "1,2"),
        ({"r": 1}, True, "r=1"),
        ({"r": 1}, False, "r,1"),
        (True, False, "true"),
    ],
)
def test_headers(value, explode, header):
    assert built("header", "simple", value, explode=explode).headers["v"] == header


def test_the_body_is_the_argument_as_json():
    operation = Operation(
        method="POST", url="https://a.example/x", body="body", media_type="application/merge-patch+json"
    )
    sent = build(operation, {"body": {"n": 9007199254740993, "t": "ä"}}, "key", 5)
    assert sent.body == '{"n":9007199254740993,"t":"ä"}'.encode()
    assert sent.headers["content-type"] == "application/merge-patch+json"


def test_without_a_body_nothing_is_sent_of_it():
    sent = build(Operation(method="POST", url="https://a.example/x", body="body"), {}, "key", 5)
    assert sent.body == b""
    assert "content-type" not in sent.headers


def test_a_body_may_be_null():
    sent = build(Operation(method="POST", url="https://a.example/x", body="body"), {"body": None}, "key", 5)
    assert sent.body == b"null"


def test_the_key_goes_into_the_declared_header():
    operation = Operation(method="POST", url="https://a.example/x", idempotency_header="Idempotency-Key")
    assert build(operation, {}, "run/1.0", 5).headers["Idempotency-Key"] == "run/1.0"


PETS = {
    "openapi": "3.1.0",
    "info": {"title": "Pets"},
    "paths": {
        "/pets/{id}": {
            "get": {
                "operationId": "getPet",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                ],
            }
        },
        "/pets": {
            "post": {
                "operationId": "addPet",
                "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"type": "object", "required": ["name"]}}},
                },
            }
        },
    },
}


def tools(server, allow=True):
    reading = read(PETS, server.url("/openapi.json"), allow=[server.host] if allow else [])
    # As a run keeps them: through JSON.
    specs = msgspec.json.decode(msgspec.json.encode(reading.tools), type=tuple[ToolSpec, ...])
    return {spec.name: spec for spec in specs}


async def call(spec, raw, time_limit_s=5.0):
    box = Toolbox(Outbound(), MemoryNotebook(), KnownSecrets())
    arguments = check_arguments(spec, raw)
    assert isinstance(arguments, dict), arguments
    return await box.call(ToolRequest(tool=spec, arguments=arguments, key="run/1.0", time_limit_s=time_limit_s))


async def test_a_question_is_asked_as_the_document_says():
    async with serving(always(reply('{"name": "Rex"}', content_type="application/json"))) as server:
        result = await call(tools(server)["getPet"], '{"id":"a/b","tag":["x","y z"],"X-Trace":"t"}')
    seen = server.requests[0]
    assert (seen.method, seen.path, parse_qsl(seen.query)) == ("GET", "/pets/a%2Fb", [("tag", "x"), ("tag", "y z")])
    assert seen.headers["x-trace"] == "t"
    assert result == ToolResult('HTTP 200\n{"name": "Rex"}', data={"status": 200, "body": {"name": "Rex"}})


async def test_a_write_carries_its_body_and_key():
    async with serving(always(reply(status=201))) as server:
        spec = tools(server)["addPet"]
        result = await call(spec, '{"body":{"name":"Rex"}}')
    seen = server.requests[0]
    assert (spec.effect, spec.repeat) == ("write", "key")
    assert seen.headers["idempotency-key"] == "run/1.0"
    assert seen.headers["content-type"] == "application/json"
    assert json.loads(seen.body) == {"name": "Rex"}
    assert result == ToolResult("HTTP 201, no content", data={"status": 201, "body": None})


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 429, 500, 503])
async def test_errors_of_the_server_are_results(status):
    async with serving(always(reply("because", status))) as server:
        result = await call(tools(server)["getPet"], '{"id":"1"}')
    assert result == ToolResult(f"HTTP {status}\nbecause", is_error=True, data={"status": status, "body": None})


async def test_a_redirected_write_is_told_and_not_followed():
    async with serving(by_path(pets=reply(status=303, location="/elsewhere"))) as server:
        result = await call(tools(server)["addPet"], '{"body":{"name":"Rex"}}')
        assert len(server.requests) == 1
    assert result.is_error
    assert "Location: /elsewhere" in result.text


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"\x89PNG\0\0", "image/png", "HTTP 200\n(image/png, 6 bytes)"),
        (b"{broken", "application/json", "HTTP 200\n{broken"),
        ("ä".encode("latin-1"), "text/plain; charset=latin-1", "HTTP 200\nä"),
    ],
)
async def test_answers_of_every_kind_are_told(body, content_type, text):
    async with serving(always(reply(body, content_type=content_type))) as server:
        assert (await call(tools(server)["getPet"], '{"id":"1"}')).text == text


async def test_without_an_allowance_inner_hosts_are_refused():
    async with serving(always(reply())) as server:
        with pytest.raises(FaultError, match="Refused to connect"):
            await call(tools(server, allow=False)["addPet"], '{"body":{"name":"Rex"}}')
        assert server.requests == []


async def test_a_dangerous_path_value_is_an_error_result():
    async with serving(always(reply())) as server:
        result = await call(tools(server)["getPet"], '{"id":".."}')
        assert server.requests == []
    assert result == ToolResult("No part of the path may be '.' or '..'.", is_error=True)


@pytest.mark.parametrize("value", ["a\\r\\nHost: evil", "ä"])
async def test_header_values_that_cannot_be_sent_are_faults(value):
    async with serving(always(reply())) as server:
        with pytest.raises(FaultError, match="bad_request"):
            await call(tools(server)["getPet"], f'{{"id":"1","X-Trace":"{value}"}}')
        assert server.requests == []


async def test_silence_is_a_timeout_for_a_question_and_unknown_for_a_write():
    async with serving(silence) as server:
        with pytest.raises(FaultError, match="timeout"):
            await call(tools(server)["getPet"], '{"id":"1"}', time_limit_s=0.1)
        with pytest.raises(OutcomeUnknown, match="the request was sent"):
            await call(tools(server)["addPet"], '{"body":{"name":"Rex"}}', time_limit_s=0.1)


async def test_a_write_that_did_not_connect_is_a_clean_failure():
    async with serving(always(reply())) as server:
        spec = tools(server)["addPet"]
    with pytest.raises(FaultError, match="connection"):
        await call(spec, '{"body":{"name":"Rex"}}')


async def test_cancelling_a_call_closes_its_connection():
    async with serving(silence) as server:
        task = asyncio.create_task(call(tools(server)["addPet"], '{"body":{"name":"Rex"}}'))
        while not server.requests:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.left.wait(), 5)
