"""View as code: what is shown there sends what was sent."""

import subprocess

import msgspec
import pytest

from core.domain.agent import AgentSpec, Parameters
from core.domain.as_code import as_curl, as_python, key_variable
from core.domain.endpoint import Endpoint
from core.domain.tool import ToolChoice
from tests.support.scripted import ScriptedServer, calls, text
from tests.support.workspace import ENDPOINT, rested, started, workspace

SEVENTEEN = ("calculator", '{"expression": "17 / 100 * 2340"}')
AWKWARD = 'It\'s $HOME, "`pwd`" \\n {{x}} 🦀 \u2028\nand a line'
SPEC = AgentSpec(
    endpoint=ENDPOINT,
    instructions="Answer briefly. " * 40,
    tools=(ToolChoice("calculator"),),
    parameters=Parameters(temperature=0.25, seed=12345678901234567, stop=("END",), reasoning_effort="low"),
)


@pytest.fixture
def asked(settings):
    """A server that was asked twice, once with a tool's result, and what it was sent last."""
    with ScriptedServer(calls(SEVENTEEN), text("It is ", "397.8.")) as server, workspace(settings, server) as app:
        run = started(app, AWKWARD, spec=SPEC)
        assert rested(app, run.id).run.status == "done"
        server.plan(text("It is ", "397.8."))
        yield server, app.runs.sent(run.id, 2).value


def test_curl_sends_the_same_bytes(asked):
    server, sent = asked
    command = as_curl(sent.body, sent.url, "MY_KEY")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env={"MY_KEY": "sk-1"}, check=True)
    assert "397.8" in done.stdout
    assert server.requests[-1].body == sent.body == server.requests[-2].body
    assert server.requests[-1].headers["authorization"] == "Bearer sk-1"


def test_the_hubs_client_asks_the_same(asked, monkeypatch, capsys):
    server, sent = asked
    monkeypatch.setenv("MY_KEY", "sk-1")
    exec(as_python(sent.body, sent.url, "MY_KEY"), {})
    assert "397.8." in capsys.readouterr().out
    assert server.requests[-1].json == msgspec.json.decode(sent.body)
    assert server.requests[-1].headers["authorization"] == "Bearer sk-1"


def test_without_a_key_the_persons_token_stays_at_home(asked, monkeypatch):
    server, sent = asked
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    exec(as_python(sent.body, sent.url, ""), {})
    assert server.requests[-1].headers["authorization"] == "Bearer none"


@pytest.mark.parametrize(
    ("endpoint", "variable"),
    [
        (Endpoint(name="a", kind="openai", secret="OFFICE_KEY"), "OFFICE_KEY"),
        (Endpoint(name="a", kind="openai", secret="office key"), "API_KEY"),
        (Endpoint(name="a", kind="openai"), ""),
        (Endpoint(name="a", kind="local"), "LOCAL_MODEL_KEY"),
    ],
)
def test_the_key_is_a_name_never_a_value(endpoint, variable):
    assert key_variable(endpoint) == variable
