"""One turn of a conversation: what the person said, then what the agent did and said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.domain.attachment import Attachment
from core.domain.run import ENDED, Run
from core.domain.state import CallState, StepState
from core.errors import Fault
from core.services.runs import RunView
from pages.components.answer import answer
from pages.components.copy_button import copy_button
from pages.components.files import shown_files
from pages.components.metrics import meta_line
from pages.components.session import may
from pages.components.state import StateName, effect_state, state_text
from pages.components.text import counted, plain
from pages.components.tool import tool_card
from pages.components.words import words


@dataclass(frozen=True, slots=True)
class Commands:
    """What a person can do with a turn; each is a callback and returns at once."""

    again: Callable[[RunView], None]
    news: Callable[[], None] = lambda: None
    """Called before the redraw when something was recorded in a live run."""
    inspect: Callable[[Run], None] | None = None
    rate: Callable[[Run, bool | None], None] | None = None
    """Keeps what the person thinks of an answer; None takes it back."""
    rated: Mapping[UUID, bool] = field(default_factory=dict)
    """What they said so far."""
    add: Callable[[UUID], None] | None = None
    """Opens the dialog that makes an answer an item of a dataset."""
    decide: Callable[[Run, CallState, StateName, str], None] | None = None
    """Draws the buttons of a call that waits for a person."""


def you(text: str, attachments: Sequence[Attachment] = ()) -> None:
    """A message of the person, as it was typed. To be drawn in a container whose key begins with `you_`."""
    with st.chat_message("user", avatar=":material/person:"):
        if text.strip():
            st.text(text)
        shown_files(attachments)


def agent() -> DeltaGenerator:
    """A message of the agent, to be used in a with statement."""
    return st.chat_message("assistant", avatar=":material/robot_2:")


def turn(view: RunView, commands: Commands, *, place: str, narrow: bool = False, last: bool = False) -> None:
    """What was said and what came of it. `narrow`: for half a page."""
    with st.container(key=f"you_{place}_{view.run.id}"):
        you(view.state.input, view.state.attachments)
    reply(view, commands, place=place, narrow=narrow, last=last)


def reply(view: RunView, commands: Commands, *, place: str, narrow: bool = False, last: bool = False) -> None:
    """What the agent did and said. `place` keeps the keys apart where one run stands twice on a page; `last`: of all."""
    with agent():
        steps_of(view, commands, place=place, narrow=narrow, last=last)
        _ending(view, commands, place)


def steps_of(view: RunView, commands: Commands, *, place: str, narrow: bool = False, last: bool = False) -> None:
    """Step by step, what the model said and which tools it called."""
    decide = partial(commands.decide, view.run) if commands.decide else None
    for note in view.state.spec.notes:
        _note(note)
    steps: list[StepState | None] = [*view.state.steps] or [None]
    for step in steps:
        newest = step is steps[-1]
        answer(view, step, newest=newest, place=place, follow=last and newest, on_news=commands.news)
        if step is not None:
            _step_facts(step)
            for call in step.calls:
                tool_card(
                    call,
                    effect_state(view.state, call),
                    place=f"{place}_{view.run.id}",
                    narrow=narrow,
                    decide=decide,
                    run_id=view.run.id,
                )


def _step_facts(step: StepState) -> None:
    """What must be shown and was never silently fixed."""
    lost = sum(1 for attempt in step.model.attempts[:-1] if attempt.ended_at is None)
    if lost:
        st.caption(f":material/repeat: {counted(lost, 'attempt')} before this one was lost when its worker ended.")
    outcome = step.model.decision or step.model.gave_up
    for note in outcome.notes if outcome else ():
        _note(note)


def _note(text: str) -> None:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", wrap=False):
        st.markdown(":gray[:material/info:]", width="content")
        st.text(text, width="stretch")


def _ending(view: RunView, commands: Commands, place: str) -> None:
    run, key = view.run, f"{place}_{view.run.id}"
    match run.status:
        case "done":
            with st.container(
                horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False, key=f"dense_meta_{key}"
            ):
                meta_line(run, view.state)
                copy_button(said(view), "Copy the answer", key)
                _again_button(view, commands, key, icon_only=True)
                _inspect_button(run, commands, key)
                if may("builder"):
                    _thumbs(run, commands, key)
                    _add_button(run, commands, key)
        case "failed":
            fault = view.state.ended.error if view.state.ended else None
            fault_card(fault or Fault(kind=run.error_kind or "internal", message=""), f"tool_failed_end_{key}")
            _foot(view, commands, key)
        case "cancelled":
            st.markdown(state_text("stopped") + stopped_by(view))
            _foot(view, commands, key)
        case "queued" | "running" | "waiting":
            pass  # Stop stands beside the composer, where it does not move while the text grows


def stop_button(run: Run, stop: Callable[[], None]) -> None:
    st.button("Stop", icon=":material/stop_circle:", key=f"stop_{run.id}", on_click=stop, shortcut="Escape")


def _foot(view: RunView, commands: Commands, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False, key=f"foot_{key}"):
        _again_button(view, commands, key, icon_only=False)
        _inspect_button(view.run, commands, key)
        meta_line(view.run, view.state)


def said(view: RunView) -> str:
    """Everything that the model said in this answer."""
    return "\n\n".join(
        step.model.decision.text for step in view.state.steps if step.model.decision and step.model.decision.text
    )


def _again_button(view: RunView, commands: Commands, key: str, *, icon_only: bool) -> None:
    if not may("builder"):
        return
    st.button(
        "Answer again" if icon_only else "Try again",
        icon=":material/refresh:",
        type="tertiary" if icon_only else "secondary",
        help="Answer again, on a new branch. This answer stays." if icon_only else None,
        key=f"icon_again_{key}" if icon_only else f"again_{key}",
        on_click=commands.again,
        args=(view,),
    )


def _inspect_button(run: Run, commands: Commands, key: str) -> None:
    if commands.inspect is not None:
        st.button(
            "Inspect",
            icon=":material/troubleshoot:",
            type="tertiary",
            help="Show this answer in the inspector",
            key=f"icon_inspect_{key}",
            on_click=commands.inspect,
            args=(run,),
        )


def _thumbs(run: Run, commands: Commands, key: str) -> None:
    if commands.rate is None:
        return
    said = commands.rated.get(run.id)
    for is_good, word, icon in ((True, "Good answer", "thumb_up"), (False, "Bad answer", "thumb_down")):
        is_mine = said is is_good
        st.button(
            f"{word}: take it back" if is_mine else word,
            icon=f":material/{'check_circle' if is_mine else icon}:",
            type="tertiary",
            help=f"You said: {word.lower()}. Take it back" if is_mine else word,
            key=f"icon_{icon}_{key}",
            on_click=commands.rate,
            args=(run, None if is_mine else is_good),
        )


def _add_button(run: Run, commands: Commands, key: str) -> None:
    if commands.add is not None and st.button(
        "Add to dataset",
        icon=":material/playlist_add:",
        type="tertiary",
        help="Add to dataset: your message, and this answer as what is expected",
        key=f"icon_add_{key}",
    ):
        commands.add(run.id)


def fault_card(fault: Fault, key: str) -> None:
    """A failure as sentences: what happened, in whose words, what it means, what to do now."""
    said = words(fault)
    with st.container(border=True, gap="small", key=key):
        status = f" :gray[· status {fault.status}]" if fault.status else ""
        st.markdown(f":red[:material/error:] **{said.happened}**{status}")
        if fault.message:
            st.text(fault.message)
        st.markdown(f"{said.means} {said.do}")


def stopped_by(view: RunView) -> str:
    by = f" by {plain(view.state.cancelled_by)}" if view.state.cancelled_by else ""
    kept = any(step.model.decision or (step.model.gave_up and step.model.gave_up.output) for step in view.state.steps)
    return f"{by} :gray[· {'What had come until then is kept.' if kept else 'Nothing had come yet.'}]"


def is_live(run: Run) -> bool:
    return run.status not in ENDED
