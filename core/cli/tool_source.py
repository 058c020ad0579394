"""`tool add-mcp`, `tool sources`, `tool drift`: tools that MCP servers define, and what changed of them."""

import shlex

import click

from core.cli.exits import Exit, stop, value_of
from core.cli.printing import print_json, print_line, print_table, shortened
from core.cli.session import opened, who
from core.domain.tool_source import McpServer, ToolSource
from core.services.tool_sources import Look

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_MARKS = {"equal": "{}", "insert": "[+{}+]", "delete": "[-{}-]"}


class _EndsInCommand(click.Command):
    """Whatever follows --command is another program's, options included; only a last --json is ours."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--command" in args:
            place = args.index("--command")
            command, args = args[place + 1 :], args[:place]
            if command[-1:] == ["--json"]:
                command, args = command[:-1], [*args, "--json"]
            ctx.obj = tuple(shlex.split(command[0]) if len(command) == 1 else command)
        return super().parse_args(ctx, args)


@click.command("add-mcp", cls=_EndsInCommand)
@click.argument("name")
@click.option(
    "--command", "shown_only", metavar="CMD…", help="The command that starts the server; the last option but --json."
)
@click.option("--url", default="", help="The address of a server that is reached over HTTP.")
@click.option("--only", default="", metavar="A,B", help="Only these tools, by their names there.")
@click.option("--allow-host", "hosts", multiple=True, metavar="HOST[:PORT]", help="Reach it although it is private.")
@click.option("--bearer", default="", metavar="SECRET", help="The secret that is sent as a bearer token.")
@click.option("--env", "plain", multiple=True, metavar="VAR=VALUE", help="A variable of the command.")
@click.option("--secret-env", "hidden", multiple=True, metavar="VAR=SECRET", help="A variable that is a secret.")
@_as_json
@click.pass_context
def add_mcp(
    ctx: click.Context,
    name: str,
    shown_only: None,  # noqa: ARG001 (for the help; the command is taken before options are read)
    url: str,
    only: str,
    hosts: tuple[str, ...],
    bearer: str,
    plain: tuple[str, ...],
    hidden: tuple[str, ...],
    as_json: bool,
) -> int:
    """Register an MCP server and pin its tools."""
    server = McpServer(
        command=ctx.obj or (),
        url=url,
        env=_pairs(plain),
        secret_env=_pairs(hidden),
        bearer=bearer,
        allow_hosts=hosts,
    )
    names = [tool.strip() for tool in only.split(",") if tool.strip()] or None
    with opened() as app:
        look = value_of(app.tool_sources.look(server))
        source = value_of(app.tool_sources.add(name, look, who(), names))
        used = app.tool_sources.tools(source.name)
    tools = [
        {"name": tool.name, "tool": there, "effect": tool.effect, "pinned": str(tool.definition["pinned"])}
        for there, tool in used.items()
    ]
    left_out = [{"tool": offer.tool.name, "reason": offer.reason} for offer in look.offers if offer.reason]
    if as_json:
        print_json({"name": source.name, "server": source.server_name, "tools": tools, "left_out": left_out})
        return Exit.DONE
    print_line(f"{source.name} is kept: {source.server_name or server.place()}, {_answered(look)}.")
    rows = [("pinned", tool["tool"], tool["name"], tool["effect"]) for tool in tools]
    print_table(
        ("", "TOOL THERE", "TOOL HERE OR REASON", "EFFECT"),
        [*rows, *(("left out", left["tool"], left["reason"], "") for left in left_out)],
    )
    return Exit.DONE


@click.command()
@_as_json
def sources(as_json: bool) -> int:
    """The MCP servers, and what is in use of them."""
    with opened() as app:
        listed = app.tool_sources.list()
    if as_json:
        print_json([source_row(source) for source in listed])
        return Exit.DONE
    print_table(
        ("NAME", "SERVER", "TOOLS", "CHANGED", "CHECKED", "WHERE", "FAULT"),
        [
            (
                source.name,
                source.server_name,
                f"{len(source.accepted)} of {len(source.seen)}",
                len(source.drifts) or "",
                source.checked_at,
                shortened(source.server.place()),
                shortened(source.fault),
            )
            for source in listed
        ],
    )
    return Exit.DONE


def source_row(source: ToolSource) -> dict[str, object]:
    return {
        "name": source.name,
        "server": source.server_name,
        "where": source.server.place(),
        "tools": [tool.name for tool in source.accepted],
        "checked_at": source.checked_at,
        "fault": source.fault or None,
        "drifted": [one.tool for one in source.drifts],
    }


def _answered(look: Look) -> str:
    return f"answered in {look.took_ms:,.0f} ms"


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if bad := [text for text, (name, _, value) in zip(texts, pairs, strict=True) if not name or not value]:
        stop(f"{bad[0]!r} is not VAR=VALUE.")
    return {name: value for name, _, value in pairs}
