"""Conversations: trees of runs with one agent."""

import logging
from uuid import UUID

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.branches import branch
from core.domain.listing import ConversationSummary
from core.domain.result import Err, Result
from core.domain.run import Conversation, Run
from core.repositories.conversations import ConversationRepository
from core.repositories.runs import RunRepository
from core.repositories.summaries import SummaryRepository
from core.services.keeping import keep

Summaries = list[ConversationSummary]
Runs = list[Run]
_TITLE_CHARS = 200
_log = logging.getLogger(__name__)


class ConversationService:
    """A conversation says nothing itself: what was said stands in the journals of its runs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, conversation_id: UUID) -> Conversation | None:
        """With its agent's name; without a title of its own it is called by its first input."""
        with UnitOfWork(self._engine) as unit:
            summary = SummaryRepository(unit.session).conversation(conversation_id)
        return summary.conversation if summary else None

    def list(self, search: str = "", *, archived: bool = False, limit: int = 100) -> Summaries:
        """The newest first; `search` looks at titles and at everything that was said."""
        with UnitOfWork(self._engine) as unit:
            return SummaryRepository(unit.session).conversations(search.strip(), archived=archived, limit=limit)

    def create(self, agent_id: UUID | None, who: str, title: str = "") -> Conversation:
        """A new, empty one. The agent has to exist."""
        with UnitOfWork(self._engine) as unit:
            added = keep(unit, ConversationRepository(unit.session).add(agent_id, who, _title(title)))
        assert not isinstance(added, Err), added.message
        return added.value

    def rename(self, conversation_id: UUID, title: str, who: str) -> Result[Conversation]:
        """An empty title: called by its first input again."""
        _log.info("conversation %s renamed by %r", conversation_id, who)
        with UnitOfWork(self._engine) as unit:
            return keep(unit, ConversationRepository(unit.session).update(conversation_id, title=_title(title)))

    def archive(self, conversation_id: UUID, who: str, *, archived: bool = True) -> Result[Conversation]:
        _log.info("conversation %s archived (%s) by %r", conversation_id, archived, who)
        with UnitOfWork(self._engine) as unit:
            return keep(unit, ConversationRepository(unit.session).update(conversation_id, archived=archived))

    def runs(self, conversation_id: UUID) -> Runs:
        """Every run of every branch, oldest first; `core.domain.branches` finds its way among them."""
        with UnitOfWork(self._engine) as unit:
            return RunRepository(unit.session).by_conversation(conversation_id)

    def path(self, conversation_id: UUID, leaf: UUID | None = None) -> Runs:
        """One branch, oldest first: the one that ends at `leaf`, else the one with the newest run."""
        return branch(self.runs(conversation_id), leaf)


def _title(text: str) -> str:
    return " ".join(text.split())[:_TITLE_CHARS]
