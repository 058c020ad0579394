"""The states of runs and calls: one word, one icon, one colour each. Never colour alone."""

from typing import Literal, NamedTuple, get_args

import streamlit as st

from core.domain.run import Run, RunStatus
from core.domain.state import CallState, EffectStatus, ModelCall, RunState

StateName = Literal["queued", "running", "done", "waiting", "unknown", "failed", "refused", "stopped", "dry_run"]
Colour = Literal["red", "orange", "blue", "green", "violet", "gray"]


class State(NamedTuple):
    word: str
    icon: str
    colour: Colour


STATES: dict[StateName, State] = {
    "queued": State("Queued", ":material/schedule:", "gray"),
    "running": State("Running", ":material/progress_activity:", "blue"),
    "done": State("Done", ":material/check_circle:", "green"),
    "waiting": State("Waiting for you", ":material/front_hand:", "violet"),
    "unknown": State("Unknown outcome", ":material/help:", "orange"),
    "failed": State("Failed", ":material/error:", "red"),
    "refused": State("Not executed", ":material/block:", "orange"),
    "stopped": State("Stopped", ":material/stop_circle:", "gray"),
    "dry_run": State("Dry run", ":material/science:", "gray"),
}

STATE_HEX: dict[StateName, tuple[str, str]] = {  # light, dark; the same values as in config.toml
    "queued": ("#6B7280", "#8B94A3"),
    "running": ("#2B4F9E", "#8FB0F5"),
    "done": ("#2F7D5B", "#6CC29A"),
    "waiting": ("#7A4E9C", "#C09BE0"),
    "unknown": ("#B4690E", "#E3A557"),
    "failed": ("#B23A3A", "#E58A85"),
    "refused": ("#B4690E", "#E3A557"),
    "stopped": ("#6B7280", "#8B94A3"),
    "dry_run": ("#6B7280", "#8B94A3"),
}

_OF_RUN: dict[RunStatus, StateName] = {
    "queued": "queued",
    "running": "running",
    "waiting": "waiting",
    "done": "done",
    "failed": "failed",
    "cancelled": "stopped",
}

_OF_EFFECT: dict[EffectStatus, StateName] = {
    "planned": "queued",
    "running": "running",
    "lost": "running",
    "unknown": "unknown",
    "asked": "waiting",
    "done": "done",
    "failed": "failed",
    "refused": "refused",
}

assert set(_OF_RUN) == set(get_args(RunStatus))
assert set(_OF_EFFECT) == set(get_args(EffectStatus))


def run_state(run: Run) -> StateName:
    return state_of_status(run.status)


def state_of_status(status: RunStatus) -> StateName:
    return _OF_RUN[status]


def effect_state(state: RunState, effect: ModelCall | CallState) -> StateName:
    """The state of a model call or a tool call. One that a person stopped did not fail."""
    outcome = effect.finished if isinstance(effect, CallState) else effect.gave_up
    if outcome and outcome.error and outcome.error.kind == "cancelled":
        return "stopped"
    if outcome and outcome.dry_run:
        return "dry_run"
    if isinstance(effect, CallState) and state.question_of(effect):
        return "waiting"
    return _OF_EFFECT[state.status_of(effect)]


def is_dark() -> bool:
    return st.context.theme.type == "dark"


def state_hex(state: StateName) -> str:
    return STATE_HEX[state][is_dark()]


def state_badge(state: StateName, label: str = "") -> None:
    word, icon, colour = STATES[state]
    st.badge(label or word, icon=icon, color=colour)


def state_text(state: StateName, label: str = "") -> str:
    """Same, as Markdown for a label or a line."""
    word, icon, colour = STATES[state]
    return f":{colour}[{icon}] {label or word}"
