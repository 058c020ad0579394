"""What a command ends with, for scripts: the contract of the exit codes."""

from enum import IntEnum
from typing import NoReturn, TypeVar, assert_never

import click

from core.domain.result import Err, ErrKind, Result
from core.domain.run import Run, RunStatus

T = TypeVar("T")


class Exit(IntEnum):
    DONE = 0
    FAILED = 1
    """The work ended in failure: a run that failed, a check that found a fault."""
    USAGE = 2
    """The command was not understood, or what it names does not exist."""
    WAITS = 3
    """A run waits for a person."""
    CANCELLED = 4
    UNREACHABLE = 5
    """Nothing answered: the database or the model."""
    INTERRUPTED = 130
    """Ctrl-C while only watching: the run goes on."""


_OF_REFUSALS: dict[ErrKind, Exit] = {
    "not_found": Exit.USAGE,
    "invalid": Exit.USAGE,
    "conflict": Exit.FAILED,
    "refused": Exit.FAILED,
    "unavailable": Exit.UNREACHABLE,
}


class StoppedError(click.ClickException):
    """Ends a command with one sentence on stderr."""

    def __init__(self, sentence: str, exit_code: Exit) -> None:
        super().__init__(sentence)
        self.exit_code = int(exit_code)  # type: ignore[misc]


def stop(sentence: str, exit_code: Exit = Exit.USAGE) -> NoReturn:
    raise StoppedError(sentence, exit_code)


def value_of(result: Result[T]) -> T:
    """The value; a refusal ends the command with its sentence."""
    if isinstance(result, Err):
        stop(result.message, _OF_REFUSALS[result.kind])
    return result.value


def there(found: T | None, what: str, name: str) -> T:
    """What was asked for by its name; where there is none the command ends and says where to look."""
    if found is None:
        stop(f"There is no {what} named {name}. See: python -m core {what} list")
    return found


def exit_of(run: Run, *, answered: bool) -> Exit:
    """The exit code that a run gives the command that followed it. `answered`: the model said something."""
    status: RunStatus = run.status
    match status:
        case "done":
            return Exit.DONE
        case "cancelled":
            return Exit.CANCELLED
        case "waiting":
            return Exit.WAITS
        case "failed":
            return Exit.UNREACHABLE if run.error_kind == "connection" and not answered else Exit.FAILED
        case "queued" | "running":
            return Exit.FAILED
        case _:
            assert_never(status)
