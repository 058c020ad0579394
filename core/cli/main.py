"""The root of all commands. A command's module is loaded when the command is called: `--help` costs nothing."""

import importlib
import logging
import os
import sys
from io import TextIOWrapper
from types import TracebackType

import click

from core.cli.exits import Exit
from core.errors import ConfigurationError, FaultError, Unavailable

COMMANDS = {
    "migrate": ("core.cli.database", "Bring the database to the newest schema."),
    "doctor": ("core.cli.database", "Check that everything the app needs answers."),
    "agent": ("core.cli.agent", "Agents: list, show, import and export them as files."),
    "backup": ("core.cli.backup", "Write the whole workspace into one file, while the app runs."),
    "restore": ("core.cli.backup", "Make the workspace what it was when a backup was made."),
    "audit": ("core.cli.proofs", "Prove that no journal was changed."),
    "dataset": ("core.cli.dataset", "Datasets: list, import and export them as files."),
    "drill": ("core.cli.drill", "Prove that a crash duplicates nothing and loses nothing."),
    "endpoint": ("core.cli.endpoint", "Endpoints: where models are served."),
    "evaluation": ("core.cli.evaluation", "Evaluations: variants on items, judged; run, resume, show, export."),
    "person": ("core.cli.person", "People who may sign in: add, list, change, and what happened."),
    "run": ("core.cli.run", "Start a run and follow it to its end."),
    "runs": ("core.cli.runs", "Runs: list, show, follow, decide about them, prove and compare them."),
    "secret": ("core.cli.secret", "Secrets: encrypted, used by name, never printed."),
    "tool": ("core.cli.tool", "Tools: list, show, test and import them."),
    "worker": ("core.cli.worker", "Execute runs that others queue."),
}


class Commands(click.Group):
    """Knows its commands by name and first line; loads the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.command(
    cls=Commands,
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 a run waits for a person, 4 cancelled, 5 nothing answered.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
def cli() -> None:
    """Aryabhatta: AI agents whose every step can be proved.

    Settings come from the environment or from .env: DB_CONNECTION_STRING, HUGGING_FACE_AUTH_TOKEN, HF_API_URL,
    ARYABHATTA_HOME. None of them is required.
    """


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit code."""
    sys.excepthook = _say_internal
    _speak_utf8()
    try:
        ended = cli.main(arguments, prog_name="python -m core", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return _said("Interrupted.", Exit.CANCELLED)
    except BrokenPipeError:
        # Whoever read our output is gone; without this Python complains once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except Unavailable as error:
        return _said(str(error), Exit.UNREACHABLE)
    except ConfigurationError as error:
        return _said(str(error), Exit.USAGE)
    except FaultError as error:
        return _said(error.fault.message, Exit.UNREACHABLE if error.fault.kind == "connection" else Exit.FAILED)
    return ended if isinstance(ended, int) else Exit.DONE


def _speak_utf8() -> None:
    """Whatever the locale: names and answers are in every language."""
    ways = ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace"))
    for stream, errors in ways:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)


def _said(sentence: str, code: Exit) -> int:
    click.echo(f"Error: {sentence}", err=True)
    return code


def _say_internal(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For errors nobody foresaw: Python then ends with 1. What they say may hold a secret, so only the log has it."""
    logging.getLogger("core.cli").debug("internal error", exc_info=(kind, error, trace))
    click.echo(
        f"Error: internal ({kind.__name__}). This is a fault of Aryabhatta; "
        "ARYABHATTA_LOG_LEVEL=debug shows where it happened.",
        err=True,
    )
