"""Settings, Local: models on this machine."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.bootstrap import App
from core.clients import llama_child
from core.clients.model_catalogue import CATALOGUE
from core.clients.model_files import Workplace
from core.domain.agent import AgentSpec
from core.domain.tool import ToolChoice
from core.services.runs import StartRun
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import button, shown
from tests.support.gguf import TOOL_TEMPLATE, header, weights

FIRST = CATALOGUE[0]


@pytest.fixture
def folder(app: App) -> Path:
    folder = app.local_models.folder
    folder.mkdir(parents=True)
    return folder


def _screen(open_page: Open) -> AppTest:
    page = open_page("settings")
    return page.segmented_control(key="section").set_value("Local").run()


def _until(page: AppTest, text: str) -> str:
    """What the page shows once it shows `text`, drawn again as its clock would."""
    deadline = time.monotonic() + LONGEST_S
    while text not in shown(page):
        assert time.monotonic() < deadline, shown(page)
        time.sleep(0.05)
        page.run()
    return shown(page)


def test_it_offers_models_with_size_licence_and_whom_they_are_for(open_page: Open):
    text = shown(_screen(open_page))
    for model in CATALOGUE:
        assert model.title.replace(".", r"\.") in text
        assert model.repository in text
    assert "1.83 GB download · about 3 GB of memory · Apache-2.0" in text


def test_a_download_that_cannot_begin_says_why(app: App, open_page: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    page = _screen(open_page)
    button(page, "Download").click().run()
    assert r"HF\_HUB\_OFFLINE is set" in _until(page, "OFFLINE")


def test_an_interrupted_download_can_be_resumed(app: App, open_page: Open, folder: Path):
    place = Workplace(app.local_models._models.folder, FIRST)
    place.part.parent.mkdir()
    place.part.write_bytes(bytes(2_500_000))
    page = _screen(open_page)
    assert button(page, "Resume at 2.5 MB")
    page.button(key=f"delete_{FIRST.file}").click().run()
    assert "What was downloaded so far is deleted" in shown(page)


def test_a_file_of_ones_own_is_described(open_page: Open, folder: Path):
    pairs = {
        "general.architecture": "tiny",
        "general.name": "Tiny *one*",
        "general.license": "mit",
        "tiny.context_length": 4_096,
        "tokenizer.chat_template": TOOL_TEMPLATE,
    }
    (folder / "tiny.gguf").write_bytes(header(pairs))
    text = shown(_screen(open_page))
    assert r"Tiny \*one\*" in text
    assert "mit · 4,096 tokens of context" in text
    assert "Calls tools" in text
    assert "Used by" in text
    assert "Not running" in text


def test_a_file_is_added_by_its_path(app: App, open_page: Open, folder: Path, tmp_path: Path):
    there = tmp_path / "mine.gguf"
    there.write_bytes(header({"general.name": "Mine"}))
    page = _screen(open_page)
    page.text_input[0].set_value("/no/such.gguf")
    button(page, "Add").click().run()
    assert "cannot be read" in page.error[0].value
    page.text_input[0].set_value(str(there))
    button(page, "Add").click().run()
    assert app.endpoints.models("local") == ("mine.gguf",)
    page.button(key="delete_mine.gguf").click().run()
    assert "The file itself stays where it is" in shown(page)


def test_another_model_is_made_to_answer(app: App, open_page: Open, folder: Path):
    for name in ("a.gguf", "b.gguf"):
        (folder / name).write_bytes(header({"general.name": name}))
    page = _screen(open_page)
    assert [one.key for one in page.button if one.label == "Use by default"] == ["use_b.gguf"]
    button(page, "Use by default").click().run()
    assert app.endpoints.choose().endpoint.model == "b.gguf"
    assert [one.key for one in page.button if one.label == "Use by default"] == ["use_a.gguf"]


@pytest.mark.model
def test_a_model_is_started_and_stopped(app: App, open_page: Open, folder: Path):
    (folder / "small.gguf").symlink_to(weights())
    page = _screen(open_page)
    button(page, "Start").click().run()
    text = _until(page, "Running")
    assert "MB of memory" in text
    assert "Cannot call tools: agents answer without them" in text
    button(page, "Stop").click().run()
    assert "Not running" in shown(page)


@pytest.mark.model
def test_a_model_that_cannot_be_started_says_why(open_page: Open, folder: Path):
    (folder / "empty.gguf").write_bytes(header({"general.name": "No weights"}))
    page = _screen(open_page)
    button(page, "Start").click().run()
    assert "The model server ended with" in _until(page, "Could not be started")


def test_without_llama_cpp_nothing_is_offered_in_vain(open_page: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(llama_child, "_RUNTIME", "xllamacpp_that_is_not_here")
    page = _screen(open_page)
    assert "pip install" in page.warning[0].value
    assert all(one.disabled for one in page.button if one.label == "Download")


def test_the_chat_says_which_tools_were_not_offered(app: App, open_page: Open, folder: Path, clerk):
    (folder / "plain.gguf").write_bytes(header({"tokenizer.chat_template": "{{ messages }}"}))
    conversation = app.conversations.create(clerk.id, "", title="a chat")
    spec = AgentSpec(endpoint="local", tools=(ToolChoice("calculator"), ToolChoice("roll_dice")))
    start = StartRun(input="hello", agent_id=clerk.id, spec=spec, conversation_id=conversation.id)
    app.runs.wait(app.runs.start(start).value.id, LONGEST_S)
    text = shown(open_page("chat", conversation=str(conversation.id)))
    assert "This model cannot call tools; 2 tools were not offered: calculator, roll_dice." in text
