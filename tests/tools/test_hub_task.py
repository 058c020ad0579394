"""Hugging Face tasks as tools: through huggingface_hub's own client to a real server, and back."""

import asyncio
import hashlib
import json
import time
from base64 import b64encode

import msgspec
import pytest

from core.clients.hub_task import TaskCall, request_of
from core.clients.outbound import Outbound
from core.domain.arguments import check_arguments, visible_parameters
from core.domain.attachment import Attachment
from core.domain.schema_check import schema_fault
from core.domain.tool import ToolRequest
from core.errors import FaultError
from core.services.file_check import made_file
from core.tools.hub.definition import HubTask, problems, tool_of
from core.tools.hub.executor import HubExecutor
from core.tools.hub.tasks import TASKS, task_named
from tests.support.answers import drop, stall, status
from tests.support.files import image
from tests.support.inference import ANSWERS, PICTURE, VECTOR, answer_task, sound
from tests.support.scripted import ScriptedServer
from tests.support.secrets import KnownSecrets

TOKEN = "hf_canaryCANARYcanary"


class MemoryFiles:
    """Files by hash, where the program has its table."""

    def __init__(self, **files):
        self.by_hash = {hashlib.sha256(content).hexdigest(): content for content in files.values()}
        self.attached = tuple(
            Attachment(
                sha256=hashlib.sha256(content).hexdigest(),
                name=name.replace("_", "."),
                media_type="audio/wav" if content[:4] == b"RIFF" else "image/png",
                size_bytes=len(content),
            )
            for name, content in files.items()
        )

    def content(self, sha256):
        return self.by_hash.get(sha256)

    def keep_made(self, stem, content):
        made = made_file(stem, content).value.attachment
        self.by_hash[made.sha256] = content
        return made


FILES = MemoryFiles(first_png=image(), cat_png=image(colour="#111111"), memo_wav=sound())


def written(server, task="text-to-image", **changes):
    given = {
        "name": "t",
        "description": "d",
        "task": task,
        "address": f"http://127.0.0.1:{server.port}/{task}",
        "allow_hosts": (f"127.0.0.1:{server.port}",),
        "secret": "OWN",
    }
    return HubTask(**(given | changes))


async def called(tool, secrets=None, files=FILES, limit_s=10.0, **arguments):
    executor = HubExecutor(
        Outbound(),
        KnownSecrets({"OWN": TOKEN, "HUGGING_FACE_AUTH_TOKEN": TOKEN} if secrets is None else secrets),
        files,
    )
    given = check_arguments(tool, json.dumps(arguments))
    assert isinstance(given, dict), given
    return await executor.call(
        ToolRequest(tool=tool, arguments=given, key="k", time_limit_s=limit_s, files=files.attached)
    )


ARGUMENTS = {
    "prompt": "a cat",
    "text": "some text",
    "question": "Where?",
    "context": "In Paris.",
    "candidate_labels": ["travel", "food"],
    "sentence": "a",
    "other_sentences": ["b", "c"],
}
TELLS = {
    "image-to-text": "a cat on a mat",
    "automatic-speech-recognition": "hello there",
    "translation": "Guten Morgen",
    "summarization": "Short.",
    "text-classification": "label: POSITIVE, score: 0.999\nlabel: NEGATIVE, score: 0.001",
    "zero-shot-classification": "label: travel, score: 0.912346\nlabel: food, score: 0.08",
    "question-answering": "answer: Paris, score: 0.97, start: 3, end: 8",
    "feature-extraction": "1 × 4 numbers, beginning with 0.5, -0.25, 0.125, 0",
    "sentence-similarity": "label: b, score: 0.9\nlabel: c, score: 0.1",
    "object-detection": "label: cat, score: 0.99, box: xmin 1, ymin 2, xmax 30, ymax 40",
}


@pytest.mark.parametrize("name", sorted(ANSWERS))
async def test_every_task_is_asked_once_and_read(name):
    with ScriptedServer(respond=answer_task) as server:
        task = task_named(name)
        tool = tool_of(written(server, name))
        arguments = {one.name: ARGUMENTS[one.name] for one in task.options if one.needed and not one.medium}
        result = await called(tool, **arguments)
        assert len(server.requests) == 1
        assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
        assert not result.is_error
        assert result.text.startswith(TELLS.get(name, ""))
        match task.gives:
            case "picture" | "sound":
                assert f"{result.files[0].name} (" in result.text
                assert result.files[0].media_type == ("image/png" if task.gives == "picture" else "audio/wav")
            case "rows":
                assert all(len(row) == len(result.data["columns"]) for row in result.data["rows"])
            case "vector":
                assert result.data == {"shape": [1, 4], "vectors": [VECTOR]}
            case _:
                assert result.text == TELLS[name]


def test_every_task_has_a_good_schema_and_something_to_begin_with():
    for task in TASKS:
        begun = HubTask(
            name=task.stem, description=task.says, task=task.name, model=task.models[0], provider=task.provider
        )
        assert problems(begun) == ()
        every = msgspec.structs.replace(begun, offered=tuple(one.name for one in task.options))
        for tool in (tool_of(begun), tool_of(every)):
            assert schema_fault(tool.parameters) == ""
        assert set(tool_of(every).parameters["properties"]) == {one.name for one in task.options}


async def test_the_hub_can_ask_every_task_of_its_provider():
    for task in TASKS:
        inputs = {
            one.name: b"file" if one.medium else ARGUMENTS[one.name] for one in task.options if one.medium or one.needed
        }
        call = TaskCall(task=task.name, model=task.models[0], provider=task.provider, key=TOKEN, inputs=inputs)
        asked = await request_of(call)
        assert asked.url.startswith(f"https://router.huggingface.co/{task.provider}/"), task.name
        assert asked.headers["authorization"] == f"Bearer {TOKEN}"


async def test_what_is_set_is_hidden_and_sent_what_is_offered_may_be_set():
    with ScriptedServer(respond=answer_task) as server:
        tool = tool_of(written(server, fixed={"negative_prompt": "rain", "seed": 7}, offered=("width", "seed")))
        assert list(visible_parameters(tool)["properties"]) == ["prompt", "width"]
        await called(tool, prompt="a cat", width=64)
        assert server.requests[0].json == {
            "inputs": "a cat",
            "parameters": {"negative_prompt": "rain", "seed": 7, "width": 64},
        }


async def test_pictures_are_named_and_their_bytes_are_sent():
    with ScriptedServer(respond=answer_task) as server:
        tool = tool_of(written(server, "image-to-text"))
        for named, sent in (
            ("first.png", 0),
            ("cat.png", 1),
            ("latest", 1),
            ("", 1),
            (FILES.attached[0].sha256[:8], 0),
        ):
            await called(tool, image=named)
            assert server.requests[-1].body == FILES.content(FILES.attached[sent].sha256)
            assert server.requests[-1].headers["content-type"] == "image/png"
        await called(tool)
        assert server.requests[-1].body == FILES.content(FILES.attached[1].sha256)


async def test_a_file_that_is_not_there_is_no_request_and_the_model_is_told_which_are():
    with ScriptedServer() as server:
        tool = tool_of(written(server, "image-to-text"))
        result = await called(tool, image="/etc/passwd")
        assert result.is_error
        assert result.text == "There is no picture named '/etc/passwd' here. There is: cat.png, first.png."
        nothing = await called(tool, files=MemoryFiles(memo_wav=sound()))
        assert nothing.text == "There is no picture in this conversation. The person can attach one."


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (status(401, {"error": "Invalid token"}), "auth", "Invalid token"),
        (status(402, {"error": "You exceeded your credits"}), "payment_required", "You exceeded your credits"),
        (status(404, "no model"), "not_found", "no model"),
        (status(429, {"error": "Slow down"}, {"retry-after": "7"}), "rate_limited", "Slow down"),
        (status(503, {"error": "Model x is loading", "estimated_time": 20.0}), "model_loading", "Model x is loading"),
        (status(500, {"error": ["CUDA out of memory"]}), "server_error", "CUDA out of memory"),
        (status(422, {"detail": "prompt too long"}), "bad_request", "prompt too long"),
        (status(302, "", {"location": "http://127.0.0.1:1/x"}), "not_found", "redirects"),
        (status(200, {"error": "no"}), "empty_response", "made nothing"),
        (status(200, "<html>hi"), "stream_malformed", "instead of JSON"),
        (drop(), "connection", "broke off"),
    ],
)
async def test_failures_have_a_kind_and_the_servers_words(answer, kind, words):
    with ScriptedServer(answer) as server:
        with pytest.raises(FaultError) as caught:
            await called(tool_of(written(server)), prompt="x")
        assert caught.value.fault.kind == kind
        assert words in caught.value.fault.message
        assert len(server.requests) == 1


async def test_the_token_goes_nowhere_else_and_comes_back_nowhere():
    with ScriptedServer(status(403, {"error": f"bad token {TOKEN} {b64encode(TOKEN.encode()).decode()}"})) as server:
        with pytest.raises(FaultError) as caught:
            await called(tool_of(written(server)), prompt="x")
        assert "canary" not in str(caught.value).lower()
    with ScriptedServer(status(200, [{"summary_text": f"token {TOKEN}"}])) as server:
        result = await called(tool_of(written(server, "summarization")), text="x")
        assert "canary" not in msgspec.json.encode(result).decode().lower()
    with ScriptedServer(respond=answer_task) as server:
        await called(tool_of(written(server, secret="")), secrets={}, prompt="x")
        assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "huggingface.co@127.0.0.1"])
async def test_the_token_of_the_hub_goes_to_no_server_of_ones_own(host):
    with ScriptedServer() as server:
        place = f"{host}:{server.port}"
        tool = tool_of(written(server, address=f"http://{place}/x", secret="HUGGING_FACE_AUTH_TOKEN"))
        with pytest.raises(FaultError, match="goes to Hugging Face alone") as caught:
            await called(tool, prompt="x")
        assert (caught.value.fault.kind, server.requests) == ("bad_request", [])


async def test_a_token_that_would_pass_the_router_by_is_not_sent():
    past = HubTask(name="t", description="d", model="o/m", provider="fal-ai", provider_model="m")
    with pytest.raises(FaultError, match="goes to Hugging Face alone"):
        await called(tool_of(past), secrets={"HUGGING_FACE_AUTH_TOKEN": "not-of-the-hubs-kind"}, prompt="x")


@pytest.mark.parametrize(
    ("address", "is_theirs"),
    [
        ("https://router.huggingface.co/hf-inference/models/o/m", True),
        ("https://huggingface.co", True),
        ("http://router.huggingface.co/x", False),
        ("https://huggingface.co.evil.example/x", False),
        ("https://evilhuggingface.co/x", False),
        ("https://huggingface.co@evil.example/x", False),
        ("https://evil.example/https://huggingface.co/", False),
        ("https://evil.example\\@huggingface.co/x", False),
        ("https://o-m.hf.space/x", False),
    ],
)
def test_where_the_token_of_the_hub_may_go(address, is_theirs):
    given = HubTask(name="t", description="d", address=address, secret="HUGGING_FACE_AUTH_TOKEN")
    assert [problem.field for problem in problems(given)] == ([] if is_theirs else ["secret"])


async def test_without_its_secret_nothing_is_sent():
    with ScriptedServer() as server, pytest.raises(FaultError, match="is not set"):
        await called(tool_of(written(server)), secrets={}, prompt="x")


async def test_a_private_address_needs_an_allowance():
    with ScriptedServer() as server, pytest.raises(FaultError, match="loopback"):
        await called(tool_of(written(server, allow_hosts=())), prompt="x")


async def test_cancelling_ends_the_request_at_once():
    with ScriptedServer(stall()) as server:
        call = asyncio.create_task(called(tool_of(written(server)), prompt="x"))
        request = await asyncio.to_thread(server.wait_for, 1)
        began = time.monotonic()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await asyncio.to_thread(request.gone.wait, 2.0)
        assert time.monotonic() - began < 2.0


async def test_silence_and_size_have_a_limit():
    with ScriptedServer(stall()) as server, pytest.raises(FaultError) as caught:
        await called(tool_of(written(server)), limit_s=0.3, prompt="x")
    assert caught.value.fault.kind == "timeout"
    with ScriptedServer(respond=answer_task) as server, pytest.raises(FaultError) as caught:
        await called(tool_of(written(server, answer_bytes=100)), prompt="x")
    assert caught.value.fault.kind == "size_limit"


async def test_what_a_provider_put_somewhere_is_fetched_once_without_the_key():
    picture = status(200, PICTURE, {"content-type": "image/png"})
    with ScriptedServer() as server:
        place = f"http://127.0.0.1:{server.port}/made.png"
        server.plan(status(200, {"images": [{"url": place}]}), picture)
        result = await called(tool_of(written(server)), prompt="x")
        assert (result.files[0].width_px, result.files[0].height_px) == (640, 400)
        assert [request.method for request in server.requests] == ["POST", "GET"]
        assert "authorization" not in server.requests[1].headers


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"task": "nonsense"}, "task"),
        ({"address": "", "model": ""}, "model"),
        ({"address": "", "model": "../../x"}, "model"),
        ({"address": "file:///etc/passwd"}, "address"),
        ({"name": "two words"}, "name"),
        ({"description": " "}, "description"),
        ({"fixed": {"seed": "seven"}}, "fixed"),
        ({"fixed": {"colour": "red"}}, "fixed"),
        ({"seconds": 0}, "seconds"),
        ({"allow_hosts": ("http://x",)}, "allow_hosts"),
        ({"secret": "a b"}, "secret"),
    ],
)
def test_what_is_wrong_with_a_definition_is_said(changes, field):
    good = {"name": "t", "description": "d", "address": "https://models.example/x", "secret": ""}
    assert [problem.field for problem in problems(HubTask(**(good | changes)))] == [field]
