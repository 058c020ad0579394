"""`endpoint`: where models are served."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
import msgspec

from core.bootstrap import App
from core.cli.endpoint_words import endpoint_object, health_object, mark, model_object, model_row, set_words, url_of
from core.cli.exits import Exit, stop, there, value_of
from core.cli.printing import moment, print_json, print_line, print_table
from core.cli.session import opened, who
from core.domain.compatibility import SETTINGS, changed
from core.domain.endpoint import Compatibility, Endpoint, EndpointLimits
from core.domain.model_info import found_in
from core.services.endpoints import EndpointHealth

F = TypeVar("F", bound=Callable[..., Any])

_NONE = "none"
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_compatibility_help = "Where servers contradict each other, such as token_field=max_completion_tokens. " + " ".join(
    f"{one.field}={'|'.join(one.choices) or 'on|off'}" for one in SETTINGS
)


class _OrNone(click.ParamType[float | None]):
    """A number, or `none` for the usual."""

    name = "number"

    def __init__(self, kind: type[int] | type[float]) -> None:
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == _NONE:
            return _NONE
        try:
            return self._kind(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor {_NONE}.", param, ctx)


def _settings(command: F) -> F:
    """The options of what can be set of an endpoint."""
    options = (
        click.option("--model", metavar="NAME", help="The model that answers where nobody names one."),
        click.option(
            "--silence-s", type=_OrNone(float), metavar="S|none", help="Longest silence of the server, in seconds."
        ),
        click.option(
            "--concurrency", type=_OrNone(int), metavar="N|none", help="Requests under way at once; others wait."
        ),
        click.option(
            "--requests-per-minute", type=_OrNone(int), metavar="N|none", help="Requests that begin in a minute."
        ),
        click.option("--set", "given", multiple=True, metavar="FIELD=VALUE", help=_compatibility_help),
        _as_json,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def endpoint() -> None:
    """Endpoints: where models are served."""


@endpoint.command()
@click.argument("name")
@click.option("--base-url", required=True, metavar="URL", help="Such as http://localhost:11434/v1")
@click.option("--api-key-secret", default="", metavar="NAME", help="The secret that holds its key.")
@_settings
def add(
    name: str,
    base_url: str,
    api_key_secret: str,
    model: str | None,
    given: tuple[str, ...],
    as_json: bool,
    **limits: float | str | None,
) -> int:
    """Add a server that speaks the OpenAI chat-completions protocol."""
    compatibility = _compatible(Compatibility(), given)
    with opened() as app:
        added = value_of(
            app.endpoints.add(
                name,
                base_url,
                who(),
                secret=api_key_secret,
                model=model or "",
                compatibility=compatibility,
                limits=_limited(EndpointLimits(), limits),
            )
        )
        _print(app, added, as_json=as_json)
    return Exit.DONE


@endpoint.command("set")
@click.argument("name")
@click.option("--base-url", metavar="URL", help="Another address.")
@click.option("--api-key-secret", metavar="NAME", help='The secret that holds its key; "" for none.')
@_settings
def set_(
    name: str,
    base_url: str | None,
    api_key_secret: str | None,
    model: str | None,
    given: tuple[str, ...],
    as_json: bool,
    **limits: float | str | None,
) -> int:
    """Change an endpoint: what is not given stays as it is."""
    with opened() as app:
        old = _named(app, name)
        result = app.endpoints.update(
            name,
            who(),
            base_url=base_url,
            secret=api_key_secret,
            model=model,
            compatibility=_compatible(old.compatibility, given),
            limits=_limited(old.limits, limits),
        )
        _print(app, value_of(result), as_json=as_json)
    return Exit.DONE


@endpoint.command("list")
@_as_json
def list_(as_json: bool) -> int:
    """Every endpoint, in the order in which one is chosen."""
    with opened() as app:
        listed, choice = app.endpoints.list(), app.endpoints.choose()
    chosen = choice.endpoint.name
    if as_json:
        print_json([endpoint_object(one, chosen) for one in listed])
        return Exit.DONE
    rows = [
        (mark(one, chosen), one.name, one.kind, one.model, one.secret, url_of(one), set_words(one)) for one in listed
    ]
    print_table(("", "NAME", "KIND", "MODEL", "SECRET", "URL", "SET"), rows)
    print_line(f"\n* answers where an agent names none. {choice.why} {choice.better}".rstrip())
    return Exit.DONE


@endpoint.command()
@click.argument("name")
@_as_json
def test(name: str, as_json: bool) -> int:
    """Ask it for its models: does it answer, how fast, does it take the credential, can its model call tools?

    Exit 1 if it refuses, 5 if nothing answers.
    """
    with opened() as app:
        _named(app, name)
        found = app.endpoints.check(name)
    if as_json:
        print_json(health_object(name, found))
    else:
        print_line(f"{name}: {found.message}")
        print_line(f"{found.credential} Requests go to {found.url or 'nowhere'}.".strip())
    return _exit_of(found)


@endpoint.command()
@click.argument("name")
@click.argument("search", nargs=-1)
@click.option("--tools", "tools_only", is_flag=True, help="Only those that are known to call tools.")
@_as_json
def models(name: str, search: tuple[str, ...], tools_only: bool, as_json: bool) -> int:
    """What an endpoint serves, with context, price and abilities where it tells them. SEARCH: words of the name."""
    with opened() as app:
        if _named(app, name).kind != "local":  # asking that one would load it
            checked = app.endpoints.check(name)
            if not checked.ok and not checked.models:
                stop(f"{name}: {checked.message}", _exit_of(checked))
        told = app.endpoints.catalogue(name)
    found = found_in(told.models, " ".join(search), tools_only=tools_only)
    if as_json:
        print_json(
            {
                "endpoint": name,
                "at": told.at,
                "total": len(told.models),
                "models": [model_object(one) for one in found],
            }
        )
    else:
        print_table(("MODEL", "CONTEXT", "IN $/M", "OUT $/M", "TOOLS", "IMAGES", "PROVIDERS"), map(model_row, found))
        print_line(f"\n{len(found):,} of {len(told.models):,} models{f', {moment(told.at)}' if told.at else ''}")
    return Exit.DONE


@endpoint.command()
@click.argument("name", default="")
@_as_json
def default(name: str, as_json: bool) -> int:
    """The endpoint that answers where an agent names none. Without NAME it is left to the order of the list again."""
    with opened() as app:
        chosen = value_of(app.endpoints.set_default(name, who()))
        _print(app, chosen, as_json=as_json, words=f"{chosen.name} answers where an agent names no endpoint.")
    return Exit.DONE


@endpoint.command()
@click.argument("name")
def delete(name: str) -> int:
    """Take one away. Agents that name it have no endpoint then; runs that used it stay as they are."""
    with opened() as app:
        gone = value_of(app.endpoints.delete(name, who()))
    print_line(f"{gone} is deleted.")
    return Exit.DONE


def _named(app: App, name: str) -> Endpoint:
    return there(app.endpoints.get(name), "endpoint", name)


def _compatible(compatibility: Compatibility, given: tuple[str, ...]) -> Compatibility:
    for text in given:
        field, _, value = text.partition("=")
        compatibility = value_of(changed(compatibility, field.strip(), value.strip()))
    return compatibility


def _limited(limits: EndpointLimits, given: Mapping[str, float | str | None]) -> EndpointLimits:
    changes = {name: None if value == _NONE else value for name, value in given.items() if value is not None}
    return msgspec.structs.replace(limits, **changes)


def _exit_of(found: EndpointHealth) -> Exit:
    if found.ok:
        return Exit.DONE
    return Exit.UNREACHABLE if found.kind in {"connection", "timeout"} else Exit.FAILED


def _print(app: App, one: Endpoint, *, as_json: bool, words: str = "") -> None:
    """What an endpoint is now; on stderr what it still needs."""
    if as_json:
        print_json(endpoint_object(one, app.endpoints.choose().endpoint.name))
    else:
        settings = set_words(one)
        print_line(
            words or f"{one.name}: requests go to {url_of(one) or 'this machine'}{f' ({settings})' if settings else ''}"
        )
    if one.secret and not app.secrets.has(one.secret):
        click.echo(f"The secret {one.secret} is not set yet: python -m core secret set {one.secret}", err=True)
