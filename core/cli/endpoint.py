"""`endpoint`: where models are served."""

import click

from core.cli.exits import Exit, value_of
from core.cli.printing import print_json, print_line, print_table
from core.cli.session import opened, who
from core.domain.address import final_url
from core.domain.canonical import Json
from core.domain.endpoint import Endpoint

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def endpoint() -> None:
    """Endpoints: where models are served."""


@endpoint.command()
@click.argument("name")
@click.option("--base-url", required=True, metavar="URL", help="Such as http://localhost:11434/v1")
@click.option("--api-key-secret", default="", metavar="NAME", help="The secret that holds its key.")
@click.option("--model", default="", help="The model that answers where nobody names one.")
@_as_json
def add(name: str, base_url: str, api_key_secret: str, model: str, as_json: bool) -> int:
    """Add a server that speaks the OpenAI chat-completions protocol."""
    with opened() as app:
        added = value_of(app.endpoints.add(name, base_url, who(), secret=api_key_secret, model=model))
        is_missing = bool(api_key_secret) and not app.secrets.has(api_key_secret)
        chosen = app.endpoints.choose().endpoint.name
    if as_json:
        print_json(_object(added, chosen))
    else:
        print_line(f"{added.name}: requests go to {final_url(added.base_url)}")
    if is_missing:
        click.echo(f"The secret {api_key_secret} is not set yet: python -m core secret set {api_key_secret}", err=True)
    return Exit.DONE


@endpoint.command("list")
@_as_json
def list_(as_json: bool) -> int:
    """Every endpoint, in the order in which one is chosen."""
    with opened() as app:
        listed, choice = app.endpoints.list(), app.endpoints.choose()
    chosen = choice.endpoint.name
    if as_json:
        print_json([_object(one, chosen) for one in listed])
        return Exit.DONE
    rows = [(_mark(one, chosen), one.name, one.kind, one.model, one.secret, _url(one)) for one in listed]
    print_table(("", "NAME", "KIND", "MODEL", "SECRET", "URL"), rows)
    print_line(f"\n* answers where an agent names none. {choice.why} {choice.better}".rstrip())
    return Exit.DONE


def _object(one: Endpoint, chosen: str) -> dict[str, Json]:
    return {
        "name": one.name,
        "kind": one.kind,
        "base_url": one.base_url,
        "url": _url(one),
        "secret": one.secret,
        "model": one.model,
        "default": one.name == chosen,
    }


def _url(one: Endpoint) -> str:
    """Where requests go; empty for servers of this machine, whose address changes with every start."""
    return final_url(one.base_url) if one.base_url else ""


def _mark(one: Endpoint, chosen: str) -> str:
    return "*" if one.name == chosen else ""
