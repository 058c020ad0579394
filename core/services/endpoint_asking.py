"""Asks endpoints what they serve, in the background where a person looks on, and remembers what was told."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from core.clients.chat.probe import EndpointProbe, probe
from core.domain.address import final_url
from core.domain.endpoint import Endpoint
from core.domain.model_info import ModelList
from core.errors import ConfigurationError, Fault, FaultError
from core.services.connections import Connections
from core.services.endpoint_health import Answer, list_of
from core.services.latest import Known, Latest
from core.services.list_store import ListStore

LIST_GOOD_S: Final = 600.0
HEALTH_GOOD_S: Final = 60.0
BAD_S: Final = 15.0
"""A server that did not answer is soon asked again, but not at every turn of a page."""


class EndpointAsker:
    """Thread-safe. What was told for another address or another key does not count."""

    def __init__(self, connections: Connections, store: ListStore) -> None:
        self._connections, self._store = connections, store
        self._latest: Latest[Answer] = Latest()

    def ask(self, endpoint: Endpoint, limit_s: float) -> Answer:
        """Ask now, and wait for the answer."""
        return self._latest.keep(self._key(endpoint), self._question(endpoint, limit_s)())

    def known(self, endpoint: Endpoint, good_for_s: float) -> Answer | None:
        """What is known without asking anybody."""
        return self._latest.kept(self._key(endpoint), _good_for(good_for_s))

    def look(self, endpoint: Endpoint, good_for_s: float, limit_s: float, patience_s: float) -> Known[Answer]:
        """What is known after at most `patience_s`. What is older than `good_for_s` is asked for again meanwhile."""
        return self._latest.now(
            self._key(endpoint), lambda: self._question(endpoint, limit_s), _good_for(good_for_s), patience_s
        )

    def seen(self, endpoint: Endpoint) -> Known[Answer]:
        """What is known, without asking: of a local model, which would be loaded by it."""
        return self._latest.seen(self._key(endpoint))

    def listed(self, endpoint: Endpoint) -> ModelList | None:
        """The models that were told last, in this process or an older one, however long ago."""
        answer = self._latest.kept(self._key(endpoint))
        return answer.models if answer else self._store.load(endpoint)

    def _question(self, endpoint: Endpoint, limit_s: float) -> Callable[[], Answer]:
        """A call that asks. The database is read here: the answer may come after the App was closed."""
        before = self.listed(endpoint)
        place = None if endpoint.kind == "local" else self._place(endpoint)  # starting its server takes long

        def ask() -> Answer:
            found, url = _probed(endpoint, place or self._place(endpoint), limit_s)
            now = datetime.now(UTC)
            told = list_of(found, now, before)
            if not told.problem:
                self._store.save(endpoint, told)
            return Answer(found, url, now, told)

        return ask

    def _place(self, endpoint: Endpoint) -> "_Place":
        try:
            return _Place(self._connections.address(endpoint), self._connections.key(endpoint))
        except FaultError as error:
            return _Place(endpoint.base_url, fault=error.fault)
        except ConfigurationError as error:  # the key of all secrets is not readable: no screen should go with it
            return _Place(endpoint.base_url, fault=Fault("auth", str(error)))

    def _key(self, endpoint: Endpoint) -> tuple[object, ...]:
        file = endpoint.model if endpoint.kind == "local" else ""
        return endpoint.name, endpoint.base_url, endpoint.secret, file, self._connections.stamp()


class _Place(NamedTuple):
    """Where to ask, or why that cannot be done."""

    address: str
    key: str | None = None
    fault: Fault | None = None


def _probed(endpoint: Endpoint, place: _Place, limit_s: float) -> tuple[EndpointProbe, str]:
    """What came of it, and where a model request would go."""
    url = final_url(place.address) if place.address else ""
    if place.fault is not None:
        return EndpointProbe(ok=False, took_ms=0.0, fault=place.fault), url
    return probe(endpoint, place.address, place.key, limit_s), url


def _good_for(seconds: float) -> Callable[[Answer], float]:
    return lambda answer: seconds if answer.found.ok else min(seconds, BAD_S)
