"""Ceilings that runs share: the tables `accounts` and `charges`, which are one fact.

Who changes an account holds its row until the transaction ends, so that two calls never see the same room.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.evaluation_tables import AccountRow, ChargeRow
from core.domain.purse import Charge, Grant


class AccountRepository:
    """Reads and writes rows of `accounts` and `charges`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, account: UUID, ceiling_usd: float, spent_usd: float = 0.0) -> None:
        """Make sure it is there with this ceiling; `spent_usd`: what a new one begins with."""
        values = {"id": account, "ceiling_usd": ceiling_usd, "charged_usd": spent_usd}
        statement = insert(AccountRow).values(**values)
        change = {"ceiling_usd": statement.excluded.ceiling_usd}
        is_other = AccountRow.ceiling_usd != statement.excluded.ceiling_usd
        self._session.execute(
            statement.on_conflict_do_update(index_elements=[AccountRow.id], set_=change, where=is_other)
        )

    def ceiling_usd(self, account: UUID) -> float:
        return self._session.scalar(select(AccountRow.ceiling_usd).where(AccountRow.id == account)) or 0.0

    def charged_usd(self, account: UUID) -> float | None:
        """What is spent and what is set aside; None: there is no such account."""
        return self._session.scalar(select(AccountRow.charged_usd).where(AccountRow.id == account))

    def charged_for(self, run_ids: Iterable[UUID]) -> float:
        """What these runs cost so far, with what they have set aside."""
        mine = ChargeRow.run_id.in_(list(run_ids))
        return self._session.scalar(select(func.coalesce(func.sum(ChargeRow.usd), 0.0)).where(mine)) or 0.0

    def reserve(self, charge: Charge) -> Grant:
        """Set money aside for one attempt; those before it keep what they had, since nobody knows what they cost."""
        account = self._locked(charge.account)
        if account is None:  # such as of a run that was carried into another workspace
            return "refused"
        if self._session.get(ChargeRow, (charge.run_id, charge.effect, charge.attempt)) is not None:
            return "granted"
        self._close((ChargeRow.run_id == charge.run_id) & (ChargeRow.effect == charge.effect))
        if account.charged_usd + charge.usd > account.ceiling_usd:
            others = (ChargeRow.account_id == charge.account) & ChargeRow.is_open
            return "wait" if self._session.scalar(select(exists().where(others))) else "refused"
        values = {"run_id": charge.run_id, "effect": charge.effect, "attempt": charge.attempt}
        self._session.add(ChargeRow(**values, account_id=charge.account, usd=charge.usd))
        account.charged_usd += charge.usd
        self._session.flush()
        return "granted"

    def settle(self, charge: Charge) -> None:
        """It did cost this. A second time it does nothing."""
        account = self._locked(charge.account)
        row = self._session.get(ChargeRow, (charge.run_id, charge.effect, charge.attempt), populate_existing=True)
        if account is None or row is None or not row.is_open:
            return
        account.charged_usd += charge.usd - row.usd
        row.usd, row.is_open = charge.usd, False
        self._session.flush()

    def end(self, run_id: UUID) -> float | None:
        """What a run that has ended cost; None: it set nothing aside. What was never told stays as it was set aside."""
        self._close(ChargeRow.run_id == run_id)
        return self._session.scalar(select(func.sum(ChargeRow.usd)).where(ChargeRow.run_id == run_id))

    def _locked(self, account: UUID) -> AccountRow | None:
        statement = select(AccountRow).where(AccountRow.id == account).with_for_update()
        return self._session.scalars(statement.execution_options(populate_existing=True)).one_or_none()

    def _close(self, which: ColumnElement[bool]) -> None:
        self._session.execute(update(ChargeRow).where(which, ChargeRow.is_open).values(is_open=False))
