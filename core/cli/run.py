"""`run`: start a run and follow it to its end."""

from pathlib import Path
from uuid import UUID

import click

from core.bootstrap import App
from core.cli.attach import upload
from core.cli.exits import stop, there, value_of
from core.cli.follow import CtrlC, follow
from core.cli.session import opened, who
from core.domain.agent import Agent
from core.services.runs import StartRun


@click.command()
@click.argument("agent")
@click.argument("prompt")
@click.option("--model", default="", help="Another model than the agent's.")
@click.option("--endpoint", default="", help="Another endpoint than the agent's.")
@click.option("--tool", "tools", multiple=True, metavar="T", help="Only these tools; may be given several times.")
@click.option("--max-steps", type=click.IntRange(min=1), help="Stop after this many steps.")
@click.option("--conversation", type=click.UUID, metavar="ID", help="Answer in this conversation.")
@click.option("--var", "values", multiple=True, metavar="NAME=VALUE", help="The value of a variable of the prompt.")
@click.option(
    "--attach",
    "files",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file beside the prompt: an image, a PDF, a CSV or other text; may be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each journal entry, and one at the end.")
def run(
    agent: str,
    prompt: str,
    model: str,
    endpoint: str,
    tools: tuple[str, ...],
    max_steps: int | None,
    conversation: UUID | None,
    values: tuple[str, ...],
    files: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Start a run and follow it to its end.

    AGENT is the name of an agent, or - for a run that is made of the options alone. Ctrl-C cancels the run.
    """
    variables = dict(_pair(value) for value in values)
    uploads = tuple(upload(file) for file in files)
    with opened() as app, CtrlC(app) as ctrl_c:
        found = _agent(app, agent)
        start = StartRun(
            input=prompt,
            kind="cli",
            agent_id=found.id if found else None,
            conversation_id=_conversation(app, conversation),
            endpoint=endpoint,
            model=model,
            tools=tools or None,
            max_steps=max_steps,
            variables=variables,
            files=uploads,
            who=who(),
        )
        started = value_of(app.runs.start(start))
        ctrl_c.cancels(started.id)
        return follow(app, started.id, as_json=as_json)


def _agent(app: App, name: str) -> Agent | None:
    if name == "-":
        return None
    return there(app.agents.by_name(name), "agent", name)


def _conversation(app: App, conversation_id: UUID | None) -> UUID | None:
    if conversation_id is not None and app.conversations.get(conversation_id) is None:
        stop(f"There is no conversation {conversation_id}.")
    return conversation_id


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.BadParameter(f"{text!r} is not NAME=VALUE.", param_hint="--var")
    return name.strip(), value
