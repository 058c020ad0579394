"""Proofs of the whole workspace that take their time, each on a bench of its own."""

import logging
from collections.abc import Callable, Iterator

from core.domain.result import Result
from core.services.bench import Bench, Expect, Progress
from core.services.drill import Points
from core.services.drill_verdict import DrillRow
from core.services.proofs import Audit

_log = logging.getLogger(__name__)


class ProofDesk:
    """The crash drill and the check of all journals. Thread-safe."""

    def __init__(
        self, drill: Callable[[Points, Expect], Iterator[DrillRow]], audits: Callable[[Expect], Iterator[Audit]]
    ) -> None:
        self._rows, self._audits = drill, audits
        self._drill: Bench[DrillRow] = Bench("crash-drill")
        self._check: Bench[Audit] = Bench("journal-check")

    def begin_drill(self, points: Points, who: str = "") -> Result[None]:
        _log.info("crash drill (%s) begun by %r", points, who)
        return self._drill.begin(lambda expect: self._rows(points, expect))

    def stop_drill(self) -> None:
        """After the kill that it is at right now."""
        self._drill.stop()

    def drill(self) -> Progress[DrillRow]:
        return self._drill.progress

    def begin_check(self) -> Result[None]:
        return self._check.begin(self._audits)

    def check(self) -> Progress[Audit]:
        """The last of what was found is the sum of all."""
        return self._check.progress

    def close(self) -> None:
        """Stop what runs."""
        self._drill.stop()
        self._check.close()
        self._drill.close()
