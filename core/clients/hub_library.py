"""huggingface_hub as a library, without what it does unasked."""

from contextvars import ContextVar
from typing import Final

import httpx2

lent_client: Final[ContextVar[httpx2.AsyncClient]] = ContextVar("lent_client")
"""The HTTP client that the library gets when it asks for one here."""


def quiet_hub() -> None:
    """To be called before anything of the library is used. Takes 0.4 s of CPU the first time.

    Its first request of a day would be one that nobody asked for: it fetches a list of agents from its server, looks
    for them in the environment, and tells every server about the one it found.
    """
    from huggingface_hub import constants  # noqa: PLC0415

    constants.HF_HUB_DISABLE_TELEMETRY = True
