"""The till: sets money aside for single model calls, over all workers of a workspace."""

import asyncio
from contextlib import suppress
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from core.db.unit import UnitOfWork
from core.domain.purse import Charge, Grant, no_room
from core.errors import AryabhattaError, Fault
from core.repositories.accounts import AccountRepository
from core.repositories.away import away

_LOOK_S: Final = 0.25
"""How often who waits looks whether other processes gave back what they did not use."""


class AccountTill:
    """A `Till` of the engine. While the database is away it waits."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._freed = asyncio.Event()
        """Replaced whenever a call of this process gave back what it did not use."""

    async def reserve(self, charge: Charge, patience_s: float) -> Fault | None:
        loop = asyncio.get_running_loop()
        until = loop.time() + patience_s
        while (grant := await asyncio.to_thread(self._reserve, charge)) == "wait" and loop.time() < until:
            await self._news()
        if grant == "granted":
            return None
        return Fault("cost_limit", no_room(await asyncio.to_thread(self._ceiling_usd, charge)))

    async def settle(self, charge: Charge) -> None:
        while not await asyncio.to_thread(self._settle, charge):
            await self._news()
        self._freed.set()
        self._freed = asyncio.Event()

    async def _news(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._freed.wait(), _LOOK_S)

    def _reserve(self, charge: Charge) -> Grant:
        try:
            with UnitOfWork(self._engine) as unit:
                grant = AccountRepository(unit.session).reserve(charge)
                unit.commit()
        except (AryabhattaError, DBAPIError) as error:
            if away(error) is None:
                raise
            return "wait"
        return grant

    def _ceiling_usd(self, charge: Charge) -> float:
        with UnitOfWork(self._engine) as unit:
            return AccountRepository(unit.session).ceiling_usd(charge.account)

    def _settle(self, charge: Charge) -> bool:
        """Whether it is recorded."""
        try:
            with UnitOfWork(self._engine) as unit:
                AccountRepository(unit.session).settle(charge)
                unit.commit()
        except (AryabhattaError, DBAPIError) as error:
            if away(error) is None:
                raise
            return False
        return True
