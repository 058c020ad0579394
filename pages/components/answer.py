"""What a model said in one step, drawn by one small view while it streams and afterwards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from core.domain.run import ENDED
from core.domain.state import ModelCall, StepState
from core.services.runs import RunView
from pages.components.structured import misfit_note, structured
from pages.components.text import duration

_ASSETS = Path(__file__).parent.parent / "assets"
_VIEW = st.components.v2.component(
    "answer",
    html="<div class='answer'></div>",
    css=(_ASSETS / "answer.css").read_text(),
    js=(_ASSETS / "answer.js").read_text(),
)


def answer(
    view: RunView, step: StepState | None, *, newest: bool, place: str, follow: bool, on_news: Callable[[], None]
) -> None:
    """What was said in a step. The newest of a live run also listens for what comes; `follow`: the page scrolls along.

    An answer that fits its schema is drawn as a table in the place of its text.
    """
    effect = step.model.effect if step else "1.m"
    listen = newest and view.run.status not in ENDED
    data = {
        "place": f"{view.run.id}:{effect}",
        "run": str(view.run.id),
        "effect": effect,
        "after": view.state.next_seq - 1,
        "listen": listen,
        "follow": follow,
        **_said(view, step, listen=listen),
    }
    key = f"{place}-{view.run.id}-{effect}"
    fit = view.state.ended.fit if newest and view.state.ended else None
    text = str(data["text"])
    if fit and fit.is_good:
        data["text"] = ""
    if listen or data["text"] or data["reasoning"]:
        _VIEW(key=f"answer-{key}", data=data, on_changed_change=on_news)
    if fit and fit.is_good:
        structured(text, key)
    elif fit:
        misfit_note(fit, key)


def _said(view: RunView, step: StepState | None, *, listen: bool) -> dict[str, Any]:
    """What is known of the step's text by now."""
    model = step.model if step else None
    if model and model.decision:
        return _texts(model.decision.text, model.decision.reasoning, thought=_thought(model))
    if model and model.gave_up:
        return _texts(model.gave_up.output, model.gave_up.reasoning, stopped=True)
    partial = view.partial
    if partial and (model is None or partial.effect == model.effect):
        return _texts(partial.text, partial.reasoning, streaming=listen, waiting=_waiting(view))
    return _texts("", "", streaming=listen, waiting=_waiting(view))


def _texts(
    text: str,
    reasoning: str,
    *,
    thought: str = "Thought",
    waiting: str = "",
    streaming: bool = False,
    stopped: bool = False,
) -> dict[str, Any]:
    return {
        "text": text,
        "reasoning": reasoning,
        "thought": thought,
        "waiting": waiting,
        "streaming": streaming,
        "stopped": stopped,
    }


def _waiting(view: RunView) -> str:
    match view.run.status:
        case "queued":
            return "Waiting for a free worker…"
        case "waiting":
            return ""
        case _:
            return view.partial.waiting if view.partial and view.partial.waiting else "Thinking…"


def _thought(model: ModelCall) -> str:
    """How long the model thought, where that was seen."""
    thought_ms = model.decision.exchange.thought_ms if model.decision else None
    return f"Thought for {duration(thought_ms / 1000)}" if thought_ms is not None else "Thought"
