"""Beside an answer, or on the run's own page: what it took, what was sent and what came back."""

import msgspec
import streamlit as st

from core.bootstrap import App
from core.domain.result import Err
from core.domain.state import Attempt, StepState
from core.services.runs import RunView
from pages.components.metrics import metric_pairs, run_numbers
from pages.components.sent import sent
from pages.components.state import STATES, StateName, effect_state
from pages.components.text import cost, duration, grouped, plain

TABS = ("Timeline", "Sent", "Received", "Cost")


def inspector(app: App, view: RunView, key: str) -> None:
    tab = st.segmented_control(
        "Inspector", TABS, default=TABS[0], required=True, label_visibility="collapsed", key=f"tab_{key}"
    )
    match tab:
        case "Sent":
            sent_steps(app, view, key)
        case "Received":
            received(view)
        case "Cost":
            cost_table(view)
        case _:
            timeline(view)


def timeline(view: RunView) -> None:
    with st.container(border=True, gap="small"):
        st.markdown("**This answer**")
        metric_pairs(run_numbers(view.state.totals), f"pairs_{view.run.id}")
    with st.container(gap="xxsmall"):
        for step in view.state.steps:
            _line(effect_state(view.state, step.model), "Model", model_took(step), model=True)
            for call in step.calls:
                took = duration(call.finished.took_ms / 1000) if call.finished else ""
                _line(effect_state(view.state, call), plain(call.call.name), took)
    with st.container(key="flush_open"):
        st.page_link(
            "run.py", label="Open the run", icon=":material/receipt_long:", query_params={"run": str(view.run.id)}
        )


def _line(state: StateName, what: str, took: str, *, model: bool = False) -> None:
    word, icon, colour = STATES[state]
    icon, colour = (":material/neurology:", "blue") if model and state == "done" else (icon, colour)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", gap="small", vertical_alignment="center", wrap=False
    ):
        st.markdown(f":{colour}[{icon}] {what}", width="content")
        st.caption(took or word, width="content")


def model_took(step: StepState) -> str:
    """How long the step's last attempt took."""
    attempt = step.model.attempts[-1] if step.model.attempts else None
    if attempt is None or attempt.ended_at is None:
        return ""
    return duration((attempt.ended_at - attempt.started_at).total_seconds())


def sent_steps(app: App, view: RunView, key: str) -> None:
    """The exact request of one step."""
    steps = [step.number for step in view.state.steps if step.model.attempts]
    if not steps:
        st.caption("Nothing was sent yet.")
        return
    number = steps[-1]
    if len(steps) > 1:
        number = st.selectbox("Step", steps, index=len(steps) - 1, key=f"sent_step_{key}") or number
    result = app.runs.sent(view.run.id, number)
    if isinstance(result, Err):
        st.caption(plain(result.message))
        return
    sent(result.value, view.state.spec, f"{key}_{number}")


def received(view: RunView) -> None:
    """What came back in each step, as recorded."""
    if not view.state.steps:
        st.caption("Nothing came back yet.")
    for step in view.state.steps:
        with st.container(border=True, gap="small"):
            st.markdown(f"**Step {step.number}**")
            for attempt in step.model.attempts:
                _attempt(step, attempt)
            _received_body(step)
    _verdict(view)


def _verdict(view: RunView) -> None:
    """How the answer fits what was asked of it."""
    fit = view.state.ended.fit if view.state.ended else None
    if fit is None:
        return
    if fit.is_good:
        st.caption(":green[:material/check_circle:] The answer fits what was asked for.")
    for misfit in fit.misfits:
        st.caption(f":orange[:material/rule:] {plain(misfit)}")


def _attempt(step: StepState, attempt: Attempt) -> None:
    if attempt.failure and attempt.failure.error:
        st.caption(f"Attempt {attempt.number}: {plain(attempt.failure.error.message)}")
    elif attempt is not step.model.attempts[-1]:
        st.caption(f"Attempt {attempt.number}: lost with its worker")


def _received_body(step: StepState) -> None:
    outcome = step.model.decision or step.model.gave_up
    if outcome is None:
        st.caption("Nothing yet.")
        return
    exchange = outcome.exchange
    if exchange:
        pairs = [
            ("Status", str(exchange.status or "–")),
            ("Model it names", plain(exchange.model) or "–"),
            *([("Served by", plain(exchange.provider))] if exchange.provider else []),
            ("Headers after", duration(exchange.headers_ms / 1000) if exchange.headers_ms else "–"),
            ("First token after", duration(exchange.first_token_ms / 1000) if exchange.first_token_ms else "–"),
            ("All after", duration(exchange.total_ms / 1000)),
        ]
        if exchange.request_id:
            pairs.append(("Request id", plain(exchange.request_id)))
        metric_pairs(pairs, f"received_{step.number}")
    with st.popover("As recorded", type="tertiary", icon=":material/data_object:", key=f"recorded_{step.number}"):
        text = msgspec.json.format(msgspec.json.encode(outcome), indent=2).decode()
        st.code(text, language="json", wrap_lines=True, height=400)


def cost_table(view: RunView) -> None:
    """Tokens and cost of each step, as the endpoint reported them."""
    for step in view.state.steps:
        outcome = step.model.decision or step.model.gave_up
        usage = outcome.usage if outcome else None
        with st.container(border=True, gap="small"):
            st.markdown(f"**Step {step.number}**")
            if usage is None:
                st.caption("The endpoint reported nothing, and nothing is guessed here.")
                continue
            metric_pairs(
                [
                    ("Sent", f"{grouped(usage.prompt_tokens)} tokens"),
                    ("Written", f"{grouped(usage.completion_tokens)} tokens"),
                    ("Together", f"{grouped(usage.total_tokens)} tokens"),
                    ("Cost", cost(usage.cost_usd)),
                ],
                f"cost_{view.run.id}_{step.number}",
            )
