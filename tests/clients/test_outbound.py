import asyncio
import gzip
import ipaddress
import zlib

import httpcore2
import pytest

from core.clients.addresses import AllowedHost, allowed_host, refusal
from core.clients.guard import GuardedBackend, RefusedError
from core.clients.outbound import Outbound, OutboundRequest
from core.errors import FaultError, OutcomeUnknown
from tests.support.certificates import server_context, trusting
from tests.support.loopback import always, by_path, reply, serving, silence


def request(url, method="GET", **fields):
    return OutboundRequest(method=method, url=url, **fields)


async def send(url, method="GET", allow=(), **fields):
    return await Outbound(allow=allow).send(request(url, method, **fields))


async def fault(url, method="GET", **fields):
    with pytest.raises(FaultError) as caught:
        await send(url, method, **fields)
    return caught.value.fault


HOSTILE = [
    # Loopback, in every spelling that resolvers take.
    "http://127.0.0.1/",
    "http://127.0.0.1:8501/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.255.255.254/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0x7F.1/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0177.0x0.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://0.0.0.0:22/",
    "http://0x0/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "https://localhost/",
    "http://127.0.0.1./",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://%31%32%37.0.0.1/",
    # Private, link-local, shared, reserved.
    "http://10.0.0.1/",
    "http://10.255.255.255/",
    "http://167772161/",
    "http://0xa.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://192.168.1.254:8080/admin",
    "http://3232235521/",
    "http://0300.0250.0.1/",
    "http://100.64.0.1/",
    "http://100.127.255.254/",
    "http://198.18.0.1/",
    "http://192.0.2.1/",
    "http://203.0.113.7/",
    "http://224.0.0.1/",
    "http://239.255.255.250:1900/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    # Where clouds hand out credentials.
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.170.2/v2/credentials",
    "http://100.100.100.200/latest/meta-data/",
    "http://168.63.129.16/metadata",
    "http://192.0.0.192/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[fd20:ce::254]/",
    # IPv6, and IPv4 dressed as IPv6.
    "http://[::]/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    "http://[fdff::1]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[100::1]/",
    # Names of public look that lead inside (the resolver of the test says so).
    "http://inside.example/",
    "https://inside.example/",
    "http://metadata.example/computeMetadata/v1/",
    "http://mapped.example/",
    "http://mixed.example/",
    "http://scoped.example/",
    # Other schemes, and addresses that are none.
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "ftp://example.org/",
    "gopher://127.0.0.1:6379/_INFO",
    "dict://127.0.0.1:11211/stats",
    "data:text/html,hi",
    "javascript:alert(1)",
    "unix:///var/run/docker.sock",
    "//127.0.0.1/",
    "127.0.0.1",
    "localhost:8501",
    "http://",
    "http:///path",
    "",
    "http://[::1",
    "http://a b/",
    "http://exa\nmple.org/",
    "http://example.org:99999/",
    # Who speaks before the @ is not the host.
    "http://example.org@127.0.0.1/",
    "http://user:password@example.org/",
    "http://127.0.0.1@example.org/",
    "http://example.org#@127.0.0.1:1/",
    "http://example.org\\@127.0.0.1/",
    # Forms that one reader takes for a name and another for an address.
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[0:0:0:0:0:ffff:7f00:1]/",
    "http://[fe80::a9fe:a9fe]/",
    "http://[2002:0a00:0001::]/",
    "http://00000177.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://192.0.0.170/",
    "http://127.0.0.1%00.example.org/",
    "http://127.0.0.1%2eexample.org/",
    "http://169.254.169.254%23@example.org/",
    "http://[::1]:80%40example.org/",
    "http://127.0.0.1\t/",
    "http:127.0.0.1/",
    "http:\\\\127.0.0.1\\",
    "HTTP://LocalHost:80/",
    "http://ⓛocalhost/",
    "http://localhost%E3%80%82/",
    "blob:http://127.0.0.1/x",
    "ws://127.0.0.1/",
]

NAMES = {
    "inside.example": ["10.1.2.3"],
    "metadata.example": ["169.254.169.254"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "mixed.example": ["93.184.216.34", "127.0.0.1"],
    "scoped.example": ["fe80::1%lo"],
}


async def names(host, _port):
    if host in NAMES:
        return NAMES[host]
    if host.rstrip(".").lower() == "localhost":
        return ["127.0.0.1", "::1"]
    raise OSError("not a name of this test")


def test_the_table_is_long_enough():
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60


@pytest.mark.parametrize("url", HOSTILE)
async def test_hostile_addresses_are_refused_before_anything_is_sent(url):
    with pytest.raises(FaultError) as caught:
        await Outbound(resolve=names).send(request(url, "POST", body=b"x", timeout_s=5))
    assert caught.value.fault.kind in ("connection", "bad_request")


async def outcome(outbound, sent):
    """The kind of the fault, or the address that answered."""
    try:
        return (await outbound.send(sent)).url
    except FaultError as error:
        return error.fault.kind


@pytest.mark.parametrize("url", HOSTILE)
async def test_redirects_to_hostile_addresses_are_refused(url):
    location = url.encode("utf-8", "replace").decode("latin-1").replace("\n", "%0A")
    async with serving(by_path(go=reply(status=302, location=location), **{"127.0.0.1": reply("x")})) as server:
        told = await outcome(Outbound(allow=[server.host], resolve=names), request(server.url("/go"), timeout_s=5))
        # A relative address, read as the standard has it, stays on the server that sent it.
        assert told in ("connection", "bad_request") or told.startswith(server.url())
        assert {r.headers["host"] for r in server.requests} == {server.host}


async def test_a_refusal_names_host_and_reason():
    told = await fault("http://127.0.0.1:9/secret?key=1")
    assert told.message == (
        "Refused to connect to 127.0.0.1: its address is loopback. The operator can allow this host."
    )


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "172.15.0.1",
        "172.32.0.1",
        "11.0.0.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_public_addresses_pass(address):
    assert refusal(ipaddress.ip_address(address)) == ""


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("example.org", AllowedHost("example.org")),
        (" Example.ORG. ", AllowedHost("example.org")),
        ("example.org:8080", AllowedHost("example.org", 8080)),
        ("127.0.0.1", AllowedHost("127.0.0.1")),
        ("127.0.0.1:80", AllowedHost("127.0.0.1", 80)),
        ("::1", AllowedHost("::1")),
        ("[::1]", AllowedHost("::1")),
        ("[0:0::1]:443", AllowedHost("::1", 443)),
    ],
)
def test_allow_entries(text, entry):
    assert allowed_host(text) == entry


@pytest.mark.parametrize(
    "text", ["", "http://example.org", "a:b", "host:0", "host:70000", "a/b", "user@host", ":80", "a b"]
)
def test_entries_that_are_no_hosts_are_refused(text):
    with pytest.raises(ValueError, match="is not a host"):
        allowed_host(text)


@pytest.mark.parametrize(
    ("entry", "host", "port", "covered"),
    [
        ("localhost", "localhost", 80, True),
        ("localhost", "LocalHost.", 9999, True),
        ("localhost:80", "localhost", 81, False),
        ("localhost", "127.0.0.1", 80, False),
        ("::1", "[::1]", 80, True),
        ("example.org", "sub.example.org", 80, False),
        ("example.org", "example.org.evil.com", 80, False),
    ],
)
def test_what_an_entry_covers(entry, host, port, covered):
    assert allowed_host(entry).covers(host, port) is covered


async def test_an_allowed_host_answers():
    async with serving(always(reply("hello", x_own="1"))) as server:
        answer = await send(server.url("/a?b=c"), allow=[server.host])
    assert (answer.status, answer.body, answer.headers["x-own"]) == (200, b"hello", "1")
    assert answer.url == server.url("/a?b=c")
    assert answer.media_type == "text/plain"
    assert not answer.cut


async def test_an_allowance_of_one_request_does_not_serve_the_next():
    async with serving(always(reply("hello"))) as server:
        outbound = Outbound()
        await outbound.send(request(server.url(), allow=(server.host,)))
        with pytest.raises(FaultError, match="loopback"):
            await outbound.send(request(server.url()))
        assert len(server.requests) == 1


async def test_an_allowance_that_is_no_host_is_a_fault():
    with pytest.raises(FaultError, match="bad_request: Among the allowed hosts: 'a/b' is not a host"):
        await Outbound().send(request("http://example.org/", allow=("a/b",)))


async def test_a_port_that_is_not_allowed_is_refused():
    async with serving(always(reply("hello"))) as server:
        await fault(server.url(), allow=["127.0.0.1:1"])
        assert server.requests == []


async def test_a_name_that_changes_between_look_and_connection_gains_nothing():
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    reached = []

    async def rebinding(_host, _port):
        return next(answers)

    class Recorder(httpcore2.AsyncNetworkBackend):
        async def connect_tcp(self, host, *_):
            reached.append(host)
            raise httpcore2.ConnectError

    backend = GuardedBackend((), rebinding)
    backend._inner = Recorder()
    with pytest.raises(httpcore2.ConnectError):
        await backend.connect_tcp("rebind.example", 80)
    assert reached == ["93.184.216.34"]
    with pytest.raises(RefusedError):
        await backend.connect_tcp("rebind.example", 80)
    assert reached == ["93.184.216.34"]


async def test_the_checked_address_is_used_and_the_name_kept_for_the_server():
    asked = []

    async def once(host, _port):
        asked.append(host)
        return ["127.0.0.1"]

    async with serving(always(reply("hello"))) as server:
        await Outbound(resolve=once).send(
            request(f"http://api.example:{server.port}/", allow=(f"api.example:{server.port}",))
        )
        assert server.requests[0].headers["host"] == f"api.example:{server.port}"
    assert asked == ["api.example"]


async def test_the_next_address_is_tried_when_one_does_not_answer():
    async def two(_host, _port):
        return ["127.0.0.2", "127.0.0.1"]

    async with serving(always(reply("hello"))) as server:
        answer = await Outbound(resolve=two).send(request(f"http://two.example:{server.port}/", allow=("two.example",)))
    assert answer.body == b"hello"


async def test_unknown_names_and_closed_ports_are_connection_faults():
    async def none(_host, _port):
        raise OSError("no such name")

    with pytest.raises(FaultError, match=r"connection: Cannot connect: the name nowhere\.example cannot be found"):
        await Outbound(resolve=none).send(request("http://nowhere.example/", "POST"))
    async with serving(always(reply())) as server:
        port = server.port
    told = await fault(f"http://127.0.0.1:{port}/", "POST", allow=["127.0.0.1"])
    assert told.kind == "connection"


async def test_nothing_of_the_machine_goes_along(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    async with serving(always(reply("x", set_cookie="id=1"))) as server:
        outbound = Outbound(allow=[server.host])
        await outbound.send(request(server.url()))
        await outbound.send(request(server.url()))
    for seen in server.requests:
        assert set(seen.headers) == {"host", "accept", "accept-encoding", "user-agent"}


async def test_body_and_headers_arrive():
    async with serving(always(reply(status=201))) as server:
        headers = {"X-Key": "1", "Accept": "application/json"}
        answer = await send(server.url("/x"), "post", allow=[server.host], headers=headers, body=b"{}")
    seen = server.requests[0]
    assert (seen.method, seen.body, seen.headers["x-key"], seen.headers["accept"]) == (
        "POST",
        b"{}",
        "1",
        "application/json",
    )
    assert answer.status == 201


@pytest.mark.parametrize(
    "name", ["Host", "Content-Length", "Transfer-Encoding", "Connection", "Größe", "X Y", "X:", ""]
)
async def test_headers_that_would_break_the_request_are_refused(name):
    assert (await fault("http://example.org/", headers={name: "1"})).kind == "bad_request"


@pytest.mark.parametrize("value", ["a\r\nHost: evil", "a\nb", "a\x00", "a\x01", "a\tb", "ä"])
async def test_header_values_cannot_smuggle(value):
    assert (await fault("http://example.org/", headers={"X": value})).kind == "bad_request"


async def test_redirects_are_followed_and_the_last_address_is_told():
    answers = by_path(a=reply(status=301, location="/b?x=1"), b=reply(status=307, location="c"), c=reply("end"))
    async with serving(answers) as server:
        answer = await send(server.url("/a"), allow=[server.host])
    assert (answer.body, answer.url) == (b"end", server.url("/c"))


async def test_redirects_have_an_end():
    async with serving(by_path(a=reply(status=302, location="/a"))) as server:
        told = await fault(server.url("/a"), allow=[server.host])
        assert "redirects more than 5 times" in told.message
        assert len(server.requests) == 6


async def test_a_write_is_never_redirected():
    async with serving(by_path(a=reply(status=307, location="/b"))) as server:
        answer = await send(server.url("/a"), "POST", allow=[server.host], body=b"x")
        assert (answer.status, len(server.requests)) == (307, 1)


async def test_headers_stay_with_the_server_they_were_meant_for():
    async with serving(always(reply("there"))) as other:
        answers = by_path(a=reply(status=302, location="/b"), b=reply(status=302, location=other.url()))
        async with serving(answers) as server:
            await send(server.url("/a"), allow=["127.0.0.1"], headers={"Authorization": "Bearer s", "X-Key": "s"})
            assert [r.headers.get("authorization") for r in server.requests] == ["Bearer s"] * 2
    assert "authorization" not in other.requests[0].headers
    assert "x-key" not in other.requests[0].headers


async def test_a_long_answer_is_cut():
    async with serving(always(reply(b"a" * 10_000))) as server:
        answer = await send(server.url(), allow=[server.host], max_bytes=100)
    assert (answer.body, answer.cut) == (b"a" * 100, True)


async def test_an_endless_answer_is_cut():
    async def endless(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"3e8\r\n" + b"a" * 1000 + b"\r\n")
            await writer.drain()

    async with serving(endless) as server:
        answer = await send(server.url(), allow=[server.host], max_bytes=50_000)
        assert (len(answer.body), answer.cut) == (50_000, True)
        await asyncio.wait_for(server.left.wait(), 5)


@pytest.mark.parametrize(("pack", "name"), [(gzip.compress, "gzip"), (zlib.compress, "deflate")])
async def test_packed_answers_are_unpacked_within_bounds(pack, name):
    async with serving(always(reply(pack(b"\0" * 50_000_000), content_encoding=name))) as server:
        answer = await send(server.url(), allow=[server.host], max_bytes=100_000)
    assert (answer.body, answer.cut) == (b"\0" * 100_000, True)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip,br"])
async def test_encodings_nobody_asked_for_are_refused(encoding):
    bomb = gzip.compress(gzip.compress(b"\0" * 10_000_000))
    async with serving(always(reply(bomb, content_encoding=encoding))) as server:
        told = await fault(server.url(), allow=[server.host])
    assert told.kind == "server_error"


async def test_broken_packing_is_a_fault():
    async with serving(always(reply(b"not gzip", content_encoding="gzip"))) as server:
        assert (await fault(server.url(), allow=[server.host])).kind == "server_error"


async def broken_off(_, writer):
    writer.close()


async def half_an_answer(_, writer):
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nhalf")


async def no_http(_, writer):
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")


LOST = {"broken off": broken_off, "half": half_an_answer, "no http": no_http}


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
async def test_a_lost_answer_to_a_question_is_a_fault(answer):
    async with serving(answer) as server:
        assert (await fault(server.url(), allow=[server.host])).kind == "connection"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
async def test_a_lost_answer_to_a_write_is_unknown(answer, method):
    async with serving(answer) as server:
        with pytest.raises(OutcomeUnknown):
            await send(server.url(), method, allow=[server.host], body=b"x")


async def test_a_half_answer_to_a_write_tells_the_status():
    async with serving(half_an_answer) as server:
        with pytest.raises(OutcomeUnknown, match="the server answered 201, then"):
            await send(server.url(), "POST", allow=[server.host])


async def test_silence_ends_at_the_time_limit():
    async with serving(silence) as server:
        told = await fault(server.url("/?key=s3cret"), allow=[server.host], timeout_s=0.2)
        assert told.kind == "timeout"
        assert "s3cret" not in told.message
        with pytest.raises(OutcomeUnknown):
            await send(server.url(), "POST", allow=[server.host], timeout_s=0.2)


async def test_a_trickle_ends_at_the_time_limit():
    async def trickle(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(trickle) as server:
        assert (await fault(server.url(), allow=[server.host], timeout_s=0.3)).kind == "timeout"


async def test_a_slow_resolver_ends_and_nothing_was_sent():
    async def forever(_host, _port):
        await asyncio.Event().wait()

    with pytest.raises(FaultError, match="timeout"):
        await Outbound(resolve=forever).send(request("http://slow.example/", "POST", timeout_s=0.1))


async def test_cancelling_closes_the_connection():
    async with serving(silence) as server:
        task = asyncio.create_task(send(server.url(), allow=[server.host]))
        while not server.requests:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.left.wait(), 5)


async def test_tls_needs_a_certificate_that_is_known():
    async with serving(always(reply()), tls=server_context("127.0.0.1")) as server:
        with pytest.raises(FaultError, match="certificate verify failed"):
            await send(f"https://{server.host}/", "POST", allow=[server.host])
        assert server.requests == []


@pytest.mark.parametrize("name", ["api.example", "other.example"])
async def test_tls_checks_the_name_and_not_the_address(name):
    async def here(_host, _port):
        return ["127.0.0.1"]

    certificate = server_context("api.example")
    async with serving(always(reply("secret")), tls=certificate) as server:
        outbound = Outbound(resolve=here, allow=[name])
        outbound._ssl_context = trusting(certificate)
        sent = outbound.send(request(f"https://{name}:{server.port}/"))
        if name == "api.example":
            assert (await sent).body == b"secret"
        else:
            with pytest.raises(FaultError, match="Hostname mismatch"):
                await sent


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain; charset=latin-1", b"caf\xe9", "café"),
        ("text/plain", "café".encode(), "café"),
        ("text/plain; charset=nonsense", "café".encode(), "café"),
        ("application/json", b"\xff", "\ufffd"),
        ('text/html; charset="utf-16"', "hi".encode("utf-16"), "hi"),
    ],
)
async def test_text_is_read_in_its_encoding(content_type, body, text):
    async with serving(always(reply(body, content_type=content_type))) as server:
        assert (await send(server.url(), allow=[server.host])).text() == text
