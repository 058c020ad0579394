"""`runs`: what happened, what happens, and stopping it or going on."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args
from uuid import UUID

import click

from core.bootstrap import App
from core.cli.decide import approve, deny, settle
from core.cli.exits import Exit, stop, value_of
from core.cli.follow import CtrlC, follow
from core.cli.journal import entry_object, error_of, last_words, run_object, summary_object
from core.cli.printing import moment, print_json, print_line, print_table, shortened
from core.cli.proofs import diff, export_, fork, import_, replay
from core.cli.session import opened, run_id, who
from core.cli.words import fault_line, journal_line
from core.domain.run import ENDED, Run, RunStatus
from core.domain.run_query import RunFilter
from core.services.run_watch import RESTING

_CANCEL_LIMIT_S = 10.0
_LOOK_AGAIN_S = 0.05
_ASK_AGAIN_S = 1.0
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def runs() -> None:
    """Runs: list, show, follow, decide about them, prove and compare them."""


for _command in (approve, deny, settle, replay, diff, fork, export_, import_):
    runs.add_command(_command)


@runs.command("list")
@click.option("--agent", default="", help="Only runs of this agent.")
@click.option("--status", type=click.Choice(get_args(RunStatus)), multiple=True, help="Only runs that stand so.")
@click.option("--search", default="", help="Only runs in which this was said.")
@click.option("--before", type=click.UUID, metavar="ID", help="The page behind this run.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many.")
@_as_json
def list_(
    agent: str, status: tuple[RunStatus, ...], search: str, before: UUID | None, limit: int, as_json: bool
) -> int:
    """Runs, the newest first."""
    with opened() as app:
        found = app.agents.by_name(agent) if agent else None
        if agent and found is None:
            stop(f"There is no agent named {agent}.")
        wanted = RunFilter(status=status, agent_id=found.id if found else None, search=search)
        listed = app.runs.list(wanted, before, limit)
    if as_json:
        print_json([run_object(run) for run in listed])
    else:
        rows = [(run.id, run.status, run.created_at, run.agent_name, run.model, shortened(run.input)) for run in listed]
        print_table(("ID", "STATUS", "BEGAN", "AGENT", "MODEL", "INPUT"), rows)
    return Exit.DONE


@runs.command()
@click.argument("id_", metavar="ID")
@_as_json
def show(id_: str, as_json: bool) -> int:
    """The journal of a run, entry by entry."""
    with opened() as app:
        run = _run(app, id_)
        events = app.runs.events(run.id)
    if as_json:
        print_json({**summary_object(run, events), "entries": [entry_object(event) for event in events]})
        return Exit.DONE
    agent = f"{run.agent_name} revision {run.revision}" if run.agent_name else "no saved agent"
    print_line(f"Run {run.id}: {run.status}. {agent}, {run.model} at {run.endpoint}")
    print_table(("SEQ", "AT", "KIND", "WHAT"), [(e.seq, moment(e.at), e.kind, journal_line(e)) for e in events])
    print_line("\n" + last_words(events)[0])
    if (fault := error_of(events)) is not None:
        print_line(fault_line(fault))
    return Exit.DONE


@runs.command("follow")
@click.argument("id_", metavar="ID")
@_as_json
def follow_(id_: str, as_json: bool) -> int:
    """Watch a run until it ends or waits. Ctrl-C only ends the watching."""
    with opened() as app:
        run = _run(app, id_)
        try:
            return follow(app, run.id, as_json=as_json)
        except KeyboardInterrupt:
            print_line("\nThe run goes on.", sys.stderr)
            return Exit.INTERRUPTED


@runs.command()
@click.argument("id_", metavar="ID")
@click.option("--step", type=click.IntRange(min=1), required=True, help="The model step, from 1.")
@click.option("--attempt", type=click.IntRange(min=1), help="Default: the last one.")
def request(id_: str, step: int, attempt: int | None) -> int:
    """The request of a model step, byte for byte as it was sent."""
    with opened() as app:
        sent = value_of(app.runs.sent(run_id(id_), step, attempt))
    sys.stdout.buffer.write(sent.body)
    sys.stdout.buffer.flush()
    if not sent.verified:
        stop(f"These bytes do not have the hash that was recorded ({sent.sha256}).", Exit.FAILED)
    return Exit.DONE


@runs.command()
@click.argument("id_", metavar="ID")
@_as_json
def cancel(id_: str, as_json: bool) -> int:
    """Stop a run; what it was doing ends within two seconds."""
    with opened() as app:
        wanted = _run(app, id_)
        if wanted.status in ENDED:
            stop(f"The run has ended already: {wanted.status}.", Exit.FAILED)
        value_of(app.runs.cancel(wanted.id, who(), "From the command line"))
        run = _ended(app, wanted.id)
        if as_json:
            print_json(summary_object(run, app.runs.events(run.id)))
        else:
            print_line(f"Run {run.id}: {run.status}.")
        return Exit.DONE if run.status == "cancelled" else Exit.FAILED


@runs.command()
@click.argument("id_", metavar="ID")
@_as_json
def resume(id_: str, as_json: bool) -> int:
    """Go on from the journal and follow to the end. Ctrl-C cancels the run."""
    with opened() as app, CtrlC(app) as ctrl_c:
        run = _run(app, id_)
        ctrl_c.cancels(run.id)
        with _asking(app, run):
            return follow(app, run.id, as_json=as_json, after=run.next_seq - 1)


@contextmanager
def _asking(app: App, run: Run) -> Iterator[None]:
    """Ask for the run until somebody has it: what a dead worker held is not to be had before its lease ran out."""
    over = threading.Event()

    def ask() -> None:
        while not over.wait(_ASK_AGAIN_S) and _is_idle(app.runs.get(run.id), run.epoch):
            app.runs.resume(run.id, who())

    value_of(app.runs.resume(run.id, who()))
    thread = threading.Thread(target=ask, name="ask-for-run", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _is_idle(run: Run | None, epoch: int) -> bool:
    """Whether nobody has taken the run since."""
    return run is not None and run.status not in RESTING and run.epoch == epoch


def _run(app: App, id_: str) -> Run:
    found = app.runs.get(run_id(id_))
    if found is None:
        stop(f"There is no run {id_}.")
    return found


def _ended(app: App, id_: UUID) -> Run:
    """The run once its end is recorded, whoever records it; as it stands when that takes too long."""
    deadline = time.monotonic() + _CANCEL_LIMIT_S
    while (run := app.runs.get(id_)) and run.status not in ENDED and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN_S)
    assert run is not None, "runs are never deleted"
    return run
