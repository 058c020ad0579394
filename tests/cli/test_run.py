import json
import signal

import pytest

from core.domain.agent import AgentSpec, Parameters, Variable
from core.domain.tool import ToolChoice
from core.services.agents import AgentService
from tests.support.answers import chunk
from tests.support.scripted import ScriptedServer, calls, drop, status, stream, text

SEVENTEEN = ("calculator", '{"expression": "17 / 100 * 2340"}')
ENTRY_KEYS = ["run_id", "seq", "kind", "at", "body"]
LAST_KEYS = ["run_id", "status", "output", "reasoning", "error", "steps", "calls", "usage"]


@pytest.fixture
def served(add_endpoint):
    """A scripted server that commands know as `scripted`."""

    def serve(*answers):
        server = ScriptedServer(*answers)
        add_endpoint("scripted", server.base_url)
        return server

    return serve


def test_every_entry_is_a_line_and_the_last_says_how_it_ended(served, python_m_core):
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    with served(calls(SEVENTEEN), text("It is ", "397.8.", usage=usage)):  # the first step reports 10, 5 and 15
        ended = python_m_core("run", "-", "17 %?", "--endpoint", "scripted", "--tool", "calculator", "--json")
    *entries, last = ended.lines
    assert ended.code == 0
    assert all(list(entry) == ENTRY_KEYS for entry in entries)
    assert [entry["seq"] for entry in entries] == list(range(len(entries)))
    assert [entry["kind"] for entry in entries] == [
        *("created", "claimed", "started", "decision"),
        *("started", "finished", "started", "decision", "ended"),
    ]
    assert "kind" not in entries[3]["body"]
    assert (entries[5]["body"]["effect"], entries[5]["body"]["attempt"]) == ("1.0", 1)
    assert list(last) == LAST_KEYS
    assert last == {
        "run_id": entries[0]["run_id"],
        "status": "done",
        "output": "It is 397.8.",
        "reasoning": "",
        "error": None,
        "steps": 2,
        "calls": {"executed": 1, "refused": 0},
        "usage": {"prompt_tokens": 15, "completion_tokens": 8, "total_tokens": 23},
    }
    assert "→ calculator" in ended.err, "what is meant for a person goes to stderr then"


def test_without_json_the_text_streams_to_stdout(served, python_m_core):
    with served(calls(SEVENTEEN), text("It is ", "397.8.")):
        ended = python_m_core("run", "-", "17 %?", "--endpoint", "scripted", "--tool", "calculator")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == '→ calculator {"expression":"17 / 100 * 2340"}'
    assert lines[1].startswith("  = 397.8  (")
    assert lines[2] == "It is 397.8."
    assert ended.err == ""


def test_every_entry_is_one_line_whatever_the_reader_calls_a_line(served, cli):
    said = "a\u2028b\u2029c\x85d"
    with served(text(said)):
        ended = cli("run", "-", said, "--endpoint", "scripted", "--json")
    assert ended.lines[-1]["output"] == said


def test_an_unknown_tool_is_answered_with_what_was_sent(served, cli):
    with served(calls(("nope", '{"a":')), text("Sorry.")) as server:
        last = cli("run", "-", "hi", "--endpoint", "scripted", "--tool", "calculator", "--json").lines[-1]
    *_, asked, told = server.requests[1].json["messages"]
    assert (last["calls"], asked["tool_calls"][0]["function"]["arguments"]) == ({"executed": 0, "refused": 1}, "{}")
    assert 'You sent: {"a":' in told["content"]


def test_reasoning_is_kept_apart(served, cli):
    thinking = stream(
        chunk({"reasoning": "Let me see. "}),
        chunk({"reasoning_content": "Yes."}),
        chunk({"content": "Forty"}),
        chunk({"content": "-two"}, "stop"),
    )
    with served(thinking):
        last = cli("run", "-", "?", "--endpoint", "scripted", "--json").lines[-1]
    assert (last["output"], last["reasoning"]) == ("Forty-two", "Let me see. Yes.")


def test_a_failed_run_says_why_in_the_providers_words(served, cli):
    refusal = status(429, {"error": {"message": "Slow down."}}, {"retry-after": "7"})
    with served(refusal):
        ended = cli("run", "-", "hi", "--endpoint", "scripted", "--json")
    assert ended.code == 1
    error = ended.lines[-1]["error"]
    assert list(error) == ["kind", "message", "status", "retry_after_s"]
    assert (error["kind"], error["status"], error["retry_after_s"]) == ("rate_limited", 429, 7)
    assert "Slow down." in error["message"]
    assert ended.lines[-1]["status"] == "failed"
    assert "rate_limited (HTTP 429): " in ended.err
    assert "Wait 7 s." in ended.err


def test_the_partial_text_of_a_broken_answer_stays(served, cli):
    with served(text("One ", "two ", "three").cut_after(2)):
        ended = cli("run", "-", "hi", "--endpoint", "scripted", "--json")
    last = ended.lines[-1]
    assert ended.code == 1
    assert (last["status"], last["error"]["kind"]) == ("failed", "stream_incomplete")
    assert last["output"].startswith("One ")


def test_nothing_answers(add_endpoint, cli):
    add_endpoint("closed", "http://127.0.0.1:1/v1")
    ended = cli("run", "-", "hi", "--endpoint", "closed", "--json")
    assert ended.code == 5
    assert ended.lines[-1]["error"]["kind"] == "connection"


def test_a_connection_lost_after_an_answer_is_a_failure_of_the_run(served, cli):
    with served(calls(SEVENTEEN), drop()):
        ended = cli("run", "-", "hi", "--endpoint", "scripted", "--tool", "calculator", "--json")
    assert ended.code == 1
    assert ended.lines[-1]["calls"] == {"executed": 1, "refused": 0}


def test_the_options_make_the_run(served, cli):
    with served(calls(SEVENTEEN)) as server:
        ended = cli(
            *("run", "-", "hi", "--endpoint", "scripted", "--model", "big", "--max-steps", "1"),
            *("--tool", "calculator", "--tool", "roll_dice", "--json"),
        )
        asked = server.requests[0].json
    assert asked["model"] == "big"
    assert [tool["function"]["name"] for tool in asked["tools"]] == ["calculator", "roll_dice"]
    assert (ended.code, ended.lines[-1]["error"]["kind"]) == (1, "step_limit")


def test_a_saved_agent_with_variables(served, cli, engine):
    spec = AgentSpec(instructions="Speak {{language}}.", variables=(Variable("language"),), endpoint="scripted")
    AgentService(engine).create("Poet", spec, "ada")
    assert "needs a value for language" in cli("run", "Poet", "hi").err
    with served(text("Ja.")) as server:
        ended = cli("run", "Poet", "hi", "--var", "language=German = good")
    assert (ended.code, ended.out) == (0, "Ja.\n")
    assert server.requests[0].json["messages"][0] == {"role": "system", "content": "Speak German = good."}


def test_a_conversation_goes_on(served, cli, engine):
    from core.services.conversations import ConversationService

    talk = ConversationService(engine).create(None, "ada")
    with served(text("Hello Ada."), text("Ada.")) as server:
        cli("run", "-", "I am Ada", "--endpoint", "scripted", "--conversation", str(talk.id))
        cli("run", "-", "Who am I?", "--endpoint", "scripted", "--conversation", str(talk.id))
    said = [message["content"] for message in server.requests[1].json["messages"]]
    assert said == ["I am Ada", "Hello Ada.", "Who am I?"]


def test_a_run_that_needs_a_person_exits_3(served, cli, engine):
    spec = AgentSpec(endpoint="scripted", tools=(ToolChoice("notebook_write", "ask"),))
    AgentService(engine).create("Scribe", spec, "ada")
    with served(calls(("notebook_write", '{"notebook": "a", "text": "b"}'))):
        ended = cli("run", "Scribe", "Note b", "--json")
    assert ended.code == 3
    assert ended.lines[-1]["status"] == "waiting"
    assert "waits for a person" in ended.err


def test_ctrl_c_cancels_the_run_and_exits_4(served, spawn):
    with served(text("One ", "two ", "three").stall_after(3)):
        process = spawn("run", "-", "count", "--endpoint", "scripted", "--json")
        lines = [json.loads(process.stdout.readline())]
        while lines[-1]["kind"] != "started":
            lines.append(json.loads(process.stdout.readline()))
        _read_until(process.stderr, b"two")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    lines += [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 4
    assert lines[-1]["status"] == "cancelled"
    assert lines[-1]["output"].startswith("One two")
    assert "cancelled" in [line.get("kind") for line in lines]


def _read_until(stream, wanted):
    seen = b""
    while wanted not in seen:
        seen += stream.read1()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run",), "Missing argument"),
        (("run", "-", "hi", "--max-steps", "0"), "--max-steps"),
        (("run", "-", "hi", "--nonsense"), "No such option"),
        (("run", "-", "hi", "--conversation", "abc"), "is not a valid UUID"),
        (("run", "-", "hi", "--conversation", "00000000-0000-7000-8000-000000000000"), "There is no conversation"),
        (("run", "-", "hi", "--var", "x"), "is not NAME=VALUE"),
        (("run", "-", " "), "Write a message first."),
        (("run", "Nobody", "hi"), "There is no agent named Nobody."),
        (("run", "-", "hi", "--endpoint", "gone"), "There is no endpoint named gone."),
        (("run", "-", "hi", "--tool", "gone"), "There is no tool named gone."),
    ],
)
def test_usage_is_exit_2_with_one_sentence(cli, arguments, words):
    ended = cli(*arguments)
    assert ended.code == 2
    assert words in ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err


def test_an_answer_that_does_not_fit_is_said_to_the_person_and_stands_in_the_journal(served, cli, engine):
    schema = {"type": "object", "properties": {"price": {"type": "string"}}}
    spec = AgentSpec(endpoint="scripted", parameters=Parameters(response_schema=schema))
    AgentService(engine).create("Trader", spec, "ada")
    with served(text('{"price": 12}')):
        ended = cli("run", "Trader", "hi", "--json")
    assert ended.code == 0
    assert ended.lines[-1]["output"] == '{"price": 12}'
    assert ended.lines[-2]["body"]["fit"] == {"misfits": ["answer.price: 12 is not a string"]}
    assert "! The answer does not fit its schema.\n  answer.price: 12 is not a string" in ended.err


def test_files_beside_the_prompt(served, cli, tmp_path):
    table = tmp_path / "sales.csv"
    table.write_text("city,sum\nOslo,12\n")
    with served(text("12")) as server:
        ended = cli("run", "-", "Sum?", "--endpoint", "scripted", "--attach", str(table), "--attach", str(table))
    assert ended.code == 0
    assert server.requests[0].json["messages"][0]["content"].startswith('<file name="sales.csv">\ncity,sum')


def test_a_file_that_cannot_be_attached_is_exit_2(served, cli, tmp_path):
    program = tmp_path / "a.exe"
    program.write_bytes(b"MZ\x00")
    with served():
        ended = cli("run", "-", "?", "--endpoint", "scripted", "--attach", str(program))
        missing = cli("run", "-", "?", "--endpoint", "scripted", "--attach", str(tmp_path / "gone"))
    assert (ended.code, missing.code) == (2, 2)
    assert "a.exe is neither an image" in ended.err
