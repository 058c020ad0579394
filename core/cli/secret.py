"""`secret`: encrypted, used by name, never printed."""

import getpass
import sys

import click

from core.cli.exits import Exit, value_of
from core.cli.printing import print_json, print_line, print_table
from core.cli.session import opened, who
from core.services.secret_key import FILE_NAME


@click.group()
def secret() -> None:
    """Secrets: encrypted, used by name, never printed."""


@secret.command("set")
@click.argument("name")
def set_(name: str) -> int:
    """Keep the value that stands on stdin, without its last line end."""
    value = _value(name)
    with opened() as app:
        value_of(app.secrets.set(name, value, who()))
    print_line(f"{name} is kept.")
    return Exit.DONE


@secret.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> int:
    """The names, and when each was set."""
    with opened() as app:
        names = app.secrets.names()
    if as_json:
        print_json([{"name": one.name, "updated_at": one.updated_at} for one in names])
    else:
        print_table(("NAME", "SET"), [(one.name, one.updated_at) for one in names])
    return Exit.DONE


@secret.command()
@click.argument("name")
def delete(name: str) -> int:
    """Forget a secret; what used it will say that it is missing."""
    with opened() as app:
        value_of(app.secrets.delete(name, who()))
    print_line(f"{name} is deleted.")
    return Exit.DONE


@secret.command()
def rotate() -> int:
    """Encrypt every secret with a fresh key and forget the old one. Machines that share this database need the new file."""
    with opened() as app:
        count = value_of(app.secrets.rotate(who()))
        path = app.settings.home / FILE_NAME
    print_line(f"{count:,} secrets have another key: {path}. Copy it to other machines on this database.")
    return Exit.DONE


def _value(name: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"Value of {name}: ")
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")
