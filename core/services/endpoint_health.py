"""What to tell a person about an endpoint that was asked for its models."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from core.clients.chat.probe import EndpointProbe
from core.domain.endpoint import Endpoint
from core.domain.model_info import ModelInfo, ModelList, named
from core.errors import FaultKind

_NO_LIST = frozenset({404, 405, 501})
"""What a server says that has no list of models. It may still serve one."""


class EndpointHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking an endpoint for its models."""

    ok: bool
    took_ms: float = 0.0
    models: tuple[str, ...] = ()
    supports_tools: bool | None = None
    """Whether the default model does, as far as the list tells."""
    kind: FaultKind | None = None
    """What is wrong; None: nothing is."""
    status: int | None = None
    message: str
    url: str = ""
    """Where a model request would go."""
    credential: str = ""
    """Which credential goes where, never its value."""
    at: datetime | None = None


class Answer(NamedTuple):
    """What an endpoint told when it was last asked."""

    found: EndpointProbe
    url: str
    """Where a model request would go."""
    at: datetime
    models: ModelList


def health_of(endpoint: Endpoint, answer: Answer, credential: str) -> EndpointHealth:
    found, told = answer.found, _default_model(endpoint, answer.found)
    return EndpointHealth(
        ok=found.ok or _has_no_list(found),
        took_ms=found.took_ms,
        models=found.models,
        supports_tools=told.supports_tools if told else None,
        kind=found.fault.kind if found.fault and not _has_no_list(found) else None,
        status=found.fault.status if found.fault else None,
        message=_message(endpoint, found),
        url=answer.url,
        credential=credential,
        at=answer.at,
    )


def list_of(found: EndpointProbe, at: datetime, before: ModelList | None) -> ModelList:
    """The models that were told. Where a server does not answer now, those it told before are not forgotten."""
    if found.fault is None or found.catalogue:
        return ModelList(models=found.catalogue, at=at)
    problem = _said(found)
    return ModelList(problem=problem, at=at) if before is None else msgspec.structs.replace(before, problem=problem)


def _message(endpoint: Endpoint, found: EndpointProbe) -> str:
    if _has_no_list(found) and found.fault:
        silent = f"Answers in {found.took_ms:,.0f} ms, but lists no models (HTTP {found.fault.status})."
        return f"{silent} Whether the address is right, a message will show."
    if found.fault is not None:
        return _said(found)
    plural = "" if len(found.models) == 1 else "s"
    parts = [f"Answers in {found.took_ms:,.0f} ms", f"{len(found.models):,} model{plural}"]
    told = _default_model(endpoint, found)
    if told and told.supports_tools is not None:
        parts.append("supports tools" if told.supports_tools else "the default model cannot call tools")
    is_missing = endpoint.kind in {"huggingface", "openai"} and endpoint.model and found.models and told is None
    absent = f" The default model {endpoint.model} is not among them." if is_missing else ""
    return f"{', '.join(parts)}.{absent}"


def _said(found: EndpointProbe) -> str:
    assert found.fault is not None
    status = found.fault.status
    return f"{found.fault.message} (HTTP {status})" if status else found.fault.message


def _has_no_list(found: EndpointProbe) -> bool:
    return found.fault is not None and found.fault.status in _NO_LIST


def _default_model(endpoint: Endpoint, found: EndpointProbe) -> ModelInfo | None:
    """What the list says of it; of a router's model, without the provider behind it."""
    name = endpoint.model.partition(":")[0] if endpoint.kind == "huggingface" else endpoint.model
    only = found.catalogue[0] if len(found.catalogue) == 1 and not name else None
    return named(found.catalogue, name) or only
