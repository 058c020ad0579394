"""Which key asked for which run: the table `api_calls`."""

from uuid import UUID

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.publish_tables import ApiCallRow
from core.domain.publishing import ApiCall


class ApiCallRepository:
    """Reads and writes rows of `api_calls`; none ever changes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, call: ApiCall) -> bool:
        """False when its idempotency key is used already. Waits for whoever is about to use it."""
        row = insert(ApiCallRow).values(**msgspec.structs.asdict(call)).on_conflict_do_nothing()
        return self._session.scalar(row.returning(ApiCallRow.run_id)) is not None

    def of_run(self, run_id: UUID) -> ApiCall | None:
        return self._one(select(ApiCallRow).where(ApiCallRow.run_id == run_id))

    def by_idempotency_key(self, key_id: UUID, idempotency_key: str) -> ApiCall | None:
        mine = (ApiCallRow.key_id == key_id, ApiCallRow.idempotency_key == idempotency_key)
        return self._one(select(ApiCallRow).where(*mine))

    def _one(self, found: Select[ApiCallRow]) -> ApiCall | None:
        row = self._session.scalar(found)
        return None if row is None else msgspec.convert(row, ApiCall, from_attributes=True)
