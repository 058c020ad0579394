"""Try it: a real chat with the draft, unsaved edits included. Its runs are recorded and tagged as tries."""

from functools import partial
from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.attachment import Attachment
from core.domain.result import Err
from core.domain.run import Run
from core.domain.template import render
from core.services.runs import RunView, StartRun
from pages.components.decide import decide
from pages.components.editor.draft import Draft
from pages.components.files import Typed, accepting, give_back, is_blind, kept, limits_hint, typed
from pages.components.model_badge import model_badge
from pages.components.session import say, uuid_param, value_or_say, who
from pages.components.text import plain
from pages.components.turn import Commands, is_live, stop_button, turn
from pages.components.variables import variable_inputs

PARAM = "try"
HEIGHT_PX = 460
LONGEST = 50


def try_it(draft: Draft) -> None:
    path = _path(draft.app, uuid_param(PARAM))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Try it", anchor=False, width="stretch")
        st.badge("Draft" if draft.agent.draft else "Live revision", icon=":material/edit_note:", color="blue")
        st.button("", icon=":material/restart_alt:", type="tertiary", help="Start over", key="try_over", on_click=_over)
    values = _values(draft)
    commands = Commands(again=partial(_again, draft, values), decide=partial(decide, draft.app))
    with st.container(height=HEIGHT_PX, border=True, autoscroll=True, key="try_box"):
        _talk(draft, path, commands, values)
    busy = bool(path) and is_live(path[-1])
    prompt = render(draft.spec.instructions, draft.spec.variables, values)
    kept("try_input")
    st.chat_input(
        "Message the draft",
        key="try_input",
        disabled=busy or not prompt.is_complete,
        on_submit=_send_typed,
        args=(draft, values, path[-1].id if path else None),
        **accepting(),
    )
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        choice = draft.app.endpoints.choose(draft.spec.endpoint)
        model_badge(choice, draft.spec)
        limits_hint(is_blind=is_blind(draft.app, choice, draft.spec))
        if busy:
            stop_button(path[-1], partial(_stop, draft.app, path[-1]))


def _values(draft: Draft) -> dict[str, str]:
    if not draft.spec.variables:
        return {}
    is_open = bool(render(draft.spec.instructions, draft.spec.variables, {}).missing)
    with st.expander(
        "Values to try with", is_open, icon=":material/data_array:", type="compact", key=draft.key("try_values")
    ):
        values = variable_inputs(draft.spec.variables, f"try_{draft.agent.id.hex}")
    if missing := render(draft.spec.instructions, draft.spec.variables, values).missing:
        st.caption(f":red[:material/error: Give a value first: {plain(', '.join(missing))}]")
    return values


def _path(app: App, leaf: UUID | None) -> list[Run]:
    """The runs of this trial, oldest first."""
    path: list[Run] = []
    while leaf is not None and len(path) < LONGEST:
        run = app.runs.get(leaf)
        if run is None:
            break
        path.append(run)
        leaf = run.parent_run_id
    return path[::-1]


def _talk(draft: Draft, path: list[Run], commands: Commands, values: dict[str, str]) -> None:
    if not path:
        st.caption("What you write here goes to the draft as it stands on the left. Nothing is saved for others.")
        for index, text in enumerate(draft.spec.starters[:3]):
            st.button(
                plain(text),
                icon=":material/arrow_outward:",
                key=f"try_starter_{index}",
                on_click=_send,
                args=(draft, values, None, Typed(text)),
            )
    for view in draft.app.runs.views([run.id for run in path]):
        if is_live(view.run):
            _live(draft.app, view.run.id, commands)
        else:
            with st.container():  # as deep as the fragment of a live one: a finished answer is not drawn anew
                turn(view, commands, place="try", narrow=True)


@st.fragment
def _live(app: App, run_id: UUID, commands: Commands) -> None:
    view = app.runs.view(run_id)
    if view is None or not is_live(view.run):
        st.rerun()  # the answer is complete: the composer is drawn anew
    turn(view, commands, place="try", narrow=True)


def _send_typed(draft: Draft, values: dict[str, str], parent: UUID | None) -> None:
    _send(draft, values, parent, typed("try_input"))


def _send(
    draft: Draft,
    values: dict[str, str],
    parent: UUID | None,
    what: Typed,
    attachments: tuple[Attachment, ...] = (),
) -> None:
    """The draft is read anew: what was typed a moment ago is part of it."""
    agent = draft.app.agents.get(draft.agent.id) or draft.agent
    start = StartRun(
        input=what.text,
        files=what.files,
        attachments=attachments,
        kind="try",
        agent_id=agent.id,
        spec=draft.app.agents.spec(agent),
        parent_run_id=parent,
        variables=values,
        who=who(),
        tags=("try",),
    )
    result = draft.app.runs.start(start)
    if isinstance(result, Err):
        give_back("try_input", what)
        say(result.message, failed=True)
        return
    st.query_params[PARAM] = str(result.value.id)


def _again(draft: Draft, values: dict[str, str], view: RunView) -> None:
    _send(draft, values, view.run.parent_run_id, Typed(view.state.input), view.state.attachments)


def _stop(app: App, run: Run) -> None:
    value_or_say(app.runs.cancel(run.id, who()))


def _over() -> None:
    st.query_params.pop(PARAM, None)
