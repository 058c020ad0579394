"""Counters and histograms of this process. Every label is of a closed set: nobody's name or text is one."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest

from core.domain.event import Decision, Ended, Event, Finished, Refused, Unknown
from core.domain.message import Usage

_OPEN_STATES: Final = ("queued", "held", "running", "waiting")
_QUICK_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LONG_S: Final = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)


class Instruments:
    """Thread-safe. One event costs some microseconds, however many there were before it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._entries = self._counter("journal_entries", "Entries this process recorded in journals.", "kind")
        self._runs = self._counter(
            "runs_ended", "Runs that ended here; error is empty where none did.", "status", "error"
        )
        self._run_s = self._histogram("run_seconds", "From asking to the end, waiting included.", _LONG_S, "status")
        self._model_calls = self._counter("model_calls", "Requests to models; error is empty for an answer.", "error")
        self._model_s = self._histogram("model_call_seconds", "From sending to the end of an answer.", _LONG_S)
        self._first_s = self._histogram("model_first_token_seconds", "From sending to the first token.", _QUICK_S)
        self._tokens = self._counter("tokens", "Tokens that model servers reported.", "direction")
        self._tool_calls = self._counter("tool_calls", "Tool calls by what became of them.", "outcome")
        self._tool_s = self._histogram("tool_call_seconds", "Of the calls that were executed.", _QUICK_S)
        self._requests = self._counter("api_requests", "Requests with an API key.", "route", "status")
        self._request_s = self._histogram("api_request_seconds", "To the last byte of the answer.", _LONG_S, "route")

    def note(self, event: Event) -> None:
        """One entry that became durable here."""
        self._entries.labels(event.kind).inc()
        match event.fact:
            case Ended(status=status, error=error):
                self._runs.labels(status, error.kind if error else "").inc()
                self._run_s.labels(status).observe(max(0.0, event.at.timestamp() - _asked_at(event)))
            case Decision():
                self._answer(event.fact)
            case Finished(effect=effect) if effect.endswith(".m"):
                self._model_calls.labels(event.fact.error.kind if event.fact.error else "").inc()
                self._spend(event.fact.usage)
            case Finished():
                self._tool(event.fact)
            case Refused():
                self._tool_calls.labels("refused").inc()
            case Unknown():
                self._tool_calls.labels("unknown").inc()
            case _:
                pass

    def answered(self, route: str, status: int, took_s: float) -> None:
        self._requests.labels(route, str(status)).inc()
        self._request_s.labels(route).observe(took_s)

    def text(self, runs: dict[str, int], driving: int) -> bytes:
        """Everything in Prometheus's text format. `runs`: those in the database that have not ended, by state."""
        now = CollectorRegistry()
        now.register(_Now(runs, driving))
        return generate_latest(self.registry) + generate_latest(now)

    def _answer(self, decision: Decision) -> None:
        self._model_calls.labels("").inc()
        self._model_s.observe(decision.exchange.total_ms / 1000)
        if decision.exchange.first_token_ms is not None:
            self._first_s.observe(decision.exchange.first_token_ms / 1000)
        self._spend(decision.usage)

    def _spend(self, usage: Usage | None) -> None:
        if usage is not None:
            self._tokens.labels("prompt").inc(usage.prompt_tokens)
            self._tokens.labels("completion").inc(usage.completion_tokens)

    def _tool(self, call: Finished) -> None:
        if not call.attempt:
            self._tool_calls.labels("not_executed").inc()
            return
        self._tool_calls.labels("failed" if call.error else "done").inc()
        self._tool_s.observe(call.took_ms / 1000)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"aryabhatta_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"aryabhatta_{name}", meaning, labels, buckets=buckets, registry=self.registry)


class _Now:
    """What is so at the moment it is asked, of the whole workspace."""

    def __init__(self, runs: dict[str, int], driving: int) -> None:
        self._runs, self._driving = runs, driving

    def collect(self) -> list[GaugeMetricFamily]:
        runs = GaugeMetricFamily("aryabhatta_runs", "Runs of the workspace that have not ended.", labels=["state"])
        for state in _OPEN_STATES:
            runs.add_metric([state], self._runs.get(state, 0))
        here = GaugeMetricFamily("aryabhatta_runs_driven", "Runs that this process executes.", value=self._driving)
        return [runs, here]


def _asked_at(event: Event) -> float:
    """Seconds since 1970: a run's id is a UUIDv7 and begins with its time."""
    return (event.run_id.int >> 80) / 1000
