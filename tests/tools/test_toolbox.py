import asyncio
import threading

import pytest

from core.clients.outbound import Outbound
from core.domain.arguments import check_arguments
from core.domain.tool import ToolRequest, ToolResult, ToolSpec
from core.errors import FaultError, OutcomeUnknown
from core.tools import toolbox as module
from core.tools.builtin.catalogue import catalogue
from core.tools.toolbox import Toolbox
from tests.support.loopback import always, reply, serving, silence
from tests.support.notebooks import MemoryNotebook
from tests.support.secrets import KnownSecrets


@pytest.fixture
def notebook():
    return MemoryNotebook()


@pytest.fixture
def toolbox(notebook):
    box = Toolbox(Outbound(allow=["127.0.0.1"]), notebook, KnownSecrets())
    yield box
    box.close()


def request(spec, key="run/1.0", time_limit_s=10.0, **arguments):
    return ToolRequest(tool=spec, arguments=arguments, key=key, time_limit_s=time_limit_s)


async def call(box, name, **arguments):
    return await box.call(request(box.get(name), **arguments))


def test_the_built_in_tools_are_listed(toolbox):
    specs = toolbox.specs()
    assert len({spec.name for spec in specs}) == len(specs) == 14
    assert toolbox.get("calculator") in specs
    assert toolbox.get("nope") is None


@pytest.mark.parametrize(
    ("name", "raw", "text"),
    [
        ("calculator", '{"expression":"6*7"}', "42"),
        ("date_add", '{"date":"2024-01-31","months":1}', "2024-02-29 (Thursday)"),
        ("convert_units", '{"value":1,"from_unit":"mile","to_unit":"km"}', "1 mile = 1.609344 km"),
        ("random_number", '{"low":5.0,"high":5}', "5"),
        ("query_json", '{"data":{"a":[1]},"expression":"a[0]"}', "1"),
        ("query_table", '{"table":"a\\n7","sql":"SELECT a FROM data"}', "a\n7"),
        ("run_python", '{"code":"1+1"}', "2"),
    ],
)
async def test_from_the_models_text_to_the_result(toolbox, name, raw, text):
    spec = toolbox.get(name)
    result = await toolbox.call(request(spec, **check_arguments(spec, raw)))
    assert (result.text, result.is_error) == (text, False)


async def test_what_a_tool_cannot_do_is_told_as_an_error_result(toolbox):
    assert await call(toolbox, "calculator", expression="1/0") == ToolResult("This divides by zero.", is_error=True)


async def test_the_notebook_is_written_once_for_a_key(toolbox, notebook):
    first = await call(toolbox, "notebook_write", notebook=" trip ", text="Oslo")
    again = await call(toolbox, "notebook_write", notebook="trip", text="Oslo")
    assert first == again == ToolResult("Written to 'trip', page 1.", data={"page": 1})
    assert len(notebook.kept) == 1
    assert "Oslo" in (await call(toolbox, "notebook_read", notebook="trip")).text


async def test_reading_notebooks_that_are_not_there(toolbox):
    assert (await call(toolbox, "notebook_read", notebook="x")).text == (
        "There is no notebook 'x'. No notebook has been written yet."
    )
    await call(toolbox, "notebook_write", notebook="trip", text="Oslo")
    assert "There are: trip." in (await call(toolbox, "notebook_read", notebook="x")).text
    assert (await call(toolbox, "notebook_read", notebook="trip", search="tea")).text == (
        "No page of 'trip' contains 'tea'."
    )


async def test_a_notebook_that_refuses_is_an_error_result(toolbox):
    result = await call(toolbox, "notebook_write", notebook="n", text="a\x00")
    assert result.is_error
    assert "U+0000" in result.text


async def test_kinds_without_an_executor_are_unsupported(toolbox):
    with pytest.raises(FaultError, match="unsupported"):
        await toolbox.call(request(ToolSpec(name="x", description="", parameters={}, kind="hf")))


async def test_a_built_in_tool_that_is_gone_is_unknown(toolbox):
    with pytest.raises(FaultError, match="tool_unknown"):
        await toolbox.call(request(ToolSpec(name="gone", description="", parameters={})))


async def test_arguments_of_an_older_signature_are_drift(toolbox):
    with pytest.raises(FaultError, match="tool_drift"):
        await call(toolbox, "calculator", formula="1+1")


class Slow:
    """Never comes back by itself."""

    def __init__(self):
        self.started = asyncio.Event()
        self.stopped = False

    async def call(self, _):
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped = True


@pytest.mark.parametrize(("effect", "error"), [("read", FaultError), ("write", OutcomeUnknown)])
async def test_the_time_limit_holds_for_every_kind(notebook, monkeypatch, effect, error):
    monkeypatch.setattr(module, "GRACE_S", 0.0)
    slow = Slow()
    box = Toolbox(Outbound(), notebook, KnownSecrets(), {"python": slow})
    spec = ToolSpec(name="slow", description="", parameters={}, kind="python", effect=effect)
    with pytest.raises(error, match=r"slow took longer than 0\.05 seconds"):
        await box.call(request(spec, time_limit_s=0.05))
    assert slow.stopped


async def test_cancelling_stops_the_call(notebook):
    slow = Slow()
    box = Toolbox(Outbound(), notebook, KnownSecrets(), {"python": slow})
    task = asyncio.create_task(box.call(request(ToolSpec(name="s", description="", parameters={}, kind="python"))))
    await slow.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.stopped


async def test_computing_does_not_hold_up_the_loop(toolbox):
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await call(toolbox, "text_statistics", text="word " * 150_000)
    counting.cancel()
    assert turns > 10


async def test_functions_run_in_threads_of_the_toolbox(toolbox, monkeypatch):
    seen = []
    original = catalogue()["roll_dice"].function

    def watched(notation):
        seen.append(threading.current_thread().name)
        return original(notation)

    watched_tool = type(catalogue()["roll_dice"])(watched, catalogue()["roll_dice"].signature, "read", "safe", 5)
    monkeypatch.setitem(catalogue(), "roll_dice", watched_tool)
    await call(toolbox, "roll_dice", notation="d6")
    assert seen[0].startswith("tool_")


PAGE = b"""<html><head><title> A  page </title></head><body><nav><a href="/">Home</a></nav>
<article><h1>Fjords</h1><p>%s</p><p>See <a href="/more">more</a>.</p></article>
<script>alert(1)</script></body></html>""" % (b"A fjord is a long inlet of the sea between cliffs. " * 10)


async def read(box, body, content_type, **fields):
    async with serving(always(reply(body, content_type=content_type, **fields))) as server:
        return await call(box, "read_web_page", url=server.url("/x")), server


async def test_a_web_page_is_read_as_text(toolbox):
    result, server = await read(toolbox, PAGE, "text/html; charset=utf-8")
    assert result.text.startswith(f"# A page\nURL: {server.url('/x')}\nLinks on the page: 2\n\n")
    assert "A fjord is a long inlet" in result.text
    assert "alert" not in result.text
    assert result.data == {"url": server.url("/x"), "title": "A page", "links": 2}


async def test_a_page_without_an_article_is_read_all_the_same(toolbox):
    result, _ = await read(toolbox, b"<html><body><p>Hello</p><style>x</style></body>", "text/html")
    assert result.text.endswith("\nHello")


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b'{"a": 1}', "application/json", '{"a": 1}'),
        (b"caf\xe9", "text/plain; charset=latin-1", "café"),
        (b"a,b\n1,2", "text/csv", "a,b\n1,2"),
        (b"<feed/>", "application/atom+xml", "<feed/>"),
        (b"plain", "", "plain"),
    ],
)
async def test_text_files_are_read_as_they_are(toolbox, body, content_type, text):
    result, _ = await read(toolbox, body, content_type)
    assert result.text.endswith(f"\n\n{text}")


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"%PDF-1.7 ...", "application/pdf", "PDF"),
        (b"%PDF-1.7 ...", "application/octet-stream", "PDF"),
        (b"\x89PNG", "image/png", "This is image/png (4 bytes)"),
        (b"\0\0", "", "This is binary data"),
        (b"", "text/html", "nothing that can be read"),
    ],
)
async def test_what_is_no_text_is_refused_clearly(toolbox, body, content_type, reason):
    result, _ = await read(toolbox, body, content_type)
    assert result.is_error
    assert reason in result.text


async def test_the_servers_refusal_is_told(toolbox):
    async with serving(always(reply("no", 404))) as server:
        result = await call(toolbox, "read_web_page", url=server.url())
    assert result == ToolResult(f"The server answered 404 Not Found to {server.url()}.", is_error=True)


async def test_inner_addresses_are_refused(notebook):
    box = Toolbox(Outbound(), notebook, KnownSecrets())
    with pytest.raises(FaultError, match="Refused to connect"):
        await call(box, "read_web_page", url="http://127.0.0.1:8501/")
    box.close()


async def test_a_silent_page_ends_in_time(toolbox):
    async with serving(silence) as server:
        spec = toolbox.get("read_web_page")
        with pytest.raises(FaultError, match="timeout"):
            await toolbox.call(request(spec, time_limit_s=0.1, url=server.url()))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>" + b"<div>" * 200_000 + b"deep",
        b"<html><body>" + b"<b><i><p>" * 10_000,
        b"<html><body>" + b"<table><tr><td>" * 20_000,
        b"<p " + b" ".join(b"a%d=1" % n for n in range(5_000)) + b">x</p>",
        bytes(range(256)) * 2_000,
        b"<html><body><p>&#xd800;&#0;&#x110000;\0</p>",
    ],
    ids=["deep", "unclosed", "tables", "attributes", "noise", "entities"],
)
async def test_hostile_pages_do_no_harm(toolbox, body):
    result, _ = await read(toolbox, body, "text/html")
    assert isinstance(result.text, str)
    result.text.encode()
