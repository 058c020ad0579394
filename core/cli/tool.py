"""`tool`: the catalogue, one call of one tool, and tools from OpenAPI documents."""

from pathlib import Path

import click
import msgspec

from core.cli.attach import upload
from core.cli.exits import Exit, stop, value_of
from core.cli.follow import CtrlC, follow
from core.cli.printing import print_json, print_line, print_table, shortened
from core.cli.session import opened, who
from core.cli.tool_drift import drift
from core.cli.tool_source import add_mcp, sources
from core.domain.tool_stats import MOST_CALLS, STATS_DAYS, ToolStats
from core.services.python_tools import PythonTool
from core.services.tool_maker import KeptTool
from core.services.tools import ImportReport, NeededSecret

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def tool() -> None:
    """Tools: list, show, test and import them."""


for command in (add_mcp, sources, drift):
    tool.add_command(command)


@tool.command("list")
@click.option("--search", default="", help="Only tools that speak of this.")
@_as_json
def list_(search: str, as_json: bool) -> int:
    """The built-in tools and those that were added."""
    with opened() as app:
        listed = app.tools.list(search)
    if as_json:
        rows = [{"name": t.name, "kind": t.kind, "effect": t.effect, "description": t.description} for t in listed]
        print_json(rows)
        return Exit.DONE
    print_table(
        ("NAME", "KIND", "EFFECT", "DESCRIPTION"),
        [(t.name, t.kind, t.effect, shortened(t.description, 80)) for t in listed],
    )
    return Exit.DONE


@tool.command()
@click.argument("name")
@_as_json
def show(name: str, as_json: bool) -> int:
    """What a model is told about a tool, and how its calls are treated."""
    with opened() as app:
        found = app.tools.get(name)
        secrets = app.tools.needed_secrets([found]) if found else ()
        stats = app.tools.stats([name]).get(name, ToolStats())
    if found is None:
        stop(f"There is no tool named {name}. See: python -m core tool list")
    if as_json:
        print_json({**msgspec.structs.asdict(found), "schema_hash": found.schema_hash(), "stats": stats})
        return Exit.DONE
    print_line(f"{found.name} ({found.kind}, {found.effect}; a call of unknown outcome: {found.repeat})")
    print_line(found.description)
    print_line(
        f"schema {found.schema_hash()}; at most {found.time_limit_s:g} s, {found.output_limit_chars:,} characters"
    )
    for needed in secrets:
        print_line(f"sends a secret as {needed.goes}" + ("" if needed.is_set else ", which is not set"))
    print_line(_in_words(stats))
    print_line(msgspec.json.format(msgspec.json.encode(found.parameters), indent=2).decode())
    return Exit.DONE


def _in_words(stats: ToolStats) -> str:
    if not stats.calls:
        return f"not called in the last {STATS_DAYS} days"
    times = "" if stats.p50_ms is None else f", p50 {stats.p50_ms:,.0f} ms, p95 {stats.p95_ms:,.0f} ms"
    more = "+" if stats.calls >= MOST_CALLS else ""
    return f"last {STATS_DAYS} days: {stats.calls:,}{more} calls, {stats.errors:,} failed, {stats.unknown:,} unknown{times}"


@tool.command()
@click.argument("name")
@click.argument("arguments", metavar="JSON")
@click.option(
    "--attach",
    "files",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that the arguments name; may be given several times.",
)
@_as_json
def test(name: str, arguments: str, files: tuple[Path, ...], as_json: bool) -> int:
    """One call of one tool with these arguments, recorded as a run."""
    uploads = [upload(file) for file in files]
    with opened() as app, CtrlC(app) as ctrl_c:
        started = value_of(app.tools.test(name, arguments, who(), uploads))
        ctrl_c.cancels(started.id)
        return follow(app, started.id, as_json=as_json)


@tool.command("add-http")
@click.argument("file")
@_as_json
def add_http(file: str, as_json: bool) -> int:
    """An HTTP tool from its YAML or JSON definition; one of the same name is replaced."""
    with opened() as app:
        kept = value_of(app.tool_maker.keep_http(value_of(app.tool_maker.read_http(_text(file))), who()))
        secrets = app.tools.needed_secrets([kept.tool])
    made = kept.tool
    if as_json:
        row = {"name": made.name, "kind": made.kind, "effect": made.effect, "schema_hash": made.schema_hash()}
        print_json({**row, "is_new": kept.is_new, "secrets": secrets})
    else:
        print_line(f"{made.name} is kept ({made.effect})." if kept.is_new else f"{made.name} was there already.")
        _print_missing(secrets)
    return Exit.DONE


@tool.command("add-python")
@click.argument("file")
@_as_json
def add_python(file: str, as_json: bool) -> int:
    """A Python function as a tool: its types are the schema, its docstring the description; it runs in a sandbox."""
    with opened() as app:
        kept = value_of(app.python_tools.keep(PythonTool(code=_text(file)), who()))
    _print_kept(kept, as_json=as_json)
    return Exit.DONE


@tool.command("add-agent")
@click.argument("agent")
@click.option("--name", default="", help="What the tool is called; else ask_ and the agent's name.")
@click.option("--description", default="", help="What a model is told of it; else the agent's description.")
@_as_json
def add_agent(agent: str, name: str, description: str, as_json: bool) -> int:
    """An agent as a tool that other agents may call; its calls are runs of their own."""
    with opened() as app:
        found = app.agents.by_name(agent)
        if found is None:
            stop(f"There is no agent named {agent}. See: python -m core agent list")
        kept = value_of(app.own_tools.keep_agent(found.id, who(), name=name, description=description))
    _print_kept(kept, as_json=as_json)
    return Exit.DONE


def _print_kept(kept: KeptTool, *, as_json: bool) -> None:
    made = kept.tool
    if as_json:
        row = {"name": made.name, "kind": made.kind, "effect": made.effect, "schema_hash": made.schema_hash()}
        print_json({**row, "is_new": kept.is_new})
    else:
        print_line(f"{made.name} is kept ({made.effect})." if kept.is_new else f"{made.name} was there already.")


@tool.command("import-openapi")
@click.argument("source", metavar="URL_OR_FILE")
@click.option("--prefix", default="", metavar="P", help="Begins the name of every tool.")
@click.option("--only", default="", metavar="A,B", help="Only these operations.")
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="HOST[:PORT]",
    help="Let the tools reach this host wherever its name leads, also into a private network.",
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="SCHEME=NAME",
    help="The secret to send for a security scheme; without it the secret is named after the server.",
)
@click.option("--server", default="", metavar="URL", help="Send to this server, whichever the document names.")
@_as_json
def import_openapi(
    source: str, prefix: str, only: str, hosts: tuple[str, ...], secrets: tuple[str, ...], server: str, as_json: bool
) -> int:
    """One tool for each operation of an OpenAPI document; prints every operation that was left out, and why."""
    names = tuple(name.strip() for name in only.split(",") if name.strip())
    is_address = source.startswith(("http://", "https://"))
    document, file = (source, "") if is_address else (_text(source), str(Path(source).absolute()))
    with opened() as app:
        report = value_of(
            app.tools.import_openapi(
                document,
                who(),
                prefix,
                only=names,
                allow_hosts=hosts,
                secrets=_pairs(secrets),
                server=server,
                file=file,
            )
        )
    if as_json:
        print_json(report)
    else:
        _print_report(report)
    return Exit.DONE if report.imported else Exit.FAILED


def _print_report(report: ImportReport) -> None:
    rows = [("imported", made.operation, made.name) for made in report.imported]
    rows += [("left out", left.operation, left.reason) for left in report.left_out]
    print_table(("", "OPERATION", "TOOL OR REASON"), rows)
    _print_missing(report.secrets)


def _print_missing(secrets: tuple[NeededSecret, ...]) -> None:
    for needed in secrets:
        if not needed.is_set:
            print_line(f"To be set: python -m core secret set {needed.name}   (it goes to {needed.goes})")


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if bad := [text for text, (scheme, _, name) in zip(texts, pairs, strict=True) if not scheme or not name]:
        stop(f"{bad[0]!r} is not SCHEME=NAME.")
    return {scheme: name for scheme, _, name in pairs}


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        stop(f"{file} cannot be read: {error.strerror}.")
