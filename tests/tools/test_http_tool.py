"""HTTP tools as people write them: from the definition to the request and from the answer to the result."""

import json
from urllib.parse import parse_qsl

import msgspec
import pytest

from core.clients.outbound import Outbound
from core.domain.arguments import BadArguments, check_arguments
from core.domain.schema_check import schema_fault
from core.domain.tool import ToolRequest, ToolSpec
from core.errors import FaultError, OutcomeUnknown
from core.tools.http_request.definition import HttpInput, HttpSecret, HttpTool, StatusCheck, operation_of, tool_of
from core.tools.http_request.definition_check import problems
from core.tools.http_request.template import ABSENT, filled, filled_text, names_in
from core.tools.toolbox import Toolbox
from tests.support.echo import echo
from tests.support.loopback import always, reply, serving, silence
from tests.support.notebooks import MemoryNotebook
from tests.support.secrets import KnownSecrets


@pytest.mark.parametrize(
    ("template", "arguments", "value"),
    [
        ("{a}", {"a": 5}, 5),
        ("{a}", {"a": None}, None),
        ("{a}", {}, ABSENT),
        ("x {a} {b}", {"a": 5, "b": "y"}, "x 5 y"),
        ("x {a}", {}, ABSENT),
        ("x {a}", {"a": None}, ABSENT),
        ("{{a}} {a}", {"a": "{a}"}, "{a} {a}"),
        ("{ user { name } }", {}, "{ user { name } }"),
        ('{"a":{"b":1}}', {}, '{"a":{"b":1}}'),
        ("{user{{name}}}", {}, "{user{name}}"),
        ({"k": "{a}", "o": "{b}", "n": 1}, {"a": [1]}, {"k": [1], "n": 1}),
        ([{"k": "{a}"}, "{b}", None], {"b": True}, [{}, True, None]),
    ],
)
def test_templates(template, arguments, value):
    assert filled(template, arguments) == value


def test_a_text_takes_values_as_text():
    assert filled_text("{a}", {"a": 5}) == "5"
    assert filled_text("{a}", {"a": {"b": [1]}}) == '{"b":[1]}'
    assert list(names_in({"x": ["{a}", {"y": "{b} {a} {{c}}"}]})) == ["a", "b", "a"]


def definition(**changes):
    given = {
        "name": "search_issues",
        "description": "Search the issues of a project.",
        "url": "https://api.example/projects/{project}/issues",
        "query": {"q": "{query}", "sort": "new {order}", "per_page": 20, "open": True},
        "headers": {"X-Trace": "t-{query}"},
        "inputs": {
            "project": HttpInput(description="Its key"),
            "query": HttpInput(),
            "order": HttpInput(type="string", required=False, choices=("up", "down")),
        },
    }
    return HttpTool(**(given | changes))


def written(**changes):
    """A tool that posts, with only what the test is about."""
    return HttpTool(
        **({"name": "t", "description": "d", "method": "POST", "url": "https://a.example/x"} | changes),
    )


def checked(path, **changes):
    return StatusCheck(url=f"https://a.example/{path}", **changes)


def test_a_definition_becomes_a_tool():
    tool = tool_of(definition())
    assert problems(definition()) == ()
    assert (tool.name, tool.kind, tool.effect, tool.repeat) == ("search_issues", "http", "read", "safe")
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "project": {"type": "string", "description": "Its key"},
            "query": {"type": "string"},
            "order": {"type": "string", "enum": ["up", "down"]},
        },
        "required": ["project", "query"],
        "additionalProperties": False,
    }
    assert schema_fault(tool.parameters) == ""
    assert msgspec.convert(tool.definition, HttpTool) == definition()


@pytest.mark.parametrize(
    ("changes", "effect", "repeat"),
    [
        ({"method": "GET"}, "read", "safe"),
        ({"method": "POST"}, "write", "never"),
        ({"method": "POST", "effect": "read"}, "read", "safe"),
        ({"method": "GET", "effect": "write"}, "write", "never"),
        ({"method": "PUT", "idempotency_header": "Idempotency-Key"}, "write", "key"),
        ({"method": "PUT", "status_check": StatusCheck(url="https://a.example/{call_key}")}, "write", "check"),
        (
            {"idempotency_header": "K", "status_check": StatusCheck(url="https://a.example/{call_key}")},
            "write",
            "check",
        ),
    ],
)
def test_what_may_be_done_with_a_call(changes, effect, repeat):
    tool = tool_of(written(**changes))
    assert (tool.effect, tool.repeat) == (effect, repeat)


def test_limits_are_the_tools_own():
    tool = tool_of(written(seconds=7, answer_chars=100, answer_bytes=50))
    assert (tool.time_limit_s, tool.output_limit_chars, operation_of(tool).max_bytes) == (7, 100, 50)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"name": "a b"}, "name", "1 to 64 letters"),
        ({"name": ""}, "name", "1 to 64 letters"),
        ({"description": " "}, "description", "Say in a sentence"),
        ({"url": "ftp://a.example"}, "url", "begins with https://"),
        ({"url": "https:///x"}, "url", "begins with https://"),
        ({"url": "https://[::1/x"}, "url", "cannot be read"),
        ({"url": "https://{a}.example/", "inputs": {"a": HttpInput()}}, "url", "The host is yours to choose"),
        ({"url": "https://me:pw@a.example/"}, "url", "The host is yours to choose"),
        ({"url": "https://a.example/x?q=1"}, "url", "as query parameters"),
        ({"url": "https://a.example/x#y"}, "url", "as query parameters"),
        ({"url": "https://a.example/{{a}}"}, "url", "A brace in the path"),
        ({"url": "https://a.example/{a b}"}, "url", "A brace in the path"),
        ({"url": "https://a.example/{a}", "inputs": {"a": HttpInput(required=False)}}, "url", "has to be required"),
        ({"url": "https://a.example/{a}"}, "inputs", "{a} is no input. Add it, or write {{a}}"),
        ({"inputs": {"a": HttpInput()}}, "inputs", "The input a is used nowhere"),
        ({"inputs": {"1a": HttpInput()}}, "inputs", "does not begin with a digit"),
        ({"body": "{a}", "inputs": {"a": HttpInput(schema={"minimum": "x"})}}, "inputs", "schema of a is faulty"),
        ({"query": {"q": ["x"]}}, "query", "needs a name and a text"),
        ({"query": {"": "x"}}, "query", "needs a name and a text"),
        ({"headers": {"Host": "x"}}, "headers", "'Host' cannot be set"),
        ({"headers": {"X": "ä"}}, "headers", "'X' cannot be set"),
        ({"headers": {"Authorization": "Bearer x"}}, "headers", "name a secret for Authorization"),
        ({"headers": {"x-api-key": "x"}}, "headers", "name a secret for x-api-key"),
        ({"idempotency_header": "a b"}, "idempotency_header", "cannot be set"),
        ({"method": "GET", "body": {}}, "body", "GET requests have no body"),
        ({"body": [1], "body_type": "form"}, "body", "A form is a mapping"),
        ({"body": {}, "body_type": "text"}, "body", "is a text"),
        (
            {"body": "{}", "body_type": "text", "headers": {"content-type": "application/json"}},
            "body",
            "Choose the type json",
        ),
        ({"secrets": (HttpSecret(secret="a b"),)}, "secrets", "not the name of a secret"),
        ({"secrets": (HttpSecret(secret="A", use="header"),)}, "secrets", "as which header"),
        ({"secrets": (HttpSecret(secret="A", use="header", name="a b"),)}, "secrets", "cannot be set"),
        ({"select": "a["}, "select", "does not work"),
        ({"status_check": checked("{call_key}"), "method": "GET"}, "status_check", "needs no status check"),
        ({"status_check": checked("{call_key}"), "effect": "read"}, "status_check", "needs no status check"),
        ({"status_check": checked("{call_key}")}, "status_check", "The server cannot know {call_key}"),
        ({"status_check": checked("fixed")}, "status_check", "Say which call is meant"),
        ({"status_check": checked("x?y={a}")}, "status_check", "as query parameters"),
        ({"status_check": checked("{a}")}, "inputs", "{a} is no input"),
        ({"status_check": checked("{a}", query={"": "x"})}, "status_check", "needs a name and a text"),
        ({"status_check": checked("{a}", select="a[")}, "status_check", "does not work"),
        ({"inputs": {"call_key": HttpInput()}}, "inputs", "is filled in for each call"),
        ({"seconds": 0}, "seconds", "above 0 and at most 600"),
        ({"answer_bytes": 10**9}, "answer_bytes", "at most"),
        ({"answer_chars": -1}, "answer_chars", "above 0"),
        ({"allow_hosts": ("a b",)}, "allow_hosts", "not a host"),
    ],
)
def test_problems_are_named_with_their_field(changes, field, said):
    found = [problem for problem in problems(written(**changes)) if problem.field == field]
    assert said in " ".join(problem.message for problem in found)


async def call(tool, raw="{}", time_limit_s=5.0, **secrets):
    # As a run keeps it: through JSON.
    spec = msgspec.json.decode(msgspec.json.encode(tool_of(tool)), type=ToolSpec)
    assert problems(tool) == ()
    arguments = check_arguments(spec, raw)
    assert isinstance(arguments, dict), arguments
    box = Toolbox(Outbound(), MemoryNotebook(), KnownSecrets(secrets))
    return await box.call(ToolRequest(tool=spec, arguments=arguments, key="run/1.0", time_limit_s=time_limit_s))


def there(server, tool):
    """The same tool on a test's own server."""
    path = tool.url.split("example", 1)[1]
    return msgspec.structs.replace(tool, url=server.url(path), allow_hosts=(server.host,))


async def test_every_part_of_the_request_is_filled():
    async with serving(echo) as server:
        await call(there(server, definition()), '{"project":"a/b","query":"x & b"}')
        await call(there(server, definition()), '{"project":"p","query":"q","order":"up"}')
    first, second = server.requests
    assert first.path == "/projects/a%2Fb/issues"
    assert dict(parse_qsl(first.query)) == {"q": "x & b", "per_page": "20", "open": "true"}
    assert first.headers["x-trace"] == "t-x & b"
    assert dict(parse_qsl(second.query))["sort"] == "new up"


def test_arguments_are_checked_before():
    spec = tool_of(definition())
    refused = check_arguments(spec, '{"project":"p","query":"q","order":"sideways"}')
    assert isinstance(refused, BadArguments)


@pytest.mark.parametrize(
    ("body", "body_type", "raw", "sent", "content_type"),
    [
        (
            {"title": "{a}", "n": "{n}", "fixed": ["x", 1], "left": "{b}"},
            "json",
            '{"a":"say \\"hi\\"","n":12345678901234567890}',
            '{"title":"say \\"hi\\"","n":12345678901234567890,"fixed":["x",1]}',
            "application/json",
        ),
        ("{a}", "json", '{"a":"x"}', '"x"', "application/json"),
        ("{b}", "json", "{}", "", None),
        (
            {"t": "{a}", "list": ["1", "{b}"], "o": {"k": "{a}"}},
            "form",
            '{"a":"x&y"}',
            "t=x%26y&list=1&o=%7B%22k%22%3A%22x%26y%22%7D",
            "application/x-www-form-urlencoded",
        ),
        ("note: {a}", "text", '{"a":"x"}', "note: x", "text/plain; charset=utf-8"),
    ],
)
async def test_bodies(body, body_type, raw, sent, content_type):
    inputs = {name: HttpInput(required=False) for name in names_in(body) if name != "n"}
    if "n" in names_in(body):
        inputs["n"] = HttpInput(type="integer")
    async with serving(echo) as server:
        await call(there(server, written(body=body, body_type=body_type, inputs=inputs)), raw)
    (seen,) = server.requests
    assert (seen.body.decode(), seen.headers.get("content-type")) == (sent, content_type)


async def test_a_header_of_the_definition_wins():
    tool = written(body="a,b", body_type="text", headers={"Content-Type": "text/csv", "Accept": "text/csv"})
    async with serving(echo) as server:
        await call(there(server, tool))
    assert (server.requests[0].headers["content-type"], server.requests[0].headers["accept"]) == ("text/csv",) * 2


async def test_secrets_and_the_key_of_the_call_go_along():
    secrets = (
        HttpSecret(secret="TOKEN"),
        HttpSecret(secret="APP", use="header", name="X-App", prefix="App "),
        HttpSecret(secret="SID", use="cookie", name="sid"),
        HttpSecret(secret="Q", use="query", name="k"),
    )
    tool = written(secrets=secrets, idempotency_header="Idempotency-Key")
    async with serving(echo) as server:
        result = await call(there(server, tool), TOKEN="t-1234", APP="a-1234", SID="s-1234", Q="q-1234")
    (seen,) = server.requests
    assert seen.headers["authorization"] == "Bearer t-1234"
    assert seen.headers["x-app"] == "App a-1234"
    assert seen.headers["cookie"] == "sid=s-1234"
    assert seen.query == "k=q-1234"
    assert seen.headers["idempotency-key"] == "run/1.0"
    assert "1234" not in result.text + json.dumps(result.data)


ISSUES = json.dumps({"items": [{"id": 1, "title": "ä"}, {"id": 2, "title": "b"}], "n": 12345678901234567890})


@pytest.mark.parametrize(
    ("select", "text", "value"),
    [
        ("items[].title", '[\n "ä",\n "b"\n]', ["ä", "b"]),
        ("items[0].title", "ä", "ä"),
        ("n", "12345678901234567890", 12345678901234567890),
        ("nothing", "null", None),
    ],
)
async def test_the_result_is_what_was_selected(select, text, value):
    async with serving(always(reply(ISSUES, content_type="application/json"))) as server:
        result = await call(there(server, written(select=select)))
    assert result.text == f"HTTP 200\n{text}"
    assert result.data == {"status": 200, "body": value}


@pytest.mark.parametrize(
    ("body", "content_type", "select", "said"),
    [
        ("<p>", "text/html", "a", "(`a` was not applied. The answer is not JSON.)"),
        ("[1,2", "application/json", "a", "(`a` was not applied. The answer is not JSON.)"),
        ('["a"]', "application/json", "sum(@)", "was not applied. The expression does not work"),
    ],
)
async def test_what_cannot_be_selected_from_stands_whole(body, content_type, select, said):
    async with serving(always(reply(body, content_type=content_type))) as server:
        result = await call(there(server, written(select=select)))
    assert result.text.startswith(f"HTTP 200\n{body}\n")
    assert said in result.text
    assert not result.is_error


async def test_an_error_is_told_whole():
    async with serving(always(reply('{"items":[],"error":"no"}', 422, content_type="application/json"))) as server:
        result = await call(there(server, written(select="items")))
    assert (result.text, result.is_error) == ('HTTP 422\n{"items":[],"error":"no"}', True)


async def test_no_more_is_read_than_allowed():
    async with serving(always(reply("x" * 100))) as server:
        result = await call(there(server, written(answer_bytes=10)))
    assert result.text == f"HTTP 200\n{'x' * 10}\n(only the first 10 bytes were read)"


async def test_a_lost_answer_means_what_the_effect_says():
    async with serving(silence) as server:
        with pytest.raises(FaultError, match="timeout"):
            await call(there(server, written(effect="read")), time_limit_s=0.1)
        with pytest.raises(OutcomeUnknown, match="the request was sent"):
            await call(there(server, written(method="GET", effect="write")), time_limit_s=0.1)


@pytest.mark.parametrize(("method", "effect"), [("POST", "read"), ("GET", "write")])
async def test_only_questions_follow_redirects(method, effect):
    async with serving(always(reply(status=302, location="/elsewhere"))) as server:
        result = await call(there(server, written(method=method, effect=effect)))
        assert len(server.requests) == 1
    assert "Location: /elsewhere" in result.text


def order(server, **changes):
    """A tool whose calls can be looked up, by their key, with the secret of the request."""
    check = StatusCheck(**({"url": server.url("/orders/{call_key}"), "query": {"of": "{item}"}} | changes))
    return written(
        url=server.url("/orders"),
        body={"item": "{item}", "reference": "{call_key}"},
        inputs={"item": HttpInput()},
        secrets=(HttpSecret(secret="SHOP"),),
        status_check=check,
        allow_hosts=(server.host,),
    )


async def look_up(tool, time_limit_s=5.0):
    assert problems(tool) == ()
    spec = msgspec.json.decode(msgspec.json.encode(tool_of(tool)), type=ToolSpec)
    box = Toolbox(Outbound(), MemoryNotebook(), KnownSecrets({"SHOP": "canary-2731"}))
    request = ToolRequest(tool=spec, arguments={"item": "a lamp"}, key="run/1.0", time_limit_s=time_limit_s)
    return await box.check(request)


async def test_the_key_of_a_call_goes_where_the_tool_says_and_finds_it_again():
    async with serving(echo) as server:
        await call(order(server), '{"item":"a lamp"}', SHOP="canary-2731")
        found = await look_up(order(server))
    sent, looked_up = server.requests
    assert json.loads(sent.body) == {"item": "a lamp", "reference": "run/1.0"}
    assert (looked_up.method, looked_up.target) == ("GET", "/orders/run%2F1.0?of=a%20lamp")
    assert looked_up.headers["authorization"] == "Bearer canary-2731"
    assert looked_up.body == b""
    assert "canary-2731" not in found.text


@pytest.mark.parametrize(
    ("answer", "select", "text"),
    [
        (reply('{"id": 7}', content_type="application/json"), "", 'HTTP 200\n{"id": 7}'),
        (reply('{"id": 0}', content_type="application/json"), "id", "HTTP 200\n0"),
        (reply('{"orders": [{"id": 7}]}', content_type="application/json"), "orders[0].id", "HTTP 200\n7"),
        (reply(status=404), "", None),
        (reply("gone", status=410), "orders[0]", None),
        (reply('{"orders": []}', content_type="application/json"), "orders", None),
        (reply('{"orders": []}', content_type="application/json"), "orders[0]", None),
        (reply('{"is_there": false}', content_type="application/json"), "is_there", None),
    ],
)
async def test_a_status_check_says_yes_or_no(answer, select, text):
    async with serving(always(answer)) as server:
        found = await look_up(order(server, select=select))
    assert (found and found.text) == text


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (always(reply("try later", status=503)), "503"),
        (always(reply("sign in", status=401)), "401"),
        (always(reply(status=302, location="http://10.0.0.1/")), "10.0.0.1"),
        (always(reply("fine")), "not JSON"),
        (silence, "No whole answer"),
    ],
)
async def test_any_other_answer_of_a_status_check_leaves_it_open(answer, said):
    async with serving(answer) as server:
        with pytest.raises(FaultError, match=said):
            await look_up(order(server, select="id"), time_limit_s=0.2)


async def test_a_tool_without_a_status_check_cannot_be_looked_up():
    async with serving(echo) as server:
        with pytest.raises(FaultError, match="no status check"):
            await look_up(msgspec.structs.replace(order(server), status_check=None))
