"""What a built-in tool may reach besides its arguments."""

from dataclasses import dataclass

from core.clients.outbound import Outbound
from core.tools.notebook import NotebookStore


@dataclass(frozen=True, slots=True)
class Context:
    """One call's surroundings; `key` is its idempotency key."""

    outbound: Outbound
    notebook: NotebookStore
    key: str
    time_limit_s: float
