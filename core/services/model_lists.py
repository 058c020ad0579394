"""What endpoints serve, kept for a while: a list of models is asked for far more often than it changes."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

from core.clients.chat.probe import EndpointProbe
from core.domain.endpoint import Endpoint
from core.domain.model_info import ModelInfo

GOOD_S: Final = 600.0
BAD_S: Final = 30.0
"""A server that did not answer is soon asked again, but not at every turn of a page."""


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    """The models of an endpoint as it told them at an instant."""

    models: tuple[ModelInfo, ...] = ()
    problem: str = ""
    """Why there are none, as a sentence."""
    at: datetime

    def named(self, name: str) -> ModelInfo | None:
        return next((model for model in self.models if model.name == name), None)


class _Kept(NamedTuple):
    found: ModelList
    until_s: float


class ModelLists:
    """Thread-safe: two who ask at the same time may both ask the server, and both are right."""

    def __init__(self, stamp: Callable[[], object], clock_s: Callable[[], float] = time.monotonic) -> None:
        """`stamp` changes when a key may have changed: what was told for another key does not count."""
        self._stamp, self._clock_s = stamp, clock_s
        self._kept: dict[object, _Kept] = {}

    def kept(self, endpoint: Endpoint) -> ModelList | None:
        """What is known without asking."""
        known = self._kept.get(self._key(endpoint))
        return known.found if known is not None and known.until_s > self._clock_s() else None

    def keep(self, endpoint: Endpoint, probe: EndpointProbe) -> ModelList:
        """Remember what an endpoint told."""
        problem = probe.fault.message if probe.fault else ""
        found = ModelList(models=probe.catalogue, problem=problem, at=datetime.now(UTC))
        self._kept[self._key(endpoint)] = _Kept(found, self._clock_s() + (BAD_S if problem else GOOD_S))
        return found

    def _key(self, endpoint: Endpoint) -> object:
        return endpoint.name, endpoint.base_url, endpoint.secret, self._stamp()
