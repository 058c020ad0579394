"""Tool card: one for every call, in the model's order. What a model or a tool wrote is shown as plain text."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from core.domain.state import CallState
from core.domain.tool import ToolEffect
from pages.components.files import shown_files
from pages.components.state import STATES, StateName, state_text
from pages.components.text import duration, plain, short
from pages.components.tool_progress import tool_progress
from pages.components.tool_result import tool_result
from pages.components.tool_rows import row, rows
from pages.components.tool_shape import is_wide
from pages.components.tool_text import parsed
from pages.components.words import kind_words, words

_ONE_LINE_CHARS = 48


Decide = Callable[[CallState, StateName, str], None]
"""Draws the buttons of a call that waits for a person, under a key."""


def tool_card(
    call: CallState,
    state: StateName,
    *,
    place: str,
    narrow: bool = False,
    decide: Decide | None = None,
    run_id: UUID | None = None,
) -> None:
    """`narrow`: a finished call takes one line, open for more. `run_id`: while it runs, show how far it is."""
    key = f"tool_{state}_{place}_{call.effect.replace('.', '_')}"
    if narrow and state in {"done", "dry_run"}:
        with st.expander(_one_line(call, state), key=key):
            _body(call, state, key, narrow=True)
            _raw(call, key, "Raw")
        _made(call)
        return
    with st.container(border=True, gap="xsmall", key=key):
        _head(call, state, key)
        _body(call, state, key)
        if run_id and state == "running":
            tool_progress(run_id, call)
        if decide:
            decide(call, state, f"{place}_{call.effect.replace('.', '_')}")


def _one_line(call: CallState, state: StateName) -> str:
    _, icon, colour = STATES[state]
    if state == "dry_run":
        return f":{colour}[{icon}] **{plain(call.call.name)}** :gray[· dry run, not executed]"
    result = plain(short(_result(call), _ONE_LINE_CHARS))
    return f":{colour}[{icon}] **{plain(call.call.name)}** → {result} :gray[· {took(call)}]"


def _head(call: CallState, state: StateName, key: str) -> None:
    effect: ToolEffect = call.tool.effect if call.tool else "read"
    icon = ":material/visibility:" if effect == "read" else ":material/edit:"
    time = f" :gray[· {took(call)}]" if call.finished else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"cardhead_{key}"):
        st.markdown(f":gray[{icon}] **{plain(call.call.name)}**", width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", wrap=False):
            st.markdown(state_text(state) + time, width="content")
            if state not in {"queued", "running"}:
                _raw(call, key, "")


def _body(call: CallState, state: StateName, key: str, *, narrow: bool = False) -> None:
    arguments(call.arguments or call.call.arguments)
    if result := _result(call):
        data = call.finished.data if call.finished and not call.settled else None
        if is_wide(data):
            tool_result(result, data, key)
        else:
            row("result", lambda: tool_result(result, data, key))
    if not narrow:
        _made(call)
    if note := _note(call, state):
        st.caption(note)
    if called := call.called_run:
        with st.container(key=f"flush_{key}"):
            st.page_link(
                "run.py", label="Its own run", icon=":material/account_tree:", query_params={"run": str(called)}
            )


def _made(call: CallState) -> None:
    """Pictures, sounds and videos that the call made, as they are."""
    if call.finished and call.finished.files:
        shown_files(call.finished.files)


def took(call: CallState) -> str:
    """How long the call's last attempt took, or that nothing was executed; nothing where neither is known."""
    if call.finished and call.finished.dry_run:
        return "not executed"
    if call.finished and call.finished.source:
        return "recorded result"
    return duration(call.finished.took_ms / 1000) if call.finished else ""


def arguments(raw: str) -> None:
    """Arguments as a readable table, never as JSON; text that is no JSON object stands as it came."""
    values = parsed(raw)
    if values is None:
        st.text(raw)
        return
    rows(values)


def _result(call: CallState) -> str:
    if call.settled:
        return call.settled.output
    return call.finished.output if call.finished else ""


def _note(call: CallState, state: StateName) -> str:
    """What a person has to know beside the result."""
    match state:
        case "unknown":
            return _unknown(call)
        case "running" if call.is_checking:
            return "Its answer was lost. The tool's status check is asked whether it happened; it is not sent again."
        case "done" if call.is_checking and not call.settled:
            return "Its answer was lost. The tool's status check found that it happened: it was sent only once."
        case "refused" if call.refused:
            return f"{kind_words(call.refused.error)}. {plain(call.refused.reason)}"
        case "failed" if call.finished and call.finished.error:
            return f"{plain(call.finished.error.message)} {words(call.finished.error).means}"
        case "done" if call.settled:
            said = "that it happened" if call.settled.how == "happened" else "to go on without it"
            return f"{plain(call.settled.who) or 'A person'} decided {said}."
        case _:
            return ""


def _unknown(call: CallState) -> str:
    lost = "It was started and its answer is lost: nobody can say whether it happened. It was not sent again."
    checked = call.attempts[-1].unknown if call.is_checking else None
    return f"{lost} {plain(checked.reason)}" if checked else lost


def _raw(call: CallState, key: str, label: str) -> None:
    with st.popover(label, type="tertiary", icon=":material/data_object:", help="As it was sent", key=f"raw_{key}"):
        st.caption(
            f"Call id `{plain(call.call.id)}`" + (", made here: the server sent none" if call.call.made_id else "")
        )
        st.caption("Arguments, as the model wrote them")
        st.code(call.call.arguments or "(empty)", language=None, wrap_lines=True)
        st.caption("Result")
        st.code(_result(call) or "(nothing was received)", language=None, wrap_lines=True)
