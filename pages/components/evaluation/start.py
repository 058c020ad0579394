"""The last thing before an evaluation starts: what it takes, and the button."""

import streamlit as st

from core.bootstrap import App
from core.domain.evaluation import Estimate
from core.domain.result import Err
from core.services.evaluations import NewEvaluation
from pages.components.metrics import metric_row
from pages.components.session import who
from pages.components.text import cost, grouped, plain


@st.dialog("Run the evaluation", width="large")
def ask_start(app: App, wanted: NewEvaluation) -> None:
    st.caption("Tools that change the world are not executed. Its runs are kept like all others.")
    what_it_takes(app, wanted)


def what_it_takes(app: App, wanted: NewEvaluation) -> None:
    """Calls and at most the cost; pressed, the button leads to the evaluation."""
    estimate = app.evaluations.estimate(wanted)
    if isinstance(estimate, Err):
        st.caption(f":red[:material/error:] {plain(estimate.message)}")
        return
    takes(estimate.value)
    if not st.button("Start the evaluation", type="primary", icon=":material/play_arrow:"):
        return
    started = app.evaluations.start(wanted, who())
    if isinstance(started, Err):
        st.error(plain(started.message), icon=":material/error:")
    else:
        st.switch_page("evaluation.py", query_params={"evaluation": str(started.value.id)})


def takes(estimate: Estimate) -> None:
    calls = grouped(estimate.calls)
    if estimate.most_calls > estimate.calls:
        calls = f"{calls} – {grouped(estimate.most_calls)}"
    bound = (
        "not known" if estimate.bound_usd is None else "nothing" if not estimate.bound_usd else cost(estimate.bound_usd)
    )
    metric_row(
        [
            ("Items", grouped(estimate.items)),
            ("Runs", grouped(estimate.runs)),
            ("Model calls", calls),
            ("Costs at most", bound),
        ]
    )
    for note in estimate.notes:
        st.caption(f":orange[:material/info:] {plain(note)}")
