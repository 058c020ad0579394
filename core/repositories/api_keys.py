"""Keys of other programs, by the hash of their values: the table `api_keys`."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db.publish_tables import ApiKeyRow
from core.domain.publishing import ApiKey
from core.domain.result import Err, Result
from core.ids import new_id
from core.repositories.writing import guarded, inserted, present

_REFUSALS = {
    "uq_api_keys_name": Err("conflict", "A key of this name exists already.", "name"),
    "ck_api_keys_name_length": Err("invalid", "The name of a key has 1 to 60 characters.", "name"),
    "ck_api_keys_requests_per_minute_range": Err(
        "invalid", "A key may ask between 1 and 100,000 times a minute.", "requests_per_minute"
    ),
}


class ApiKeyRepository:
    """Reads and writes rows of `api_keys`; it never sees a value in the clear."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, name: str, prefix: str, digest: bytes, who: str, **columns: Any) -> Result[ApiKey]:
        row = ApiKeyRow(id=new_id(), name=name, prefix=prefix, hash=digest, created_by=who, **columns)
        return inserted(self._session, row, ApiKey, _REFUSALS)

    def list(self) -> list[ApiKey]:
        """Newest first, revoked ones included."""
        return [_key(row) for row in self._session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.id.desc()))]

    def by_hash(self, digest: bytes) -> ApiKey | None:
        """The key of this value, unless it was revoked."""
        found = select(ApiKeyRow).where(ApiKeyRow.hash == digest, ApiKeyRow.revoked_at.is_(None))
        row = self._session.scalar(found)
        return None if row is None else _key(row)

    def used(self, key_id: UUID) -> None:
        """Note that it was used now."""
        self._session.execute(update(ApiKeyRow).where(ApiKeyRow.id == key_id).values(last_used_at=func.now()))

    def revoke(self, key_id: UUID, who: str) -> Result[ApiKey]:
        """A second time it stays as it is."""
        revoked = (
            update(ApiKeyRow)
            .where(ApiKeyRow.id == key_id)
            .values(
                revoked_at=func.coalesce(ApiKeyRow.revoked_at, func.now()),
                revoked_by=func.coalesce(func.nullif(ApiKeyRow.revoked_by, ""), who),
            )
            .returning(ApiKeyRow)
            .execution_options(populate_existing=True)
        )

        def change() -> ApiKey | None:
            row = self._session.scalar(revoked)
            return None if row is None else _key(row)

        return present(guarded(self._session, change, _REFUSALS, who), Err("not_found", "There is no such key."))


def _key(row: ApiKeyRow) -> ApiKey:
    return msgspec.convert(row, ApiKey, from_attributes=True)
