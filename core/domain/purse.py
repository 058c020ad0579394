"""A purse: a ceiling that several runs share. Each model call sets aside what it may cost before it is made. Pure."""

from typing import Final, Literal
from uuid import UUID

import msgspec

from core.domain.model_info import Price

NO_ROOM: Final = "The shared ceiling of"
"""How the fault of a call begins that a purse had no room for."""
Grant = Literal["granted", "wait", "refused"]
"""`wait`: others may give back what they set aside and do not use."""


class Purse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose ceiling a run's calls are taken from, and what decides how much each may cost."""

    account: UUID
    price: Price
    context_tokens: int | None = None


def no_room(ceiling_usd: float) -> str:
    """What is said of a call that was not made."""
    return f"{NO_ROOM} ${ceiling_usd:,.6f} leaves no room for this call."


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt of one call sets aside, in dollars; later, what it did cost."""

    account: UUID
    run_id: UUID
    effect: str
    attempt: int
    usd: float
