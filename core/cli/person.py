"""`person`: who may sign in. Whoever can run commands on this machine is its operator."""

import getpass
import sys
from uuid import UUID

import click

from core.bootstrap import App
from core.cli.exits import Exit, stop, value_of
from core.cli.printing import print_json, print_line, print_table
from core.cli.session import opened, who
from core.domain.person import ROLES, Role


@click.group()
def person() -> None:
    """People who may sign in: add, list, change, and what happened."""


@person.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What they may do.")
def add(name: str, role: Role) -> int:
    """Let somebody sign in; the password stands on stdin. The first has to be an operator."""
    password = _password(name)
    with opened() as app:
        added = value_of(app.people.add(name, role, password, who()))
    print_line(f"{added.name} may sign in as {added.role}.")
    return Exit.DONE


@person.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> int:
    """Names, roles, and when each signed in last."""
    with opened() as app:
        people = app.people.list()
    if as_json:
        print_json(people)
    else:
        rows = [(one.name, one.role, one.disabled, one.signed_in_at) for one in people]
        print_table(("NAME", "ROLE", "SHUT OUT", "SIGNED IN"), rows)
    return Exit.DONE


@person.command()
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
def role(name: str, role: Role) -> int:
    """Give somebody another role."""
    with opened() as app:
        changed = value_of(app.people.set_role(_id(app, name), role, who()))
    print_line(f"{changed.name} is {changed.role} now.")
    return Exit.DONE


@person.command()
@click.argument("name")
def password(name: str) -> int:
    """Set somebody's password, which stands on stdin. Ends their sign-ins."""
    given = _password(name)
    with opened() as app:
        value_of(app.people.set_password(_id(app, name), given, who()))
    print_line(f"{name} has another password.")
    return Exit.DONE


@person.command()
@click.argument("name")
@click.option("--again", is_flag=True, help="Let them in again.")
def disable(name: str, again: bool) -> int:
    """Shut somebody out, wherever they are signed in."""
    with opened() as app:
        value_of(app.people.disable(_id(app, name), who(), disabled=not again))
    print_line(f"{name} may sign in again." if again else f"{name} is shut out.")
    return Exit.DONE


@person.command()
@click.option("--limit", default=50, show_default=True, help="How many, the newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def events(limit: int, as_json: bool) -> int:
    """Sign-ins, failures, changed roles, secrets set and deleted, links made and taken back."""
    with opened() as app:
        found = app.people.events(limit=limit)
    if as_json:
        print_json(found)
    else:
        rows = [(one.at, one.kind, one.who, one.subject, one.detail, one.address) for one in found]
        print_table(("WHEN", "WHAT", "WHO", "SUBJECT", "DETAIL", "FROM"), rows)
    return Exit.DONE


def _id(app: App, name: str) -> UUID:
    found = app.people.by_name(name)
    if found is None or found.id is None:
        stop(f"There is no person named {name!r}.")
    return found.id


def _password(name: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"Password of {name}: ")
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")
