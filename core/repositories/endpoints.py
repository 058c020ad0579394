"""Endpoints that people added: the table `endpoints`."""

from typing import Any

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.db.tool_tables import EndpointRow
from core.domain.address import kind_at
from core.domain.endpoint import Endpoint, EndpointLimits
from core.domain.result import Err, Result
from core.ids import new_id
from core.repositories.writing import guarded, present

_REFUSALS = {
    "uq_endpoints_name": Err("conflict", "An endpoint of this name exists already.", "name"),
    "ck_endpoints_name_length": Err("invalid", "A name has 1 to 100 characters.", "name"),
    "ck_endpoints_silence_s_range": Err("invalid", "The longest silence is between 0 and 86,400 seconds.", "silence_s"),
    "ck_endpoints_concurrency_range": Err("invalid", "Between 1 and 1,000 requests can be under way.", "concurrency"),
    "ck_endpoints_requests_per_minute_range": Err(
        "invalid", "Between 1 and 100,000 requests can begin in a minute.", "requests_per_minute"
    ),
    "ck_endpoints_base_url_http": Err("invalid", "The address has to begin with http:// or https://.", "base_url"),
}
_GONE = Err("not_found", "There is no such endpoint among those that were added.", "name")


class EndpointRepository:
    """Reads and writes rows of `endpoints`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, name: str) -> Endpoint | None:
        row = self._session.scalar(select(EndpointRow).where(EndpointRow.name == name))
        return None if row is None else _endpoint(row)

    def list(self) -> list[Endpoint]:
        """In the order in which they were added."""
        return [_endpoint(row) for row in self._session.scalars(select(EndpointRow).order_by(EndpointRow.id))]

    def add(self, endpoint: Endpoint, who: str) -> Result[Endpoint]:
        """`kind` and `id` of the given endpoint do not count: the kind follows from the address."""
        row = EndpointRow(
            id=new_id(),
            name=endpoint.name,
            base_url=endpoint.base_url,
            secret=endpoint.secret,
            model=endpoint.model,
            compatibility=msgspec.to_builtins(endpoint.compatibility),
            **msgspec.structs.asdict(endpoint.limits),
            created_by=who,
        )

        def insert() -> Endpoint:
            self._session.add(row)
            self._session.flush()
            return _endpoint(row)

        return guarded(self._session, insert, _REFUSALS, endpoint, who)

    def update(self, name: str, **changes: Any) -> Result[Endpoint]:
        """Set the given columns (`compatibility` and `limits` as domain values)."""
        if "limits" in changes:
            changes = {**changes, **msgspec.structs.asdict(changes["limits"])}
            del changes["limits"]
        statement = (
            update(EndpointRow)
            .where(EndpointRow.name == name)
            .values(**msgspec.to_builtins(changes))
            .returning(EndpointRow)
            .execution_options(populate_existing=True)
        )

        def act() -> Endpoint | None:
            row = self._session.scalar(statement)
            return None if row is None else _endpoint(row)

        return present(guarded(self._session, act, _REFUSALS, changes), _GONE)

    def delete(self, name: str) -> Result[str]:
        """The name of what is gone."""
        statement = delete(EndpointRow).where(EndpointRow.name == name).returning(EndpointRow.name)
        return present(guarded(self._session, lambda: self._session.scalar(statement), _REFUSALS), _GONE)


def _endpoint(row: EndpointRow) -> Endpoint:
    columns = {name: getattr(row, name) for name in Endpoint.__struct_fields__ if name not in {"kind", "limits"}}
    limits = {name: getattr(row, name) for name in EndpointLimits.__struct_fields__}
    return msgspec.convert({**columns, "kind": kind_at(row.base_url), "limits": limits}, Endpoint)
