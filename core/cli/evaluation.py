"""`evaluation`: variants × items × repeats, from a file; followed to their end, resumed, shown."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO
from uuid import UUID

import click

from core.bootstrap import App
from core.cli.exits import Exit, stop, value_of
from core.cli.printing import print_json, print_json_pieces, print_line, print_table, shortened, write
from core.cli.session import opened, who
from core.domain.evaluation import Evaluation
from core.domain.result import Err
from core.services.evaluation_files import Wanted, read_file, wanted_by
from core.services.evaluation_report import Report, csv_pieces, json_pieces, progress_object, report_object

_LOOK_S = 0.2
_TAKE_UP_S = 2.0
"""How often runs that a dead process left are asked for again."""
_TELL_S = 1.0

_as_json = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")


@click.group()
def evaluation() -> None:
    """Evaluations: variants on items, judged; run, resume, show, export."""


@evaluation.command("list")
@_as_json
def list_(as_json: bool) -> int:
    """The newest evaluations first."""
    with opened() as app:
        listed = app.evaluations.list()
    if as_json:
        print_json([{"evaluation_id": str(one.id), "name": one.name, "status": one.status} for one in listed])
    else:
        print_table(
            ("ID", "NAME", "STATUS", "STARTED"), [(one.id, one.name, one.status, one.created_at) for one in listed]
        )
    return Exit.DONE


@evaluation.command()
@click.argument("file", type=click.File(encoding="utf-8"), required=False)
@click.option("--resume", metavar="ID", help="Go on with an evaluation; no cell that has ended is asked again.")
@_as_json
def run(file: TextIO | None, resume: str | None, as_json: bool) -> int:
    """Run the evaluation of a YAML file and follow it to its end.

    Ctrl-C pauses it. Exit code 1 when a run failed or a variant stays below the file's minimum.
    """
    if file is None and resume is None:
        stop("Name a file, or what to resume with --resume ID.")
    with opened() as app:
        wanted = _wanted(app, file) if file is not None else None
        begun = value_of(app.evaluations.resume(_id(resume))) if resume else _started(app, wanted)
        ended = _followed(app, begun, as_json=as_json)
        report = app.evaluation_reports.report(ended)
        return _told(report, wanted.minimum if wanted else None, as_json=as_json)


@evaluation.command()
@click.argument("evaluation_id", metavar="ID")
@_as_json
def show(evaluation_id: str, as_json: bool) -> int:
    """What an evaluation has come to so far."""
    with opened() as app:
        report = app.evaluation_reports.report(_found(app, evaluation_id))
    if as_json:
        print_json(report_object(report))
    else:
        _print(report)
    return Exit.DONE


@evaluation.command()
@click.argument("evaluation_id", metavar="ID")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
def export(evaluation_id: str, form: str) -> int:
    """Every cell with its answer and its scores, on stdout."""
    with opened() as app:
        found = _found(app, evaluation_id)
        cells = app.evaluation_reports.cells(found)
        if form == "json":
            print_json_pieces(json_pieces(found, cells))
        else:
            for piece in csv_pieces(found, cells):
                write(piece, sys.stdout)
    return Exit.DONE


def _wanted(app: App, file: TextIO) -> Wanted:
    read = value_of(read_file(file.read()))
    agents = {row.agent.name: row.agent for row in app.agents.list()}
    datasets = {row.dataset.name: row.dataset for row in app.datasets.list()}
    return value_of(wanted_by(read, agents, datasets))


def _started(app: App, wanted: Wanted | None) -> Evaluation:
    assert wanted is not None
    estimate = value_of(app.evaluations.estimate(wanted.evaluation))
    cost = "not known" if estimate.bound_usd is None else f"${estimate.bound_usd:,.4f}"
    calls = (
        f"{estimate.calls:,}"
        if estimate.calls == estimate.most_calls
        else f"{estimate.calls:,} to {estimate.most_calls:,}"
    )
    print_line(f"{estimate.runs:,} runs, {calls} model calls, cost at most: {cost}.", sys.stderr)
    for note in estimate.notes:
        print_line(f"! {note}", sys.stderr)
    return value_of(app.evaluations.start(wanted.evaluation, who()))


def _followed(app: App, begun: Evaluation, *, as_json: bool) -> Evaluation:
    """Drive it in this process until it rests; progress is told about once a second."""
    print_line(f"Evaluation {begun.id}", sys.stderr)
    now, since_told_s, since_taken_s = begun, _TELL_S, _TAKE_UP_S
    with _ctrl_c() as pressed:
        while now.status == "running" and not _waits_only(app, now):
            if since_taken_s >= _TAKE_UP_S:
                app.evaluation_drive.take_up(now.id)
                since_taken_s = 0.0
            if since_told_s >= _TELL_S:
                _tell(app, now, as_json=as_json)
                since_told_s = 0.0
            if not app.evaluation_drive.advance(now.id):
                pressed.wait(_LOOK_S)
            since_told_s, since_taken_s = since_told_s + _LOOK_S, since_taken_s + _LOOK_S
            now = app.evaluations.get(now.id) or now
            if pressed.is_set():
                paused = app.evaluations.pause(now.id)
                return now if isinstance(paused, Err) else paused.value
    return now


def _waits_only(app: App, now: Evaluation) -> bool:
    """Whether only people can bring it further."""
    progress = app.evaluations.progress(now)
    started = progress.ended + progress.impossible + progress.under_way
    return started == progress.cells and 0 < progress.under_way == progress.waiting and not progress.unjudged


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    pressed = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(app: App, now: Evaluation, *, as_json: bool) -> None:
    progress = app.evaluations.progress(now)
    if as_json:
        print_json(progress_object(now, progress), pretty=False)
    left = "" if progress.left_s is None else f", about {progress.left_s:,.0f} s left"
    failed = f", {progress.failed:,} failed" if progress.failed else ""
    print_line(f"{progress.ended:,} of {progress.cells:,}{failed}, ${progress.charged_usd:,.4f}{left}", sys.stderr)


def _told(report: Report, minimum: float | None, *, as_json: bool) -> Exit:
    if as_json:
        print_json(report_object(report), pretty=False)
    else:
        _print(report)
    match report.evaluation.status:
        case "done":
            return _verdict(report, minimum)
        case "running":
            print_line("What is left waits for a person.", sys.stderr)
            return Exit.WAITS
        case "cancelled":
            return Exit.CANCELLED
        case "paused":
            again = f"python -m core evaluation run --resume {report.evaluation.id}"
            print_line(f"Paused. {report.evaluation.reason} Go on with: {again}", sys.stderr)
            return Exit.FAILED if report.evaluation.reason else Exit.CANCELLED


def _verdict(report: Report, minimum: float | None) -> Exit:
    low = [one for one in report.variants if minimum is not None and (one.summary.pass_rate or 0.0) < minimum]
    for one in low:
        print_line(f"{one.name} stays below the minimum of {minimum:.0%}.", sys.stderr)
    failed = report.progress.failed + report.progress.impossible
    return Exit.FAILED if low or failed else Exit.DONE


def _print(report: Report) -> None:
    progress = report.progress
    print_line(f"{report.evaluation.name}: {report.evaluation.status}, {progress.ended:,} of {progress.cells:,} cells")
    rows = [
        (
            one.name,
            "–" if one.summary.pass_rate is None else f"{one.summary.pass_rate:.1%}",
            f"{one.summary.interval.low:.1%} to {one.summary.interval.high:.1%}" if one.summary.items else "–",
            one.summary.items,
            one.summary.failed,
            "" if one.summary.p50_s is None else f"{one.summary.p50_s:.2f} s",
            f"{one.summary.tokens:,}",
            "" if one.summary.cost_usd is None else f"${one.summary.cost_usd:,.4f}",
        )
        for one in report.variants
    ]
    print_table(("VARIANT", "PASSED", "95 % INTERVAL", "ITEMS", "FAILED", "MEDIAN", "TOKENS", "COST"), rows)
    for words in report.differences:
        print_line(words)
    for one in report.not_recorded:
        runs = "1 run" if one.cells == 1 else f"{one.cells:,} runs"
        print_line(f"Not recorded: {one.tool} {shortened(one.arguments)} (in {runs}; the call was refused)")


def _found(app: App, text: str) -> Evaluation:
    found = app.evaluations.get(_id(text))
    if found is None:
        stop(f"There is no evaluation {text}. See: python -m core evaluation list")
    return found


def _id(text: str) -> UUID:
    try:
        return UUID(text.strip())
    except ValueError:
        stop(f"{text!r} is not the id of an evaluation. See: python -m core evaluation list")
