"""A real model, served by llama.cpp: SmolLM2, 135 million parameters, from the files of a package that is never run."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from core.clients import llama_child, local
from core.clients.chat.client import ChatClient
from core.clients.chat.probe import probe
from core.clients.local import LocalModel, LocalModels
from core.domain.endpoint import Endpoint
from core.domain.local_model import ServerStatus
from core.domain.model_call import ModelRequest
from core.errors import FaultError
from tests.support.gguf import BARE_TEMPLATE, TOOL_TEMPLATE, header, weights, with_template

ENDPOINT = Endpoint(name="local", kind="local")


@pytest.fixture(scope="module")
def model():
    model = LocalModel(weights())
    yield model
    model.stop()


async def _ask(serving, question="Say hello.", *, key=None, on_delta=None, **parameters):
    body = {"model": "m", "messages": [{"role": "user", "content": question}], "stream": True, "temperature": 0}
    client = ChatClient(lambda _: key or serving.key, lambda _: serving.base_url)
    try:
        request = ModelRequest(endpoint=ENDPOINT, model="m", body=json.dumps(body | parameters).encode())
        return await client.ask(request, on_delta or (lambda _: None))
    finally:
        await client.close()


@pytest.mark.model
async def test_it_streams(model):
    seen = []
    reply = await _ask(model.start(), on_delta=seen.append, max_tokens=12, stream_options={"include_usage": True})
    assert reply.fault.kind == "truncated"
    assert len(seen) > 3
    assert "".join(delta.text for delta in seen) == reply.text
    assert reply.usage.completion_tokens == 12
    assert reply.exchange.model == weights().name


@pytest.mark.model
async def test_a_schema_is_kept_to(model):
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}, "big": {"type": "boolean"}},
        "required": ["city", "big"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    reply = await _ask(model.start(), "Name a city.", response_format=wanted, max_tokens=60)
    assert reply.fault is None
    assert json.loads(reply.text)["city"] in {"Paris", "Rome"}


@pytest.mark.model
async def test_cancelling_frees_the_model_for_the_next(model):
    shown = asyncio.Event()
    serving = model.start()
    task = asyncio.create_task(_ask(serving, "Count to a million.", on_delta=lambda _: shown.set(), max_tokens=4_000))
    await asyncio.wait_for(shown.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    reply = await asyncio.wait_for(_ask(serving, max_tokens=2), 60)
    assert reply.text


@pytest.mark.model
@pytest.mark.parametrize(("stream", "kind"), [(True, "stream_error"), (False, "server_error")])
async def test_output_that_does_not_fit_is_a_fault_that_says_so(tmp_path, stream, kind):
    model = LocalModel(with_template(weights(), BARE_TEMPLATE, tmp_path / "m.gguf"))
    try:
        tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
        fault = (await _ask(model.start(), "Write JSON", tools=[tool], stream=stream, max_tokens=60)).fault
    finally:
        model.stop()
    assert fault.kind == kind
    assert fault.is_misfit


@pytest.mark.model
async def test_another_key_is_refused(model):
    serving = model.start()
    assert (await _ask(serving, key="wrong")).fault.kind == "auth"
    probed = await asyncio.to_thread(probe, ENDPOINT, serving.base_url, serving.key)
    assert probed.models == (weights().name,)


@pytest.mark.model
def test_it_starts_once_and_says_that_it_knows_no_tools(model):
    assert model.start() is model.start()
    assert not model.start().supports_tools


@pytest.mark.model
async def test_a_killed_server_is_started_again_on_demand(model):
    first = model.start()
    (server,) = _servers(os.getpid())
    server.kill()
    server.wait(10)
    assert (await _ask(first, max_tokens=2)).fault.kind == "connection"
    second = model.start()
    assert second.key != first.key
    assert (await _ask(second, max_tokens=2)).text


@pytest.mark.model
def test_the_server_ends_with_a_parent_that_is_killed():
    program = (
        "import pathlib, sys; from core.clients.local import LocalModel; model = LocalModel(pathlib.Path(sys.argv[1]));"
        "print(model.start().base_url, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(weights())],
        cwd=Path(local.__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        url = parent.stdout.readline().strip()
        (server,) = _servers(parent.pid)
        assert probe(ENDPOINT, url, None).fault.kind == "auth"  # it answers, though not to anybody
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
        server.wait(10)
    assert probe(ENDPOINT, url, None).fault.kind == "connection"


def _servers(pid):
    return [child for child in psutil.Process(pid).children() if "llama_process.py" in " ".join(child.cmdline())]


@pytest.mark.model
def test_a_broken_file_is_a_fault_in_the_servers_words(tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(weights().read_bytes()[:500_000])
    with pytest.raises(FaultError, match="failed to read") as caught:
        LocalModel(broken).start()
    assert caught.value.fault.kind == "server_error"
    assert len(caught.value.fault.message) < 1_200


def _played(tmp_path, program):
    """A model whose process does what `program` says."""
    script, file = tmp_path / "played.py", tmp_path / "model.gguf"
    script.write_text(program)
    file.write_bytes(b"GGUF")
    return LocalModel(file, start_limit_s=0.5, program=script)


def test_a_model_that_takes_too_long_is_given_up(tmp_path):
    model = _played(tmp_path, "import sys; sys.stdin.read()")
    with pytest.raises(FaultError, match=r"within 0\.5 seconds"):
        model.start()
    assert model.status().state == "failed"
    assert model.status().message == "The model was not loaded within 0.5 seconds."
    assert not [child for child in psutil.Process().children() if "played.py" in " ".join(child.cmdline())]


def test_a_processor_that_is_too_old_is_said(tmp_path):
    with pytest.raises(FaultError, match="needs AVX2"):
        _played(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGILL)").start()


def test_without_llama_cpp_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(llama_child, "_RUNTIME", "xllamacpp_that_is_not_here")
    assert "pip install" in llama_child.missing_runtime()
    with pytest.raises(FaultError, match="pip install") as caught:
        _played(tmp_path, "").start()
    assert caught.value.fault.kind == "unsupported"


@pytest.mark.model
def test_what_its_process_does_is_told(model):
    serving = model.start()
    status = model.status()
    assert status.state == "awake"
    assert status.since == serving.since
    assert status.memory_bytes > 90_000_000
    model.stop()
    assert model.status() == ServerStatus(state="stopped")


@pytest.mark.model
async def test_it_sleeps_when_nobody_asks_and_wakes_with_a_question(monkeypatch):
    monkeypatch.setattr(local, "SLEEP_AFTER_S", 1)
    model = LocalModel(weights())
    try:
        serving = model.start()
        async with asyncio.timeout(60):
            while model.status().state != "asleep":
                await asyncio.sleep(0.2)
        assert (await _ask(serving, max_tokens=2)).text
    finally:
        model.stop()


@pytest.mark.parametrize(("content", "kind"), [(None, "not_found"), (b"<html>", "bad_request"), (b"", "bad_request")])
def test_a_file_that_is_no_model_is_not_even_tried(tmp_path, content, kind):
    file = tmp_path / "model.gguf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(FaultError) as caught:
        LocalModel(file).start()
    assert caught.value.fault.kind == kind


@pytest.mark.parametrize("name", ["", "other.gguf", "../secret.gguf"])
def test_a_name_that_is_not_there_says_what_is(tmp_path, name):
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret.gguf").write_bytes(b"GGUF")
    for file in ("a.gguf", "b.gguf"):
        (folder / file).write_bytes(b"GGUF")
    with pytest.raises(FaultError, match=r"There are: a\.gguf, b\.gguf") as caught:
        LocalModels(folder).serving(name)
    assert caught.value.fault.kind == "not_found"


@pytest.mark.model
def test_models_of_a_folder_are_served_on_demand(tmp_path):
    (tmp_path / "small.gguf").symlink_to(weights())
    models = LocalModels(tmp_path)
    try:
        assert models.serving("small.gguf") is models.serving("")
        serving = models.serving("")
        assert probe(ENDPOINT, serving.base_url, serving.key).ok
    finally:
        models.stop()
    assert probe(ENDPOINT, serving.base_url, serving.key).fault.kind == "connection"


@pytest.mark.model
def test_one_model_is_stopped_and_the_other_goes_on(tmp_path):
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).symlink_to(weights())
    models = LocalModels(tmp_path)
    try:
        models.serving("a.gguf")
        models.serving("b.gguf")
        models.stop("a.gguf")
        assert [models.status(name).state for name in models.names()] == ["stopped", "awake"]
    finally:
        models.stop()


@pytest.mark.parametrize(("template", "expected"), [(TOOL_TEMPLATE, True), ("{{ messages }}", False), (None, False)])
def test_whether_a_model_takes_tools_is_known_before_it_runs(tmp_path, template, expected):
    (tmp_path / "m.gguf").write_bytes(header({} if template is None else {"tokenizer.chat_template": template}))
    models = LocalModels(tmp_path)
    assert models.supports_tools("m.gguf") is expected
    assert models.status("m.gguf").state == "stopped"


def test_of_a_file_that_does_not_say_nobody_knows(tmp_path):
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    assert LocalModels(tmp_path).supports_tools("m.gguf") is None
    assert LocalModels(tmp_path).supports_tools("missing.gguf") is None


@pytest.mark.model
def test_what_llama_cpp_says_wins_and_is_remembered(tmp_path):
    # It takes the tools into a variable that nothing is made of: only running it shows that they are left out.
    template = "{% if false %}{{ tools }}{% endif %}{{ messages[0].content }}"
    with_template(weights(), template, tmp_path / "m.gguf")
    models = LocalModels(tmp_path)
    assert models.supports_tools("m.gguf")
    try:
        assert not models.serving("m.gguf").supports_tools
        assert not models.supports_tools("m.gguf")
    finally:
        models.stop()
    assert not LocalModels(tmp_path).supports_tools("m.gguf")
    assert models.names() == ("m.gguf",)
