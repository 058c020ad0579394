import hashlib
import json
import signal

import pytest

from core.cli.follow import Painter
from core.domain.frames import TextFrame
from tests.support.scripted import ScriptedServer, calls, text

SEVENTEEN = ("calculator", '{"expression": "17 / 100 * 2340"}')


@pytest.fixture
def server(add_endpoint):
    with ScriptedServer() as server:
        add_endpoint("scripted", server.base_url)
        yield server


@pytest.fixture
def done(cli, server):
    """The id of a run that ended well."""
    server.plan(calls(SEVENTEEN), text("397.8"))
    return cli("run", "-", "17 %?", "--endpoint", "scripted", "--tool", "calculator", "--json").lines[-1]["run_id"]


def test_list(cli, done):
    (row,) = cli("runs", "list", "--json").json
    assert (row["run_id"], row["status"], row["kind"], row["output"]) == (done, "done", "cli", "397.8")
    assert done in cli("runs", "list").out
    assert cli("runs", "list", "--status", "failed", "--json").json == []
    assert cli("runs", "list", "--before", done, "--json").json == []
    assert len(cli("runs", "list", "--search", "397", "--json").json) == 1


def test_show(cli, done):
    shown = cli("runs", "show", done, "--json").json
    assert (shown["run_id"], shown["status"], shown["output"]) == (done, "done", "397.8")
    assert [entry["seq"] for entry in shown["entries"]] == list(range(9))
    table = cli("runs", "show", done).out
    assert "decision  1.m: → calculator" in table
    assert table.rstrip().endswith("397.8")


def test_follow_of_a_run_that_ended_shows_it_all(cli, done):
    ended = cli("runs", "follow", done, "--json")
    assert ended.code == 0
    assert [line["seq"] for line in ended.lines[:-1]] == list(range(9))
    assert ended.lines[-1]["status"] == "done"
    assert cli("runs", "follow", done).out.endswith("397.8\n")


def test_the_request_of_a_step_is_what_went_over_the_wire(python_m_core, done, server, spawn):
    process = spawn("runs", "request", done, "--step", "2")
    body, _ = process.communicate(timeout=60)
    assert body == server.requests[1].body
    ended = python_m_core("runs", "request", done, "--step", "1", "--attempt", "1")
    assert hashlib.sha256(ended.out.encode()).digest() == hashlib.sha256(server.requests[0].body).digest()
    assert python_m_core("runs", "request", done, "--step", "3").code == 2
    assert python_m_core("runs", "request", done, "--step", "1", "--attempt", "2").code == 2


def test_cancel_from_another_process(spawn, python_m_core, server):
    server.plan(text("One ", "two ", "three").stall_after(2))
    process = spawn("run", "-", "count", "--endpoint", "scripted", "--json")
    run_id = json.loads(process.stdout.readline())["run_id"]
    server.wait_for(1)
    cancelled = python_m_core("runs", "cancel", run_id, "--json")
    assert (cancelled.code, cancelled.json["status"]) == (0, "cancelled")
    process.communicate(timeout=20)
    assert process.returncode == 4
    again = python_m_core("runs", "cancel", run_id)
    assert (again.code, "has ended already: cancelled" in again.err) == (1, True)


def test_a_run_whose_process_was_killed_is_resumed(spawn, python_m_core, server):
    server.plan(text("One ", "two").stall_after(2))
    process = spawn("run", "-", "count", "--endpoint", "scripted", "--json")
    run_id = json.loads(process.stdout.readline())["run_id"]
    server.wait_for(1)
    process.kill()
    process.wait(10)
    server.plan(text("One two three"))
    resumed = python_m_core("runs", "resume", run_id, "--json")
    assert resumed.code == 0
    assert resumed.lines[-1]["output"] == "One two three"
    assert [line["kind"] for line in resumed.lines[:-1]] == ["claimed", "started", "decision", "ended"]


def test_ctrl_c_while_only_watching_leaves_the_run_alone(spawn, cli, server):
    server.plan(text("One ", "two ", "three").stall_after(2))
    runner = spawn("run", "-", "count", "--endpoint", "scripted", "--json")
    run_id = json.loads(runner.stdout.readline())["run_id"]
    watcher = spawn("runs", "follow", run_id, "--json")
    watcher.stdout.readline()
    watcher.send_signal(signal.SIGINT)
    _, err = watcher.communicate(timeout=20)
    assert (watcher.returncode, b"The run goes on." in err) == (130, True)
    assert cli("runs", "show", run_id, "--json").json["status"] == "running"
    runner.send_signal(signal.SIGINT)
    runner.communicate(timeout=20)


def frame(piece, attempt=1, *, reset=False):
    return TextFrame(effect="1.m", attempt=attempt, text=piece, reset=reset)


def test_a_painter_appends_and_never_says_a_thing_twice(capsys):
    painter = Painter(as_json=False)
    for piece in (frame("One ", reset=True), frame("two "), frame("One two three", reset=True)):
        painter.show(piece)
    assert capsys.readouterr().out == "One two three"


def test_a_second_attempt_begins_on_its_own_line(capsys):
    painter = Painter(as_json=False)
    painter.show(frame("One tw", reset=True))
    painter.show(frame("Uno", attempt=2, reset=True))
    assert capsys.readouterr().out == "One tw\nUno"
