"""Local models as a person handles them: a real hub protocol, real files, the real small model."""

import threading
import time
from pathlib import Path

import pytest

from core.clients import llama_child, model_files
from core.clients.demo.server import DemoServer
from core.clients.local import LocalModels
from core.clients.model_files import download
from core.domain.agent import AgentSpec
from core.domain.local_model import ServerStatus
from core.domain.result import Err, Ok
from core.services.agents import AgentService
from core.services.connections import Connections
from core.services.endpoints import EndpointService
from core.services.local_models import LocalModelService
from core.services.model_downloads import Meter
from core.services.secrets import SecretService
from tests.support.gguf import TOOL_TEMPLATE, header, weights
from tests.support.hub import Breaks, Hub, Waits

CONTENT = header({"general.name": "Tiny", "general.license": "mit", "tokenizer.chat_template": TOOL_TEMPLATE}) + bytes(
    300_000
)
LIMIT_S = 60


class Here:
    """The service with everything real around it, its catalogue from a hub on the loopback interface."""

    def __init__(self, engine, settings, hub):
        secrets = SecretService(engine, settings)
        self.models = LocalModels(settings.home / "models")
        self.agents = AgentService(engine)
        connections = Connections(secrets, DemoServer(), self.models)
        self.endpoints = EndpointService(engine, settings, secrets, connections)
        self.hub = hub
        self.service = LocalModelService(
            self.models,
            self.agents,
            self.endpoints,
            (hub.model(CONTENT),),
            lambda *given: download(*given, hub.url),
        )

    @property
    def entry(self):
        (entry,) = self.service.catalogue()
        return entry

    @property
    def folder(self):
        return self.service.folder

    def put(self, name, content=CONTENT):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)


@pytest.fixture
def here(engine, settings, monkeypatch):
    monkeypatch.setattr(model_files, "PAUSE_S", 0.0)
    with Hub() as hub:
        here = Here(engine, settings, hub)
        yield here
        here.service.close()


def until(condition):
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_download_from_its_start_to_its_end(here):
    go = threading.Event()
    waits = Waits(100_000, go)
    here.hub.plan(waits)
    assert (here.entry.state, here.entry.kept_bytes) == ("absent", 0)
    assert here.service.download("tiny.gguf", "Ada") == Ok("tiny.gguf")
    assert waits.reached.wait(LIMIT_S)
    until(lambda: here.entry.download.done_bytes == 100_000)
    assert here.entry.state == "downloading"
    assert here.entry.download.total_bytes == len(CONTENT)
    go.set()
    until(lambda: here.entry.state == "ready")
    (file,) = here.service.files()
    assert (file.name, file.title, file.licence, file.size_bytes) == ("tiny.gguf", "Tiny", "mit", len(CONTENT))
    assert file.supports_tools
    assert here.service.own_files() == ()


def test_starting_a_download_twice_is_one_download(here):
    go = threading.Event()
    waits = Waits(10, go)
    here.hub.plan(waits)
    for _ in range(3):
        assert isinstance(here.service.download("tiny.gguf", ""), Ok)
    assert waits.reached.wait(LIMIT_S)
    go.set()
    until(lambda: here.entry.state == "ready")
    assert len(here.hub.contents) == 1
    assert here.service.download("tiny.gguf", "") == Err("conflict", "Tiny is here already.")


def test_a_cancelled_download_keeps_what_came_and_goes_on(here):
    go = threading.Event()
    here.hub.plan(Waits(100_000, go))
    here.service.download("tiny.gguf", "")
    until(lambda: here.entry.download and here.entry.download.done_bytes == 100_000)
    assert not here.entry.download.is_stopping
    here.service.cancel("tiny.gguf", "")
    assert here.entry.download.is_stopping
    go.set()
    until(lambda: here.entry.state == "absent")
    assert here.entry.kept_bytes >= 100_000
    assert here.entry.message == ""
    here.service.download("tiny.gguf", "")
    until(lambda: here.entry.state == "ready")
    assert here.hub.contents[-1].headers["range"].startswith("bytes=")


def test_a_failed_download_says_why_until_the_next_one(here):
    here.hub.plan(Breaks(5), *[Breaks(0)] * model_files.TRIES)
    here.service.download("tiny.gguf", "")
    until(lambda: here.entry.state == "absent")
    assert "broke 4 times" in here.entry.message
    assert here.entry.kept_bytes == 5
    here.service.download("tiny.gguf", "")
    until(lambda: here.entry.state == "ready")
    assert here.entry.message == ""


def test_a_wrong_file_is_broken_and_can_be_fetched_again(here):
    name = next(iter(here.hub.files))
    here.hub.files[name] = CONTENT[:-1] + b"!"
    here.hub.told_sha256[name] = here.entry.model.sha256
    here.service.download("tiny.gguf", "")
    until(lambda: here.entry.state == "broken")
    assert "What came is not tiny.gguf" in here.entry.message
    assert here.service.files() == ()
    here.hub.files[name] = CONTENT
    here.service.download("tiny.gguf", "")
    until(lambda: here.entry.state == "ready")


def test_a_file_of_another_length_under_a_known_name_is_broken(here):
    here.put("tiny.gguf", CONTENT[:-7])
    assert here.entry.state == "broken"
    assert "instead of" in here.entry.message
    assert here.service.delete("tiny.gguf", "") == Ok("tiny.gguf")
    assert here.entry.state == "absent"


def test_closing_ends_a_download_and_the_next_start_goes_on(here, engine, settings):
    here.hub.plan(Waits(100_000, threading.Event()))
    here.service.download("tiny.gguf", "")
    until(lambda: here.entry.download and here.entry.download.done_bytes == 100_000)
    began = time.monotonic()
    here.service.close()
    assert time.monotonic() - began < 5  # it does not wait for a server that says nothing
    assert Here(engine, settings, here.hub).entry.kept_bytes == 100_000


def test_deleting_during_a_download_leaves_nothing(here):
    go = threading.Event()
    here.hub.plan(Waits(100_000, go))
    here.service.download("tiny.gguf", "")
    until(lambda: here.entry.download and here.entry.download.done_bytes == 100_000)
    threading.Timer(0.05, go.set).start()
    assert here.service.delete("tiny.gguf", "Ada") == Ok("tiny.gguf")
    assert (here.entry.state, here.entry.kept_bytes) == ("absent", 0)
    assert [path for path in here.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["other.gguf", "../tiny.gguf", ""])
def test_what_is_not_there(here, name):
    assert here.service.download(name, "").kind == "not_found"
    assert here.service.delete(name, "").kind == "not_found"
    assert here.service.start(name, "").kind == "not_found"
    assert here.service.stop(name, "").kind == "not_found"
    assert here.service.status(name).state == "failed"
    assert here.service.file(name) is None


def test_files_of_ones_own(here, tmp_path):
    here.put("mine.gguf", header({"general.name": "Mine", "tokenizer.chat_template": "{{ messages }}"}))
    there = tmp_path / "elsewhere.gguf"
    there.write_bytes(CONTENT)
    assert here.service.add_file(f' "{there}" ', "Ada") == Ok("elsewhere.gguf")
    elsewhere, mine = here.service.own_files()
    assert (elsewhere.path, elsewhere.is_elsewhere, elsewhere.supports_tools) == (str(there), True, True)
    assert (mine.title, mine.is_elsewhere, mine.supports_tools) == ("Mine", False, False)
    assert here.endpoints.models("local") == ("elsewhere.gguf", "mine.gguf")
    there.unlink()
    assert here.service.file("elsewhere.gguf").problem == f"It is not at {there} any more."
    assert here.service.delete("elsewhere.gguf", "") == Ok("elsewhere.gguf")
    assert [file.name for file in here.service.own_files()] == ["mine.gguf"]


@pytest.mark.parametrize(("path", "said"), [("", "whole path"), ("a.gguf", "whole path"), ("/no/such.gguf", "No such")])
def test_a_path_that_cannot_be_used(here, path, said):
    refused = here.service.add_file(path, "")
    assert (refused.kind, refused.field) == ("invalid", "path")
    assert said in refused.message


def test_a_damaged_file_is_listed_with_its_problem(here):
    here.put("odd.gguf", CONTENT[:60])
    (file,) = here.service.own_files()
    assert "The header of odd.gguf cannot be read" in file.problem
    assert file.size_bytes == 60


def test_the_chosen_model_answers_until_it_is_deleted(here):
    here.put("a.gguf")
    here.put("b.gguf")
    assert here.endpoints.choose().endpoint.model == "a.gguf"
    assert here.service.use("b.gguf", "Ada").value.model == "b.gguf"
    assert here.endpoints.choose().endpoint.model == "b.gguf"
    here.service.delete("b.gguf", "Ada")
    assert here.endpoints.choose().endpoint.model == "a.gguf"
    here.service.delete("a.gguf", "Ada")
    assert here.endpoints.choose().endpoint.kind == "demo"


def test_which_agents_it_answers_for(here):
    here.put("a.gguf")
    here.put("b.gguf")
    for name, spec in {
        "nothing said": AgentSpec(),
        "local": AgentSpec(endpoint="local"),
        "local b": AgentSpec(endpoint="local", model="b.gguf"),
        "any b": AgentSpec(model="b.gguf"),
        "elsewhere": AgentSpec(endpoint="demo"),
    }.items():
        assert isinstance(here.agents.create(name, spec, ""), Ok)
    assert sorted(here.service.used_by("a.gguf")) == ["local", "nothing said"]
    assert sorted(here.service.used_by("b.gguf")) == ["any b", "local b"]
    here.endpoints.set_default("demo", "")
    assert here.service.used_by("a.gguf") == ("local",)


def test_without_files_no_agent_uses_one(here):
    assert here.service.used_by("a.gguf") == ()


@pytest.mark.model
def test_starting_and_stopping(here):
    here.folder.mkdir(parents=True)
    (here.folder / "small.gguf").symlink_to(weights())
    assert here.service.status("small.gguf") == ServerStatus(state="stopped")
    assert here.service.start("small.gguf", "Ada") == Ok("small.gguf")
    assert here.service.status("small.gguf").state == "starting"
    until(lambda: here.service.status("small.gguf").state == "awake")
    assert here.service.status("small.gguf").memory_bytes > 90_000_000
    assert here.service.stop("small.gguf", "Ada") == Ok("small.gguf")
    assert here.service.status("small.gguf") == ServerStatus(state="stopped")


@pytest.mark.model
def test_deleting_ends_the_process_first(here):
    here.folder.mkdir(parents=True)
    (here.folder / "small.gguf").symlink_to(weights())
    here.service.start("small.gguf", "")
    until(lambda: here.service.status("small.gguf").state == "awake")
    model = here.models._model(here.folder / "small.gguf")
    assert here.service.delete("small.gguf", "") == Ok("small.gguf")
    assert model.status().state == "stopped"
    assert Path(weights()).is_file()


@pytest.mark.model
def test_a_model_that_cannot_be_loaded_says_why(here):
    here.put("no-weights.gguf", header({"general.name": "x"}))
    here.service.start("no-weights.gguf", "")
    until(lambda: here.service.status("no-weights.gguf").state == "failed")
    assert "The model server ended with" in here.service.status("no-weights.gguf").message


def test_where_llama_cpp_is_missing_it_is_said_before_the_download(here, monkeypatch):
    monkeypatch.setattr(llama_child, "_RUNTIME", "xllamacpp_that_is_not_here")
    assert "pip install" in here.service.unavailable()
    here.put("mine.gguf")
    assert here.service.download("tiny.gguf", "").kind == "unavailable"
    assert here.service.start("mine.gguf", "").kind == "unavailable"
    assert here.hub.asked == []


def test_speed_and_time_left():
    now = 0.0
    meter = Meter(10_000, lambda: now)
    meter.at(4_000)  # found on the disk, not received
    meter.receiving()
    assert meter.read().bytes_per_s is None
    for second in range(1, 5):
        now = float(second)
        meter.at(4_000 + 100 * second)
    assert meter.read().bytes_per_s == pytest.approx(100)
    assert meter.read().left_s == pytest.approx(56)
    now = 30.0
    assert meter.read().left_s is None
    assert meter.read().done_bytes == 4_400
    meter.broke()
    assert meter.read().breaks == 1
