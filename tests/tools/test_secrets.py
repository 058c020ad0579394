"""Values of secrets go to the server they are meant for and nowhere else."""

import asyncio
import json
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.clients.outbound import Outbound
from core.domain.tool import ToolRequest, ToolResult, ToolSpec
from core.errors import Fault, FaultError, OutcomeUnknown
from core.tools.http_request.credentials import in_words
from core.tools.http_request.operation import Credential
from core.tools.secrets import Scrubber, looked_up
from core.tools.toolbox import Toolbox
from tests.support.echo import echo
from tests.support.loopback import always, reply, serving, silence
from tests.support.notebooks import MemoryNotebook
from tests.support.secrets import KnownSecrets

VALUE = 'pa55 wörd/+"&='
PLACES = {
    "bearer": Credential(secret="KEY", prefix="Bearer "),
    "header": Credential(secret="KEY", name="X-Api-Key"),
    "query": Credential(secret="KEY", place="query", name="key"),
    "cookie": Credential(secret="KEY", place="cookie", name="sid"),
    "basic": Credential(secret="KEY", prefix="Basic ", is_base64=True),
}


@given(st.text(st.characters(exclude_categories=()), min_size=4, max_size=30), st.text(max_size=10))
@example("\ud83d\ud83d\ud83d\ud83d", "")
@example("aaaa", "a")
def test_a_value_is_found_in_every_spelling(value, around):
    scrub = Scrubber([("KEY", value)])
    raw = value.encode("utf-8", "surrogatepass")
    spellings = [value, json.dumps(value), quote(raw, safe=""), quote_plus(raw), b64encode(raw).decode()]
    spellings += [raw.hex(), b64encode(b"Bearer " + raw).decode(), b64encode(b"me:" + raw).decode()]
    for spelling in spellings:
        assert spelling.strip('"') not in scrub.text(f"<{around}{spelling}{around}>").replace("[secret KEY]", "")


def test_the_rest_of_a_text_stays_as_it_is():
    scrub = Scrubber([("A", "secret-one"), ("B", "secret-one-two"), ("SHORT", "abc")])
    assert scrub.text("x secret-one-two y secret-one abc") == "x [secret B] y [secret A] abc"
    value = {"k secret-one": ["secret-one", 1, None, True, {"n": 1.5}]}
    assert scrub.value(value) == {"k [secret A]": ["[secret A]", 1, None, True, {"n": 1.5}]}
    assert scrub.result(ToolResult("secret-one", is_error=True, data="secret-one")) == ToolResult(
        "[secret A]", is_error=True, data="[secret A]"
    )


def test_errors_are_scrubbed_with_all_that_led_to_them():
    scrub = Scrubber([("A", "secret-one")])
    with pytest.raises(FaultError, match=r"at \[secret A\]") as failed, scrub.errors():
        raise FaultError(Fault("connection", "at secret-one", status=502))
    assert (failed.value.fault.kind, failed.value.fault.status) == ("connection", 502)
    assert failed.value.__suppress_context__
    with pytest.raises(OutcomeUnknown, match=r"at \[secret A\]"), scrub.errors():
        raise OutcomeUnknown("at secret-one")


def test_a_missing_secret_is_named():
    with pytest.raises(FaultError, match="The secret KEY is not set") as missing:
        looked_up(KnownSecrets(OTHER="x", KEY=" "), ["OTHER", "KEY"])
    assert missing.value.fault.kind == "auth"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("bearer", "header authorization: Bearer ‹KEY›"),
        ("query", "query key: ‹KEY›"),
        ("basic", "header authorization: Basic ‹KEY› (encoded as user:password)"),
    ],
)
def test_where_a_secret_goes_is_said_without_it(place, said):
    assert in_words(PLACES[place]) == said


def tool(url, *credentials, method="GET", host=""):
    definition = {
        "method": method,
        "url": url,
        "credentials": [
            {name: getattr(credential, name) for name in credential.__struct_fields__} for credential in credentials
        ],
        "allow": [host],
    }
    effect = "read" if method == "GET" else "write"
    return ToolSpec(name="t", description="", parameters={}, kind="openapi", effect=effect, definition=definition)


async def call(spec, time_limit_s=5.0, **secrets):
    box = Toolbox(Outbound(), MemoryNotebook(), KnownSecrets(secrets))
    return await box.call(ToolRequest(tool=spec, arguments={}, key="run/1.0", time_limit_s=time_limit_s))


@pytest.mark.parametrize("place", ["query", "cookie", "basic"])
async def test_any_value_reaches_the_server_and_never_comes_back(place):
    async with serving(echo) as server:
        result = await call(tool(server.url("/x?a=1"), PLACES[place], host=server.host), KEY=VALUE)
    seen = server.requests[0]
    sent = {
        "query": (seen.query, f"a=1&key={quote(VALUE, safe='')}"),
        "cookie": (seen.headers.get("cookie"), f"sid={quote(VALUE)}"),
        "basic": (seen.headers.get("authorization"), f"Basic {b64encode(VALUE.encode()).decode()}"),
    }[place]
    assert sent[0] == sent[1]
    assert "[secret KEY]" in result.text
    for spelling in (VALUE, json.dumps(VALUE)[1:-1], quote(VALUE), quote(VALUE, safe=""), "cGE1NSB3w7Zy"):
        assert spelling not in result.text + json.dumps(result.data) + json.dumps(result.data, ensure_ascii=False)


@pytest.mark.parametrize(("place", "header"), [("bearer", "authorization"), ("header", "x-api-key")])
async def test_headers(place, header):
    async with serving(echo) as server:
        result = await call(tool(server.url("/x"), PLACES[place], host=server.host), KEY="pa55word\n")
    assert server.requests[0].headers[header].endswith("pa55word")
    assert "pa55word" not in result.text


async def test_the_password_of_a_pair_is_a_secret_by_itself():
    async with serving(echo) as server:
        result = await call(tool(server.url("/x"), PLACES["basic"], host=server.host), KEY="ann:pa55word")
    assert result.data["body"]["decoded"] == "[secret KEY]"
    async with serving(always(reply("the password of ann is pa55word"))) as server:
        result = await call(tool(server.url("/x"), PLACES["basic"], host=server.host), KEY="ann:pa55word")
    assert result.text == "HTTP 200\nthe password of ann is [secret KEY]"


async def test_several_secrets_go_together():
    both = (PLACES["bearer"], Credential(secret="APP", place="cookie", name="a"), PLACES["cookie"])
    async with serving(echo) as server:
        await call(tool(server.url("/x"), *both, host=server.host), KEY="one-key", APP="an-app")
    assert server.requests[0].headers["authorization"] == "Bearer one-key"
    assert server.requests[0].headers["cookie"] == "a=an-app; sid=one-key"


async def test_nothing_is_sent_without_the_secret():
    async with serving(echo) as server:
        with pytest.raises(FaultError, match="The secret KEY is not set"):
            await call(tool(server.url("/x"), PLACES["bearer"], host=server.host))
        assert server.requests == []


async def test_a_value_that_no_header_holds_is_refused_without_showing_it():
    async with serving(echo) as server:
        with pytest.raises(FaultError) as refused:
            await call(tool(server.url("/x"), PLACES["header"], host=server.host), KEY="pa55\nword")
        assert server.requests == []
    assert "pa55" not in str(refused.value)


async def test_errors_and_doubts_name_no_value():
    async with serving(silence) as server:
        with pytest.raises(FaultError) as failed:
            await call(tool(server.url("/x"), PLACES["query"], host=server.host), time_limit_s=0.1, KEY="pa55word")
        write = tool(server.url("/x"), PLACES["query"], host=server.host, method="POST")
        with pytest.raises(OutcomeUnknown) as unknown:
            await call(write, time_limit_s=0.1, KEY="pa55word")
    assert "pa55word" not in f"{failed.value} {unknown.value}"


async def test_a_redirect_to_another_server_takes_no_secret_along():
    async with serving(echo) as other:

        async def away(_, writer):
            writer.write(reply(status=302, location=other.url("/there")))

        async with serving(away) as server:
            spec = tool(server.url("/x"), PLACES["bearer"], PLACES["cookie"], host="127.0.0.1")
            await call(spec, KEY="pa55word")
    assert "pa55word" not in str(other.requests[0])


async def test_secrets_are_looked_up_off_the_loop():
    loop = asyncio.get_running_loop()

    class Slow(KnownSecrets):
        def value(self, name):
            with pytest.raises(RuntimeError):
                asyncio.get_running_loop()
            assert loop.is_running()
            return "pa55word"

    async with serving(echo) as server:
        box = Toolbox(Outbound(), MemoryNotebook(), Slow())
        spec = tool(server.url("/x"), PLACES["bearer"], host=server.host)
        await box.call(ToolRequest(tool=spec, arguments={}, key="k", time_limit_s=5))
    assert len(server.requests) == 1
