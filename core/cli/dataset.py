"""`dataset`: saved inputs with expectations, as files."""

import sys
from pathlib import Path

import click

from core.bootstrap import App
from core.cli.exits import Exit, there, value_of
from core.cli.printing import print_json, print_line, print_table, shortened, write
from core.cli.session import opened, who
from core.domain.dataset import Dataset

_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


@click.group()
def dataset() -> None:
    """Datasets: list, import and export them as files."""


@dataset.command("list")
@_as_json
def list_(as_json: bool) -> int:
    """Every dataset; those that changed last come first."""
    with opened() as app:
        listed = app.datasets.list()
    if as_json:
        print_json([_object(row.dataset, row.items) for row in listed])
        return Exit.DONE
    rows = [(r.dataset.name, r.dataset.version, r.items, shortened(r.dataset.description)) for r in listed]
    print_table(("NAME", "VERSION", "ITEMS", "DESCRIPTION"), rows)
    return Exit.DONE


@dataset.command("import")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--append", is_flag=True, help="Add to what is there instead of replacing it.")
@_as_json
def import_(name: str, file: Path, append: bool, as_json: bool) -> int:
    """Make a dataset of a CSV or JSONL file, or bring the one of that name up to it.

    Columns: input, expected, notes; every other column is a variable.
    """
    with opened() as app:
        imported = value_of(
            app.datasets.import_file(name, file.name, file.read_bytes(), who(), "append" if append else "replace")
        )
    if as_json:
        print_json({**_object(imported.dataset, imported.items), "new_items": imported.is_new})
    else:
        change = "" if imported.is_new else "; nothing changed"
        print_line(f"{imported.dataset.name}: version {imported.dataset.version}, {imported.items:,} items{change}.")
    return Exit.DONE


@dataset.command()
@click.argument("name")
@click.option("--version", type=click.IntRange(min=1), metavar="N", help="Default: the newest one.")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
def export(name: str, version: int | None, form: str) -> int:
    """A dataset as a file, on stdout."""
    with opened() as app:
        text = app.datasets.export(_dataset(app, name).id, "csv" if form == "csv" else "jsonl", version)
    write(text, sys.stdout)
    return Exit.DONE


def _dataset(app: App, name: str) -> Dataset:
    return there(app.datasets.by_name(name), "dataset", name)


def _object(one: Dataset, items: int) -> dict[str, object]:
    return {"id": str(one.id), "name": one.name, "version": one.version, "items": items}
