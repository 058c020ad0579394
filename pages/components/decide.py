"""What only a person can decide about a call: approve or deny it, answer what it asks, say what became of it."""

from typing import Literal

import streamlit as st

from core.bootstrap import App
from core.domain.run import Run
from core.domain.state import CallState
from pages.components.question import question
from pages.components.session import may, say, value_or_say, who
from pages.components.state import StateName
from pages.components.tool_text import parsed

How = Literal["happened", "run_again", "skip"]


def decide(app: App, run: Run, call: CallState, state: StateName, key: str) -> None:
    """The buttons of a call that waits; nothing for any other."""
    if state in {"waiting", "unknown"} and not may("builder"):
        st.caption("It waits for a builder or an operator.")
    elif state == "waiting" and call.question is not None:
        question(app, run, call, call.question, key)
    elif state == "waiting":
        _approval(app, run, call, key)
    elif state == "unknown":
        _outcome(app, run, call, key)


def _approval(app: App, run: Run, call: CallState, key: str) -> None:
    """An approval holds for exactly what is shown here; if anything changed, it does not count."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(
            "Approve",
            icon=":material/check:",
            type="primary",
            key=f"approve_{key}",
            on_click=approve,
            args=(app, run, call),
        )
        _edit(app, run, call, key)
        _deny(app, run, call, key)
        if run.conversation_id is not None:
            st.button(
                "Approve for this conversation",
                type="tertiary",
                help="Later calls of this tool, as it is defined now, are not asked about in this conversation.",
                key=f"always_{key}",
                on_click=approve,
                args=(app, run, call),
                kwargs={"scope": "conversation"},
            )


def _edit(app: App, run: Run, call: CallState, key: str) -> None:
    with st.popover("Edit…", key=f"edit_{key}"):
        st.text_area("Arguments, as JSON", call.call.arguments, height=180, key=f"arguments_{key}")
        st.button(
            "Approve as edited",
            icon=":material/check:",
            type="primary",
            key=f"approve_edited_{key}",
            on_click=approve_edited,
            args=(app, run, call, f"arguments_{key}"),
        )


def _deny(app: App, run: Run, call: CallState, key: str) -> None:
    with st.popover("Deny…", key=f"deny_box_{key}"):
        st.text_input("Reason", placeholder="The model is told this", key=f"reason_{key}")
        st.button("Deny", key=f"deny_{key}", on_click=deny, args=(app, run, call, f"reason_{key}"))


def _outcome(app: App, run: Run, call: CallState, key: str) -> None:
    st.markdown("**Did this happen?** Check the other side, then answer.")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        with st.popover("It happened", key=f"happened_box_{key}"):
            st.text_area("What came of it", placeholder="The model is told this", key=f"output_{key}", height=110)
            st.button(
                "It happened", type="primary", key=f"happened_{key}", on_click=happened, args=(app, run, call, key)
            )
        st.button(
            "It did not: run it again",
            key=f"run_again_{key}",
            help="The call is sent once more, with the same idempotency key.",
            on_click=settle,
            args=(app, run, call, "run_again"),
        )
        st.button(
            "Go on without it",
            type="tertiary",
            key=f"skip_{key}",
            help="The model is told that nobody knows.",
            on_click=settle,
            args=(app, run, call, "skip"),
        )


def approve(
    app: App, run: Run, call: CallState, arguments: str = "", scope: Literal["call", "conversation"] = "call"
) -> None:
    shown = call.asked.shown if call.asked else ""
    value_or_say(app.decisions.approve(run.id, call.effect, who(), shown=shown, arguments=arguments, scope=scope))


def approve_edited(app: App, run: Run, call: CallState, key: str) -> None:
    typed = str(st.session_state[key])
    if parsed(typed) is None:
        say("The edited arguments are not a JSON object, so nothing was approved.", failed=True)
        return
    approve(app, run, call, arguments="" if parsed(typed) == parsed(call.call.arguments) else typed)


def deny(app: App, run: Run, call: CallState, key: str) -> None:
    value_or_say(app.decisions.deny(run.id, call.effect, who(), reason=str(st.session_state.get(key) or "")))


def happened(app: App, run: Run, call: CallState, key: str) -> None:
    settle(app, run, call, "happened", str(st.session_state.get(f"output_{key}") or ""))


def settle(app: App, run: Run, call: CallState, how: How, output: str = "") -> None:
    value_or_say(app.decisions.settle(run.id, call.effect, how, who(), output=output))
