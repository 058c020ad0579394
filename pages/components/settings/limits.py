"""What stops by itself, and where that is set; what was spent lately."""

import streamlit as st

from core.bootstrap import App
from core.domain.agent import Limits
from core.domain.attachment import MOST_BYTES, MOST_FILES
from core.domain.endpoint import EndpointLimits
from core.domain.run_query import RunTotals
from pages.components.frame import section
from pages.components.metrics import metric_pairs
from pages.components.text import compact, cost, counted, duration, grouped, plain, size

_SPANS = {"Today and yesterday": 2, "Seven days": 7, "Thirty days": 30}
_AGENT = Limits()


def limits(app: App) -> None:
    _spent(app)
    st.space("small")
    section("Of a run")
    st.caption("Each agent has its own, in its editor under Limits; these are what a new one begins with.")
    with st.container(border=True, width=640):
        metric_pairs(_of_a_run(), "run_limits")
    st.space("small")
    section("Of an endpoint")
    st.caption("They hold over all workers together. Change them under Models, with the pencil beside the endpoint.")
    with st.container(border=True, width=640):
        metric_pairs(
            [(one.name, plain(_of_an_endpoint(one.limits))) for one in app.endpoints.list()], "endpoint_limits"
        )
    st.space("small")
    section("Of this server")
    st.caption("From the environment or from .env; an evaluation has a ceiling of its own, set before it starts.")
    with st.container(border=True, width=640):
        metric_pairs(_of_the_server(app), "server_limits")


def _spent(app: App) -> None:
    section("Spent", "as far as endpoints report it")
    with st.container(border=True, width=640):
        spans = [(name, app.operation.spent(days)) for name, days in _SPANS.items()]
        metric_pairs([(name, _sum(totals)) for name, totals in spans], "spent_pairs")


def _sum(totals: RunTotals) -> str:
    tokens = f"{compact(int(totals.tokens or 0))} tokens"
    return f"{counted(totals.runs, 'run')} · {tokens} · {plain(cost(totals.cost_usd))}"


def _of_a_run() -> list[tuple[str, str]]:
    return [
        ("Steps", grouped(_AGENT.steps)),
        ("Tool calls", grouped(_AGENT.calls)),
        ("Calls at the same time", grouped(_AGENT.parallel)),
        ("Time", duration(_AGENT.seconds)),
        ("Tokens, cost", "no limit until one is set"),
        ("Files of a message", f"{MOST_FILES}, {size(MOST_BYTES)} together"),
    ]


def _of_an_endpoint(given: EndpointLimits) -> str:
    parts = (
        f"silent for {given.silence_s:g} s at most" if given.silence_s else "",
        f"{counted(given.concurrency, 'request')} at the same time" if given.concurrency else "",
        f"{counted(given.requests_per_minute, 'request')} a minute" if given.requests_per_minute else "",
    )
    return ", ".join(filter(None, parts)) or "no limit set"


def _of_the_server(app: App) -> list[tuple[str, str]]:
    given = app.settings
    return [
        ("Runs at once", f"{given.concurrency}" if given.execute else "none: other workers execute"),
        ("Longest silence of a model", f"{given.model_timeout_s:g} s"),
        ("Longest time to connect", f"{given.connect_timeout_s:g} s"),
        ("A run is taken over from a silent worker after", f"{given.lease_s:g} s"),
    ]
