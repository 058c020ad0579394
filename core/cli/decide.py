"""`runs approve`, `deny`, `settle`: what only a person can decide."""

import sys
from typing import Any

import click

from core.cli.exits import Exit, stop, value_of
from core.cli.printing import print_line
from core.cli.session import opened, run_id, who
from core.domain.event import Event

_ID = click.argument("id_", metavar="ID")
_CALL = click.argument("call", metavar="CALL")


@click.command()
@_ID
@_CALL
@click.option(
    "--args",
    "arguments",
    metavar="JSON",
    default="",
    help="Execute it with these arguments instead, or what it asks for.",
)
def approve(id_: str, call: str, arguments: str) -> int:
    """Let a call that waits be executed, once; or answer what a call under way asks."""
    with opened() as app:
        decided = value_of(app.decisions.approve(run_id(id_), call, who(), arguments=arguments))
    return _goes_on(decided, "approved")


@click.command()
@_ID
@_CALL
@click.option("--reason", default="", help="The model is told.")
def deny(id_: str, call: str, reason: str) -> int:
    """Refuse a call that waits, or what a call under way asks for."""
    with opened() as app:
        decided = value_of(app.decisions.deny(run_id(id_), call, who(), reason))
    return _goes_on(decided, "denied")


@click.command()
@_ID
@_CALL
@click.option("--happened", metavar="JSON", help="It happened; this is its result.")
@click.option("--run-again", is_flag=True, help="Run it again, with the same idempotency key.")
@click.option("--skip", is_flag=True, help="Do not run it again; the model is told that nobody knows.")
def settle(id_: str, call: str, happened: str | None, run_again: bool, skip: bool) -> int:
    """Say what became of a call whose outcome is unknown."""
    if (happened is not None) + run_again + skip != 1:
        stop("Give exactly one of --happened JSON, --run-again and --skip.")
    with opened() as app:
        if happened is not None:
            decided = value_of(app.decisions.settle(run_id(id_), call, "happened", who(), output=happened))
        else:
            how: Any = "run_again" if run_again else "skip"
            decided = value_of(app.decisions.settle(run_id(id_), call, how, who()))
    return _goes_on(decided, "settled")


def _goes_on(event: Event, what: str) -> int:
    """The run is queued: a server or a worker takes it up, or `runs resume` does."""
    print_line(f"Call {getattr(event.fact, 'effect', '')} is {what}.")
    print_line(
        f"The run goes on in whatever executes runs, or with: python -m core runs resume {event.run_id}", sys.stderr
    )
    return Exit.DONE
