"""Finding anything by a piece of its text, quickly enough to be asked at every key."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.db.unit import UnitOfWork
from core.domain.finding import Found
from core.domain.run import Run
from core.domain.run_query import RunFilter
from core.repositories.finding import FindingRepository
from core.repositories.runs import RunRepository
from core.repositories.summaries import SummaryRepository
from core.services.tool_catalogue import ToolCatalogue

MOST = 5
"""Of each kind."""
_LINE_CHARS = 120


class FinderService:
    """Agents, tools, prompts, datasets and collections by name and what they are for.

    Conversations and runs by what was said.
    """

    def __init__(self, engine: Engine, catalogue: ToolCatalogue) -> None:
        self._engine, self._catalogue = engine, catalogue

    def find(self, search: str) -> tuple[Found, ...]:
        """A few of each kind, first those that begin with the text; without a text the conversations that were gone on with last."""
        wanted = search.strip()
        with UnitOfWork(self._engine) as unit:
            if not wanted:
                return tuple(_conversations(unit.session, ""))
            if (run := _by_id(unit.session, wanted)) is not None:
                return (_of_run(run),)
            found = (
                *_named(FindingRepository(unit.session, MOST), wanted),
                *_conversations(unit.session, wanted),
                *(_of_run(run) for run in RunRepository(unit.session).list(RunFilter(search=wanted), limit=MOST)),
                *self._tools(FindingRepository(unit.session, MOST), wanted),
            )
        return tuple(sorted(found, key=lambda one: not one.title.lower().startswith(wanted.lower())))

    def _tools(self, finding: FindingRepository, search: str) -> Iterator[Found]:
        """Built-in ones first, as everywhere."""
        builtin = [(tool.name, tool.description) for tool in self._catalogue.builtin(search)]
        for name, description in [*builtin, *finding.tools(search)][:MOST]:
            yield Found(kind="tool", key=name, title=name, detail=_line(description))


def _named(finding: FindingRepository, search: str) -> Iterator[Found]:
    for agent_id, name, description in finding.agents(search):
        yield Found(kind="agent", key=str(agent_id), title=name, detail=_line(description))
    for name in finding.prompts("system", search):
        yield Found(kind="system prompt", key=name, title=name)
    for name in finding.prompts("user", search):
        yield Found(kind="user prompt", key=name, title=name)
    for dataset_id, name, description in finding.datasets(search):
        yield Found(kind="dataset", key=str(dataset_id), title=name, detail=_line(description))
    for collection_id, name, description in finding.collections(search):
        yield Found(kind="collection", key=str(collection_id), title=name, detail=_line(description))


def _conversations(session: Session, search: str) -> Iterator[Found]:
    for row in SummaryRepository(session).conversations(search, limit=MOST):
        title = row.conversation.title or row.last_line or "Conversation"
        detail = row.found or row.conversation.agent_name
        yield Found(kind="conversation", key=str(row.conversation.id), title=_line(title), detail=_line(detail))


def _by_id(session: Session, text: str) -> Run | None:
    try:
        return RunRepository(session).get(UUID(text))
    except ValueError:
        return None


def _of_run(run: Run) -> Found:
    detail = " · ".join(filter(None, (run.agent_name, run.model, f"{run.created_at:%Y-%m-%d %H:%M}")))
    return Found(kind="run", key=str(run.id), title=_line(run.input) or str(run.id), detail=_line(detail))


def _line(text: str) -> str:
    return " ".join(text.split())[:_LINE_CHARS]
