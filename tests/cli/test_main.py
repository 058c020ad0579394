import subprocess
import sys
import time
from typing import get_args

import click
import pytest

from core.cli import main as root
from core.cli.exits import Exit, exit_of
from core.cli.main import COMMANDS, cli
from core.cli.words import _WHAT_TO_DO, fault_line
from core.errors import ConfigurationError, Fault, FaultError, FaultKind, Unavailable
from core.repositories.runs import _run
from tests.cli.conftest import ROOT
from tests.support.run_rows import run_row


def test_help_is_quick_and_loads_nothing_heavy():
    code = "import sys; from core.cli.main import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    began = time.perf_counter()
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert time.perf_counter() - began < 2.0, "it takes 0.1 s on an idle machine"
    loaded = set(ended.stderr.split())
    assert not loaded & {"sqlalchemy", "huggingface_hub", "httpx2", "uvicorn", "alembic", "core.bootstrap"}
    assert all(name in ended.stdout for name in COMMANDS)


def test_what_help_says_of_a_command_is_what_the_command_says():
    context = click.Context(cli)
    for name, (_, line) in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command.help.partition("\n")[0] == line.partition("\n")[0]
    assert cli.get_command(context, "nonsense") is None


def test_the_module_itself(python_m_core):
    ended = python_m_core("--help")
    assert ended.code == 0
    assert ended.out.startswith("Usage: python -m core")
    assert python_m_core("nonsense").code == 2


def raising(monkeypatch, error):
    def command():
        raise error

    monkeypatch.setitem(root.COMMANDS, "doctor", ("core.cli.database", "x"))
    monkeypatch.setattr("core.cli.database._lines", command)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (Unavailable("The database does not answer."), 5, "The database does not answer."),
        (ConfigurationError("HF_API_URL is wrong."), 2, "HF_API_URL is wrong."),
        (FaultError(Fault("connection", "Refused.")), 5, "Refused."),
        (FaultError(Fault("auth", "The secret X is not set.")), 1, "The secret X is not set."),
        (KeyboardInterrupt(), 4, "Interrupted."),
    ],
)
def test_errors_are_one_sentence(cli, monkeypatch, error, code, words):
    raising(monkeypatch, error)
    ended = cli("doctor")
    assert ended.code == code
    assert ended.err.strip() == f"Error: {words}"


UNFORESEEN = """
import sys, core.cli.database
def broken(): raise RuntimeError("a value with s3cret in it")
core.cli.database._lines = broken
from core.cli.main import main
sys.exit(main(["doctor"]))
"""


def test_an_unforeseen_error_is_said_without_its_text(environment):
    ended = subprocess.run([sys.executable, "-c", UNFORESEEN], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == (
        "Error: internal (RuntimeError). This is a fault of Aryabhatta; "
        "ARYABHATTA_LOG_LEVEL=debug shows where it happened.\n"
    )


def test_a_reader_that_goes_away_is_no_error_message(spawn):
    process = spawn("tool", "list")
    process.stdout.close()
    assert process.stderr.read() == b""
    process.wait(30)


def test_no_database_is_exit_5(python_m_core):
    ended = python_m_core("agent", "list", DB_CONNECTION_STRING="postgresql://u:s3cret@127.0.0.1:1/x")
    assert ended.code == 5
    assert "does not answer" in ended.err
    assert "s3cret" not in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_wrong_setting_is_exit_2(python_m_core):
    ended = python_m_core("agent", "list", HF_API_URL="nonsense")
    assert (ended.code, ended.out) == (2, "")
    assert "HF_API_URL" in ended.err


def test_every_kind_of_failure_has_words():
    assert set(_WHAT_TO_DO) == set(get_args(FaultKind))
    for kind in get_args(FaultKind):
        assert fault_line(Fault(kind, "x")).startswith(f"{kind}: x\n")


def test_output_that_llama_cpp_cannot_read_is_called_what_it_is():
    said = "The model produced output that does not match the expected peg-native format"
    assert "began a tool call" in fault_line(Fault("server_error", said, 500))
    assert "began a tool call" not in fault_line(Fault("server_error", "out of memory", 500))


@pytest.mark.parametrize(
    ("columns", "answered", "code"),
    [
        ({"status": "done"}, True, Exit.DONE),
        ({"status": "failed", "error_kind": "timeout"}, False, Exit.FAILED),
        ({"status": "failed", "error_kind": "connection"}, False, Exit.UNREACHABLE),
        ({"status": "failed", "error_kind": "connection"}, True, Exit.FAILED),
        ({"status": "waiting"}, True, Exit.WAITS),
        ({"status": "cancelled"}, True, Exit.CANCELLED),
    ],
)
def test_exit_codes_of_runs(columns, answered, code, engine):
    from tests.support.run_rows import keep

    row = run_row(**columns)
    keep(engine, row)
    assert exit_of(_run(row), answered=answered) == code
