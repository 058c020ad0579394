"""Conversations: the table `conversations`."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db.run_tables import ConversationRow
from core.domain.result import Err, Result
from core.domain.run import Conversation
from core.ids import new_id
from core.repositories.writing import guarded, inserted, present

_REFUSALS = {"fk_conversations_agent_id": Err("not_found", "There is no such agent any more.", "agent_id")}
_GONE = Err("not_found", "There is no such conversation any more.")


class ConversationRepository:
    """Reads and writes rows of `conversations`. The agent's name is not in this table and stays empty."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, conversation_id: UUID) -> Conversation | None:
        row = self._session.scalar(select(ConversationRow).where(ConversationRow.id == conversation_id))
        return None if row is None else _conversation(row)

    def add(self, agent_id: UUID | None, who: str, title: str = "") -> Result[Conversation]:
        row = ConversationRow(id=new_id(), agent_id=agent_id, title=title, created_by=who)
        return inserted(self._session, row, Conversation, _REFUSALS)

    def update(self, conversation_id: UUID, **changes: Any) -> Result[Conversation]:
        """Set the given columns; without any the conversation only becomes the newest of its list."""
        statement = (
            update(ConversationRow)
            .where(ConversationRow.id == conversation_id)
            .values(**changes, updated_at=func.now())
            .returning(ConversationRow)
            .execution_options(populate_existing=True)
        )

        def act() -> Conversation | None:
            row = self._session.scalar(statement)
            return None if row is None else _conversation(row)

        return present(guarded(self._session, act, _REFUSALS, changes), _GONE)


def _conversation(row: ConversationRow) -> Conversation:
    return msgspec.convert(row, Conversation, from_attributes=True)
