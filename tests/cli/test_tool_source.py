"""MCP servers from the command line."""

import shlex

import pytest

from core.bootstrap import build
from tests.support.mcp_servers import SmallServer, asking, tool


@pytest.fixture
def small(tmp_path):
    server = SmallServer(tmp_path)
    server.lists(tool("add", reads=True), tool("fail"))
    return server


def test_a_server_is_added_listed_and_used(cli, small):
    added = cli("tool", "add-mcp", "small", "--only", "add", "--command", *small.command, "--json").json
    assert (added["name"], added["server"], added["left_out"]) == ("small", "small 1", [])
    ((made),) = added["tools"]
    assert (made["name"], made["tool"], made["effect"]) == ("small_add", "add", "read")
    (row,) = cli("tool", "sources", "--json").json
    assert (row["tools"], row["drifted"], row["fault"]) == (["add"], [], None)
    assert "1 of 2" in cli("tool", "sources").out
    called = cli("tool", "test", "small_add", '{"a": 2, "b": 3}', "--json")
    assert (called.code, called.lines[-1]["output"]) == (0, "5")


def test_a_command_keeps_its_own_options(cli, small):
    line = shlex.join(small.command)
    assert cli("tool", "add-mcp", "one", "--command", line).code == 0
    twice = cli("tool", "add-mcp", "one", "--command", line)
    assert (twice.code, "exists already" in twice.err) == (1, True)
    (row,) = cli("tool", "sources", "--json").json
    assert row["where"] == line


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "one of them"),
        (("--url", "x"), 2, "begins with https://"),
        (("--command", "/no/such"), 5, "There is no command '/no/such'"),
        (("--url", "http://127.0.0.1:9"), 5, "Refused to connect"),
        (("--env", "A", "--command", "x"), 2, "'A' is not VAR=VALUE."),
    ],
)
def test_why_not_is_said(cli, options, code, said):
    ended = cli("tool", "add-mcp", "small", *options)
    assert (ended.code, said in ended.err) == (code, True)


def test_drift_is_shown_by_words_and_accepted(cli, small):
    cli("tool", "add-mcp", "small", "--command", *small.command)
    still = cli("tool", "drift")
    assert (still.code, "2 tools as they were accepted" in still.out) == (0, True)

    small.lists(tool("add", "To subtract.", reads=True))
    changed = cli("tool", "drift", "small")
    assert changed.code == 1
    assert "small: add changed: description" in changed.out
    assert "To [-add-][+subtract+]." in changed.out
    assert "small: fail is gone" in changed.out
    (row,) = cli("tool", "drift", "small_add", "--json").json
    (drift,) = row["drift"]
    assert (drift["change"], drift["parts"], drift["now"]["description"]) == (
        "changed",
        ["description"],
        "To subtract.",
    )

    assert cli("tool", "drift", "--accept").code == 0
    assert cli("tool", "drift").code == 0
    assert "To subtract." in cli("tool", "show", "small_add").out


def test_a_server_that_does_not_answer_and_a_name_that_is_none(cli, small):
    cli("tool", "add-mcp", "small", "--command", *small.command)
    (small.folder / "tools.json").unlink()
    silent = cli("tool", "drift")
    assert (silent.code, "small does not answer" in silent.out) == (5, True)
    unknown = cli("tool", "drift", "calculator")
    assert (unknown.code, "neither a source of tools" in unknown.err) == (2, True)


def test_without_a_terminal_a_question_in_a_call_is_declined_with_clear_words(cli, tmp_path):
    cli("tool", "add-mcp", "shop", "--command", *asking(tmp_path).command)
    called = cli("tool", "test", "shop_order", '{"what": "tea"}')
    assert called.code == 0
    assert "? Call 1.0 asks: How do you want the tea?" in called.out
    assert "It wants: size, cups, name, gift" in called.out
    assert "no person sits at it" in called.out
    assert "= No order: decline." in called.out


def test_a_question_in_a_call_is_answered_from_another_terminal(cli, settings, tmp_path):
    cli("tool", "add-mcp", "shop", "--command", *asking(tmp_path).command)
    app = build(settings, adopt=False)
    try:
        app.executor.start()
        run = app.tools.test("shop_order", '{"what": "tea"}', "").value
        while not app.runs.needing_people():
            assert app.runs.wait(run.id, 0.05).status == "running"
        refused = cli("runs", "approve", str(run.id), "1.0", "--args", '{"size": "huge"}')
        assert (refused.code, '"small", "large"' in refused.err) == (2, True)
        answered = cli("runs", "approve", str(run.id), "1.0", "--args", '{"size": "small", "name": "Ann"}')
        assert (answered.code, app.runs.wait(run.id, 20).output) == (0, "Ordered: 1 small tea for Ann.")
    finally:
        app.close()
    shown = cli("runs", "show", str(run.id)).out
    assert "1.0: How do you want the tea?" in shown
    assert "1.0: approve by" in shown
