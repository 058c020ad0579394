"""Endpoints of Spaces as tools: described, pinned, called once, their files fetched, their changes noticed."""

import asyncio
import json
import time

import msgspec
import pytest

from core.clients.outbound import Outbound
from core.clients.space import SpaceClient, SpacePlace
from core.domain.arguments import check_arguments
from core.domain.tool import ToolRequest
from core.errors import FaultError, OutcomeUnknown
from core.tools.hub.executor import HubExecutor
from core.tools.hub.space import HubSpace, SpaceEndpoint, endpoint_of, problems, tool_of
from core.tools.hub.space_executor import place_of
from tests.support.answers import Answer, drop, stall, status
from tests.support.files import image
from tests.support.gradio_app import GradioApp, GradioServer, described, event, parameter, stream
from tests.support.inference import sound
from tests.support.scripted import ScriptedServer
from tests.support.secrets import KnownSecrets
from tests.tools.test_hub_task import MemoryFiles

TOKEN = "hf_canaryCANARYcanary"


def endpoint(name):
    return endpoint_of(name, described()["named_endpoints"][name])


def written(server, name, **changes):
    given = {
        "name": "t",
        "description": "d",
        "address": f"http://{server.place}/",
        "prefix": "/gradio_api",
        "endpoint": endpoint(name),
        "allow_hosts": (server.place,),
    }
    return HubSpace(**(given | changes))


def calling(tool, files=None, limit_s=10.0, **arguments):
    files = files or MemoryFiles(cat_png=image())
    executor = HubExecutor(Outbound(), KnownSecrets({"SPACE": TOKEN}), files)
    given = check_arguments(tool, json.dumps(arguments))
    assert isinstance(given, dict), given
    request = ToolRequest(tool=tool, arguments=given, key="k", time_limit_s=limit_s, files=files.attached)
    return lambda: executor.call(request)


async def called(tool, files=None, limit_s=10.0, **arguments):
    return await calling(tool, files, limit_s, **arguments)()


def test_an_endpoint_is_read_from_what_the_app_says():
    greet = endpoint("/greet")
    tool = tool_of(HubSpace(name="t", description="d", endpoint=greet, offered=("tone",), fixed={"times": 3}))
    assert tool.parameters["properties"] == {
        "name": {"type": "string", "description": "Name"},
        "tone": {"type": "string", "enum": ["kind", "rude"], "description": "Tone"},
    }
    assert (tool.effect, tool.repeat, greet.outputs) == ("write", "never", ("Greeting",))
    assert tool_of(HubSpace(name="t", description="d", endpoint=greet, effect="read", again=True)).repeat == "safe"
    several = endpoint("/several")
    assert "Pictures" in several.why_not
    assert [one.field for one in problems(HubSpace(name="t", description="d", endpoint=several))] == ["endpoint"]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        {"parameters": None},
        {"parameters": ["x"], "returns": 5},
        {"parameters": [{}], "returns": [{}]},
        {"parameters": [parameter("a b", {"type": 7}), parameter("a b", {"$ref": "x"})]},
    ],
)
def test_odd_descriptions_do_no_harm(odd):
    assert isinstance(endpoint_of("/x", odd), SpaceEndpoint)


async def test_a_call_is_one_call_with_the_values_in_order():
    with GradioServer() as server:
        call = calling(tool_of(written(server, "/greet", fixed={"tone": "rude"})), name="Ada")
        assert (await call()).text == "Hello Ada! Hello Ada!"
        assert server.app.called == [("greet", ["Ada", 2, "rude"])]
        assert [request.method for request in server.requests] == ["GET", "POST", "GET"]
        await call()
        assert [request.method for request in server.requests[3:]] == ["POST", "GET"]  # looked at a moment ago


async def test_a_file_goes_up_and_what_was_made_comes_back():
    with GradioServer() as server:
        result = await called(tool_of(written(server, "/flip")), image="cat.png")
        assert image() in server.app.uploads[0]
        assert b'filename="cat.png"' in server.app.uploads[0]
        assert server.app.called[0][1][0]["path"] == "/tmp/gradio/1/given.png"
        (file,) = result.files
        assert result.text == file.name
        assert (file.width_px, file.height_px) == (320, 200)
        missing = await called(tool_of(written(server, "/flip")), files=MemoryFiles(memo_wav=sound()))
        assert missing.is_error
        assert len(server.app.called) == 1


async def test_several_results_are_named_and_tables_are_tables():
    with GradioServer() as server:
        painted = await called(tool_of(written(server, "/paint")), prompt="x")
        assert len(painted.files) == 1  # the same bytes twice are one file
        assert painted.text.endswith("\nSeed: 7")
        mood = await called(tool_of(written(server, "/mood")), text="x")
        assert mood.text == "happy: 0.9, sad: 0.1"
        assert mood.data == {"columns": ["label", "score"], "rows": [["happy", 0.9], ["sad", 0.1]]}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (stream(event("error", {"error": "You said error.", "title": "Error"})), "You said error."),
        (stream(event("error", {"error": None})), "It failed and does not say why"),
        (stream(event("error", "Server stopped unexpectedly.")), "Server stopped"),
    ],
)
async def test_a_function_that_fails_says_so(answer, words):
    with GradioServer(GradioApp(answers={"greet": answer})) as server:
        result = await called(tool_of(written(server, "/greet")), name="Ada")
        assert result.is_error
        assert words in result.text


@pytest.mark.parametrize("answer", [stream(), stream(event("generating", ["a"])), drop(), status(502, "bad gateway")])
@pytest.mark.parametrize("effect", ["read", "write"])
async def test_a_lost_answer_is_a_doubt_where_something_may_have_changed(answer: Answer, effect):
    with GradioServer(GradioApp(answers={"greet": answer})) as server:
        with pytest.raises((OutcomeUnknown, FaultError)) as caught:
            await called(tool_of(written(server, "/greet", effect=effect)), name="Ada")
        assert isinstance(caught.value, FaultError if effect == "read" else OutcomeUnknown)
        assert len(server.app.called) == 1


async def test_a_space_that_changed_is_not_called():
    changed = described()
    changed["named_endpoints"]["/greet"]["parameters"].append(parameter("wish", {"type": "string"}))
    gone = {"named_endpoints": {}}
    for info in (changed, gone):
        with GradioServer(GradioApp(info=info)) as server:
            with pytest.raises(FaultError) as caught:
                await called(tool_of(written(server, "/greet")), name="Ada")
            assert caught.value.fault.kind == "tool_drift"
            assert server.app.called == []


def test_the_token_of_the_hub_goes_to_no_app_of_ones_own():
    def place(address):
        return place_of(HubSpace(address=address, secret="HUGGING_FACE_AUTH_TOKEN"), "hf_canary")

    assert place("https://o-m.hf.space").key == "hf_canary"
    with pytest.raises(FaultError, match="goes to Hugging Face alone"):
        place("https://o-m.hf.space.evil.example")


async def test_the_secret_goes_to_the_space_alone_and_comes_back_nowhere():
    said = stream(event("complete", [f"token {TOKEN}"]))
    with GradioServer(GradioApp(answers={"greet": said})) as server:
        result = await called(tool_of(written(server, "/greet", secret="SPACE")), name="Ada")
        assert set(server.app.keys) == {f"Bearer {TOKEN}"}
        assert "canary" not in msgspec.json.encode(result).decode().lower()
    with GradioServer() as server:
        await called(tool_of(written(server, "/greet")), name="Ada")
        assert set(server.app.keys) == {""}


async def test_cancelling_closes_the_stream_at_once():
    with GradioServer(GradioApp(answers={"greet": stall()})) as server:
        call = asyncio.create_task(called(tool_of(written(server, "/greet")), name="Ada"))
        request = await asyncio.to_thread(server.wait_for, 3)
        began = time.monotonic()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await asyncio.to_thread(request.gone.wait, 2.0)
        assert time.monotonic() - began < 2.0


async def test_the_address_of_a_space_is_asked_of_the_hub():
    answers = [status(200, {"host": "http://there.example"}), status(404, {"error": "x"}), status(200, {})]
    with ScriptedServer(*answers) as hub:
        client = SpaceClient(Outbound(), f"http://127.0.0.1:{hub.port}", (f"127.0.0.1:{hub.port}",))
        assert await client.address_of("ada/space", TOKEN) == "http://there.example"
        assert hub.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
        for words in ("knows no Space", "has no address"):
            with pytest.raises(FaultError, match=words):
                await client.address_of("ada/space")


async def test_what_is_no_gradio_app_is_said():
    with ScriptedServer(respond=lambda _: status(200, "<html>Sleeping")) as server:
        place = SpacePlace(address=f"http://127.0.0.1:{server.port}", allow=(f"127.0.0.1:{server.port}",))
        with pytest.raises(FaultError, match="No Gradio app answers"):
            await SpaceClient(Outbound()).describe(place)
