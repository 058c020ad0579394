"""`drill crash`: prove on this machine, with this database, that a crash duplicates nothing and loses nothing."""

import sys
from collections.abc import Iterable
from typing import get_args

import click
import msgspec

from core.cli.exits import Exit
from core.cli.printing import print_json, print_line
from core.cli.session import opened
from core.services.drill import Points
from core.services.drill_verdict import DrillRow, totals

_HEAD = ("POINT", "ATTEMPTS", "EFFECTS EXECUTED", "UNKNOWN SHOWN", "STATUS", "VERDICT")
_WIDTHS = (58, 8, 30, 13, 9, 0)


@click.group()
def drill() -> None:
    """Prove that a crash duplicates nothing and loses nothing."""


@drill.command()
@click.option("--points", type=click.Choice(get_args(Points)), default="all", show_default=True, help="How many kills.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines, one a kill and one with the counts.")
def crash(points: Points, as_json: bool) -> int:
    """Kill a real worker at the boundaries of a sample run.

    Before and after each commit of the journal; before, inside and after each model request and each tool call.
    Another worker goes on. Exit code 0: nothing duplicated, nothing lost, every unknown outcome shown.
    """
    with opened() as app:
        rows = app.drill.rows(points)
        sums = totals(_lines(rows) if as_json else _table(rows))
    if as_json:
        print_json({**msgspec.to_builtins(sums), "ok": sums.ok}, pretty=False)
    else:
        print_line(sums.verdict)
    return Exit.DONE if sums.ok else Exit.FAILED


def _lines(rows: Iterable[DrillRow]) -> list[DrillRow]:
    done: list[DrillRow] = []
    for row in rows:
        print_json({**msgspec.to_builtins(row), "ok": row.ok}, pretty=False)
        done.append(row)
    return done


def _table(rows: Iterable[DrillRow]) -> list[DrillRow]:
    """Line by line, as the kills happen."""
    _print(_HEAD)
    done: list[DrillRow] = []
    for row in rows:
        effects = ", ".join(f"{tool} {count}" for tool, count in row.effects.items())
        _print((row.point, row.attempts, effects, ", ".join(row.unknown) or "-", row.status, row.verdict))
        done.append(row)
    return done


def _print(cells: Iterable[object]) -> None:
    print_line("  ".join(f"{cell!s:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip())
    sys.stdout.flush()
