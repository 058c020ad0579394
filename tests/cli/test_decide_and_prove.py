"""Deciding about a run, proving it, branching off and carrying it elsewhere: from a script."""

import pytest

from tests.support.scripted import MODEL, ScriptedServer, calls, text

WRITE = ("notebook_write", '{"notebook": "log", "text": "hello"}')
SEVEN = ("calculator", '{"expression": "3+4"}')
ASKING = """
name: Careful
spec:
  endpoint: scripted
  tools:
    - name: notebook_write
      policy: ask
    - name: calculator
"""


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def agent(cli, server, tmp_path):
    """An agent that asks before it writes, on the scripted server."""
    file = tmp_path / "agent.yaml"
    file.write_text(ASKING)
    assert cli("endpoint", "add", "scripted", "--base-url", server.base_url).code == 0
    assert cli("agent", "import", str(file)).code == 0

    def run(*answers, code=0):
        server.plan(*answers)
        ended = cli("run", "Careful", "go", "--model", MODEL, "--json")
        assert ended.code == code, ended.err
        return ended.lines[-1]["run_id"]

    return run


def test_a_run_that_waits_is_approved_and_resumed(cli, server, agent):
    run_id = agent(calls(WRITE), code=3)
    server.plan(text("Noted."))

    assert cli("runs", "approve", run_id, "1.0").code == 0
    resumed = cli("runs", "resume", run_id, "--json")

    assert resumed.code == 0
    assert resumed.lines[-1]["output"] == "Noted."
    assert resumed.lines[-1]["calls"] == {"executed": 1, "refused": 0}
    assert cli("runs", "approve", run_id, "1.0").code == 1


def test_a_denied_call_is_not_executed(cli, server, agent):
    run_id = agent(calls(WRITE), code=3)
    server.plan(text("Then not."))

    assert cli("runs", "deny", run_id, "1.0", "--reason", "no").code == 0
    assert cli("runs", "resume", run_id, "--json").lines[-1]["calls"] == {"executed": 0, "refused": 1}


def test_edited_arguments_have_to_fit(cli, agent):
    run_id = agent(calls(WRITE), code=3)

    refused = cli("runs", "approve", run_id, "1.0", "--args", '{"nonsense": 1}')

    assert refused.code == 2
    assert "nonsense" in refused.err


def test_settle_wants_one_answer_and_an_unknown_call(cli, agent):
    run_id = agent(text("hi"))

    assert cli("runs", "settle", run_id, "1.0", "--skip", "--run-again").code == 2
    assert cli("runs", "settle", run_id, "1.0", "--skip").code == 2


def test_replay_verify_and_diff(cli, agent):
    first = agent(calls(SEVEN), text("done"))
    second = agent(calls(("calculator", '{"expression": "3+5"}')), text("done"))

    replayed = cli("runs", "replay", first, "--offline", "--assert-identical")
    verified = cli("audit", "verify")
    differing = cli("runs", "diff", first, second, "--json")

    assert (replayed.code, replayed.out.strip()) == (0, "identical")
    assert verified.code == 0
    assert differing.json["first"]["where"] == "step 1 · call 1 · arguments"


def test_a_fork_follows_to_its_end(cli, server, agent):
    run_id = agent(calls(SEVEN), text("done"))
    server.plan(text("another end"))

    forked = cli("runs", "fork", run_id, "--step", "2", "--json")

    assert forked.code == 0
    assert forked.lines[-1]["output"] == "another end"


def test_a_bundle_is_the_run_elsewhere(cli, agent, tmp_path, empty_home):
    run_id = agent(calls(SEVEN), text("done"))
    file = tmp_path / "run.json"
    assert cli("runs", "export", run_id, str(file)).code == 0
    assert cli("runs", "import", str(file)).code == 1, "it is here already"

    with empty_home():
        assert cli("runs", "import", str(file)).code == 0
        assert cli("runs", "show", run_id, "--json").json["output"] == "done"
        assert cli("audit", "verify", run_id).code == 0

        file.write_text(file.read_text().replace("3+4", "3+9"))
        changed = cli("runs", "import", str(file))
        assert changed.code == 2
        assert "hash" in changed.err
