"""What to tell a person about an endpoint that was asked for its models."""

import msgspec

from core.clients.chat.probe import EndpointProbe
from core.domain.endpoint import Endpoint

_NO_LIST = frozenset({404, 405, 501})
"""What a server says that has no list of models. It may still serve one."""


class EndpointHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking an endpoint for its models."""

    ok: bool
    took_ms: float = 0.0
    models: tuple[str, ...] = ()
    message: str
    url: str = ""
    """Where a model request would go."""
    credential: str = ""
    """Which credential goes where, never its value."""


def health_of(endpoint: Endpoint, found: EndpointProbe, url: str, credential: str) -> EndpointHealth:
    has_no_list = found.fault is not None and found.fault.status in _NO_LIST
    return EndpointHealth(
        ok=found.ok or has_no_list,
        took_ms=found.took_ms,
        models=found.models,
        message=_message(endpoint, found),
        url=url,
        credential=credential,
    )


def _message(endpoint: Endpoint, found: EndpointProbe) -> str:
    fault = found.fault
    if fault is None:
        plural = "" if len(found.models) == 1 else "s"
        models = f"{len(found.models):,} model{plural}"
        return f"Answers in {found.took_ms:,.0f} ms, {models}.{_remark(endpoint, found)}"
    if fault.status in _NO_LIST:
        silent = f"Answers in {found.took_ms:,.0f} ms, but lists no models (HTTP {fault.status})."
        return f"{silent} Whether the address is right, a message will show."
    return f"{fault.message} (HTTP {fault.status})" if fault.status else fault.message


def _remark(endpoint: Endpoint, found: EndpointProbe) -> str:
    """What the list says of the default model."""
    wanted = endpoint.model.partition(":")[0] if endpoint.kind == "huggingface" else endpoint.model
    if not wanted or not found.models or endpoint.kind in {"demo", "local"}:
        return ""
    told = next((model for model in found.catalogue if model.name == wanted), None)
    if told is None:
        return f" The default model {endpoint.model} is not among them."
    return {True: " The default model supports tools.", False: " The default model cannot call tools.", None: ""}[
        told.supports_tools
    ]
