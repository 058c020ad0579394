"""`audit verify` and the `runs` commands that prove, compare, branch off and carry runs elsewhere."""

import sys
from pathlib import Path

import click
import msgspec

from core.cli.exits import Exit, stop, value_of
from core.cli.follow import CtrlC, follow
from core.cli.printing import print_json, print_line, shortened
from core.cli.session import opened, run_id, who

_ID = click.argument("id_", metavar="ID")


@click.group()
def audit() -> None:
    """Prove that no journal was changed."""


@audit.command()
@click.argument("id_", metavar="[ID]", required=False)
def verify(id_: str | None) -> int:
    """Check the hashes of one run, or of all; exit 1 and the place of the first break."""
    with opened() as app:
        found = value_of(app.proofs.verify(run_id(id_) if id_ else None))
    if found.first_break is not None:
        where = f"run {found.first_break.run_id}, entry {found.first_break.seq}"
        print_line(f"BROKEN at {where}: {found.first_break.what}.")
        return Exit.FAILED
    print_line(f"{found.runs:,} runs, {found.entries:,} entries: every hash is right.")
    if found.removed:
        print_line(f"{found.removed:,} removed runs: the mark of each is there, with its last hash and its dates.")
    return Exit.DONE


@click.command()
@_ID
@click.option("--offline", is_flag=True, help="Use no network. A replay never does; the flag says so in scripts.")
@click.option("--assert-identical", is_flag=True, help="Exit 1 on a difference. A replay always does.")
def replay(id_: str, offline: bool, assert_identical: bool) -> int:  # noqa: ARG001 (true of every replay)
    """Re-execute the loop from recorded answers; prints `identical` or the first difference."""
    with opened() as app:
        verdict = value_of(app.proofs.replay(run_id(id_)))
    print_line("identical" if verdict.identical else verdict.difference)
    return Exit.DONE if verdict.identical else Exit.FAILED


@click.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def diff(a: str, b: str, as_json: bool) -> int:
    """Two runs aligned by step; names the first divergence."""
    with opened() as app:
        found = value_of(app.proofs.diff(run_id(a), run_id(b)))
    if as_json:
        print_json({**msgspec.to_builtins(found), "first": msgspec.to_builtins(found.first)})
        return Exit.DONE
    for difference in found.settings:
        print_line(f"setting {difference.where}: {shortened(difference.a)}  →  {shortened(difference.b)}")
    if found.first is None:
        print_line("What happened is the same.")
    else:
        print_line(f"first divergence: {found.first.where}")
        print_line(f"  A: {shortened(found.first.a)}\n  B: {shortened(found.first.b)}")
    return Exit.DONE


@click.command()
@_ID
@click.option("--step", type=click.IntRange(min=1), required=True, help="Ask the model again from this step on.")
@click.option("--prompt", default="", help="Another input than the run had.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
def fork(id_: str, step: int, prompt: str, as_json: bool) -> int:
    """Branch off a run and follow the branch to its end. Ctrl-C cancels it."""
    with opened() as app, CtrlC(app) as ctrl_c:
        run = value_of(app.proofs.fork(run_id(id_), step, who(), prompt))
        ctrl_c.cancels(run.id)
        print_line(f"Run {run.id}", sys.stderr)
        return follow(app, run.id, as_json=as_json)


@click.command("export")
@_ID
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_(id_: str, file: Path) -> int:
    """Write a self-contained bundle, without secrets."""
    with opened() as app:
        data = value_of(app.bundles.export(run_id(id_)))
    try:
        file.write_bytes(data)
    except OSError as error:
        stop(f"{file} cannot be written: {error.strerror}.", Exit.FAILED)
    print_line(f"{file}: {len(data):,} bytes.")
    return Exit.DONE


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> int:
    """Take in a bundle; it is checked against its own hashes first."""
    with opened() as app:
        run = value_of(app.bundles.take_in(file.read_bytes()))
    print_line(f"Run {run.id}: {run.status}.")
    return Exit.DONE
