"""`agent`: agents as files."""

import sys
from typing import TextIO

import click
import msgspec

from core.bootstrap import App
from core.cli.exits import Exit, there, value_of
from core.cli.printing import print_json, print_line, print_table, shortened, write
from core.cli.session import opened, who
from core.domain.agent import Agent
from core.domain.canonical import Json
from core.domain.listing import AgentSummary
from core.domain.result import Err

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def agent() -> None:
    """Agents: list, show, import and export them as files."""


@agent.command("list")
@click.option("--archived", is_flag=True, help="The archived ones instead.")
@_as_json
def list_(archived: bool, as_json: bool) -> int:
    """Every agent, by name."""
    with opened() as app:
        listed = app.agents.list(archived=archived)
    if as_json:
        print_json([_object(row) for row in listed])
        return Exit.DONE
    rows = [(r.agent.name, r.agent.live_revision, r.spec.model, len(r.spec.tools), _line(r.agent)) for r in listed]
    print_table(("NAME", "REVISION", "MODEL", "TOOLS", "DESCRIPTION"), rows)
    return Exit.DONE


@agent.command()
@click.argument("name")
@_as_json
def show(name: str, as_json: bool) -> int:
    """An agent's live revision, and whether a draft differs from it."""
    with opened() as app:
        found = _agent(app, name)
        spec = app.agents.live_spec(found)
        text = value_of(app.agents.export_yaml(found.id))
    if as_json:
        print_json({**_details(found), "spec": msgspec.to_builtins(spec)})
        return Exit.DONE
    print_line(f"# revision {found.live_revision}" + (", with a draft that differs" if found.draft else ""))
    print_line(text.rstrip("\n"))
    return Exit.DONE


@agent.command("import")
@click.argument("file", type=click.File(encoding="utf-8", errors="replace"))
@_as_json
def import_(file: TextIO, as_json: bool) -> int:
    """Add the agent of a YAML file (- for stdin), or bring the one of its name up to it.

    Exit code 1 when the agent's gate keeps the new revision from going live.
    """
    with opened() as app:
        imported = value_of(app.agents.import_yaml(file.read(), who()))
    held = imported.held
    if as_json:
        told = {
            "name": imported.agent.name,
            "revision": imported.revision_number,
            "new_revision": imported.is_new,
            "live": held is None,
            "gate": held.words if held else None,
        }
        print_json(told)
    else:
        change = "is live" if imported.is_new else "is live already; nothing changed"
        kept = "is kept, and is not live" if imported.is_new else "is kept already, and is not live"
        print_line(f"{imported.agent.name}: revision {imported.revision_number} {kept if held else change}.")
    if held is None:
        return Exit.DONE
    print_line(f"{held.words} See: python -m core agent live --help", sys.stderr)
    return Exit.FAILED


@agent.command()
@click.argument("name")
@click.argument("revision", type=click.IntRange(min=1))
@click.option("--reason", default="", metavar="TEXT", help="Why it goes live although its gate holds it. It is kept.")
def live(name: str, revision: int, reason: str) -> int:
    """Make a saved revision the live one. Exit code 1 when the agent's gate holds it."""
    with opened() as app:
        made = app.gates.make_live(_agent(app, name).id, revision, who(), reason)
    if isinstance(made, Err) and made.field == "gate":
        print_line(made.message, sys.stderr)
        return Exit.FAILED
    print_line(f"{name}: revision {value_of(made).revision.number} is live.")
    return Exit.DONE


@agent.command()
@click.argument("name")
@click.option("--revision", type=click.IntRange(min=1), metavar="N", help="Default: the live one.")
def export(name: str, revision: int | None) -> int:
    """An agent as a YAML file, on stdout."""
    with opened() as app:
        text = value_of(app.agents.export_yaml(_agent(app, name).id, revision))
    write(text, sys.stdout)
    return Exit.DONE


def _agent(app: App, name: str) -> Agent:
    return there(app.agents.by_name(name), "agent", name)


def _object(row: AgentSummary) -> dict[str, Json]:
    return {
        **_details(row.agent),
        "model": row.spec.model,
        "tools": [choice.name for choice in row.spec.tools],
        "last_run_at": row.last_run_at,
    }


def _details(found: Agent) -> dict[str, Json]:
    return {
        "id": str(found.id),
        "name": found.name,
        "description": found.description,
        "tags": found.tags,
        "revision": found.live_revision,
        "has_draft": found.draft is not None,
        "archived": found.archived,
    }


def _line(found: Agent) -> str:
    return shortened(found.description)
