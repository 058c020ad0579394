"""What the Hugging Face Hub knows of a model: its task, and who serves it under which name."""

from typing import Any

import msgspec

from core.clients.outbound import Outbound, OutboundRequest
from core.errors import Fault, FaultError

HUB = "https://huggingface.co"
_PATIENCE_S = 10.0
_MOST_BYTES = 1_000_000


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """One provider of a model. `model`: what it is called there; `is_live` False: not at the moment, or as a trial."""

    provider: str
    model: str
    task: str
    is_live: bool


class HubModel(msgspec.Struct, frozen=True, kw_only=True):
    task: str
    served: tuple[Served, ...]


async def look_up(outbound: Outbound, model: str, hub: str = HUB, allow: tuple[str, ...] = ()) -> HubModel:
    """Ask about one model; nothing of this machine goes along. Raises `FaultError`."""
    query = "expand=inferenceProviderMapping&expand=pipeline_tag"
    asked = OutboundRequest(
        method="GET",
        url=f"{hub}/api/models/{model}?{query}",
        allow=allow,
        timeout_s=_PATIENCE_S,
        max_bytes=_MOST_BYTES,
    )
    answer = await outbound.send(asked)
    if answer.status in {401, 404}:
        raise FaultError(Fault("not_found", f"{hub} knows no model {model}, or it is private.", answer.status))
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    if answer.status != 200 or not isinstance(found, dict):
        raise FaultError(Fault("server_error", f"{hub} answered {answer.text()[:300]}", answer.status))
    return HubModel(task=str(found.get("pipeline_tag") or ""), served=_served(found.get("inferenceProviderMapping")))


def _served(mapping: Any) -> tuple[Served, ...]:
    """Two forms are known: a list, and an object by provider."""
    match mapping:
        case list():
            given = [(str(one.get("provider", "")), one) for one in mapping if isinstance(one, dict)]
        case dict():
            given = [(name, one) for name, one in mapping.items() if isinstance(one, dict)]
        case _:
            given = []
    return tuple(
        Served(
            provider=name,
            model=str(one.get("providerId") or ""),
            task=str(one.get("task") or ""),
            is_live=one.get("status") == "live",
        )
        for name, one in given
    )
