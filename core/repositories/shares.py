"""Links to conversations: the table `shares`."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db.share_tables import ShareRow
from core.domain.result import Err, Result
from core.domain.share import Share
from core.ids import new_id
from core.repositories.writing import guarded, inserted, present

_REFUSALS = {
    "fk_shares_conversation_id": Err("not_found", "There is no such conversation any more."),
    "fk_shares_leaf_run_id": Err("not_found", "There is no such run any more."),
}
_GONE = Err("not_found", "This link was taken back already, or never was.")


class ShareRepository:
    """Reads and writes rows of `shares`; it sees the hash of a link, never the link."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, token_hash: bytes, conversation_id: UUID, leaf_run_id: UUID, who: str, expires_at: datetime
    ) -> Result[Share]:
        row = ShareRow(
            id=new_id(),
            token_hash=token_hash,
            conversation_id=conversation_id,
            leaf_run_id=leaf_run_id,
            created_by=who,
            expires_at=expires_at,
        )
        return inserted(self._session, row, Share, _REFUSALS)

    def good(self, token_hash: bytes) -> Share | None:
        """The link of this hash, unless it was taken back or is too old."""
        found = select(ShareRow).where(
            ShareRow.token_hash == token_hash, ShareRow.revoked_at.is_(None), ShareRow.expires_at > func.now()
        )
        row = self._session.scalar(found)
        return None if row is None else msgspec.convert(row, Share, from_attributes=True)

    def list(self, conversation_id: UUID) -> list[Share]:
        """Those that can still be opened, the newest first."""
        found = select(ShareRow).where(
            ShareRow.conversation_id == conversation_id,
            ShareRow.revoked_at.is_(None),
            ShareRow.expires_at > func.now(),
        )
        rows = self._session.scalars(found.order_by(ShareRow.id.desc()))
        return [msgspec.convert(row, Share, from_attributes=True) for row in rows]

    def revoke(self, share_id: UUID, who: str) -> Result[Share]:
        statement = (
            update(ShareRow)
            .where(ShareRow.id == share_id, ShareRow.revoked_at.is_(None))
            .values(revoked_at=func.now(), revoked_by=who)
            .returning(ShareRow)
            .execution_options(populate_existing=True)
        )

        def act() -> Share | None:
            row = self._session.scalar(statement)
            return None if row is None else msgspec.convert(row, Share, from_attributes=True)

        return present(guarded(self._session, act, _REFUSALS, who), _GONE)
