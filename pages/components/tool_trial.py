"""One call of one tool, recorded: a form made from its schema, and what came back."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.bootstrap import App
from core.domain.attachment import Upload
from core.domain.result import Result
from core.domain.run import ENDED, Run
from core.domain.state import CallState
from core.domain.tool import ToolSpec
from core.services.hub_tools import media_of
from core.services.runs import RunView
from pages.components.decide import decide
from pages.components.frame import quiet, section
from pages.components.session import get_app, say, uuid_param, value_or_say, who
from pages.components.state import effect_state
from pages.components.text import plain
from pages.components.tool import tool_card
from pages.components.tool_shape import has_media
from pages.components.turn import fault_card

HALVES = (1, 1)
_UNSET = "left out"
Start = Callable[[str, Sequence[Upload]], Result[Run]]
"""Begins the recorded run of one call, given its arguments as JSON and the files that they name."""
_ENDINGS = {"image": ["png", "jpg", "jpeg", "webp", "gif"], "audio": ["wav", "mp3", "ogg", "flac", "m4a"], "file": None}
_LONG = frozenset({"code", "data", "table", "text", "sql", "body", "task", "prompt", "context"})
"""Names of inputs that are rarely one line."""


def trial(app: App, tool: ToolSpec) -> None:
    left, right = st.columns(HALVES, gap="large")
    with left:
        section("Try it", "One real call, recorded as a run.")
        trial_form(tool, lambda arguments, files: app.tools.test(tool.name, arguments, who(), files))
    with right:
        section("What came back")
        outcome(app)


def trial_form(tool: ToolSpec, start: Start) -> None:
    """A widget an input, and the button that calls the tool with what they hold."""
    properties: dict[str, Any] = tool.parameters.get("properties", {})
    required = set(tool.parameters.get("required", ()))
    with st.form(f"trial_{tool.name}", border=True):
        media = media_of(tool)
        for name, schema in properties.items():
            if name in media:
                st.file_uploader(name, _ENDINGS[media[name]], key=_key(tool, name))
                continue
            _input(tool, name, schema, is_required=name in required)
        if not properties:
            st.caption("This tool takes no inputs.")
        if tool.effect == "write":
            st.caption(":orange[:material/edit:] It changes something: this call really happens.")
        st.form_submit_button(
            "Call it", type="primary", icon=":material/play_arrow:", on_click=_call, args=(tool, properties, start)
        )


def _input(tool: ToolSpec, name: str, schema: Mapping[str, Any], *, is_required: bool) -> None:
    """The widget that suits a parameter. Left empty, an optional one is not given."""
    key, label = _key(tool, name), name if is_required else f"{name} (optional)"
    hint = plain(str(schema.get("description", ""))) or None
    default = schema.get("default")
    if choices := schema.get("enum"):
        index = choices.index(default) if default in choices else None
        st.selectbox(label, choices, index=index, placeholder=_UNSET, help=hint, key=key)
    elif schema.get("type") == "boolean":
        st.selectbox(label, [True, False], index=None, placeholder=_UNSET, help=hint, key=key)
    elif schema.get("type") in {"object", "array"} or name in _LONG:
        st.text_area(label, help=hint, key=key, height=110)
    else:
        shown = "" if default is None else f"{default} when left out"
        st.text_input(label, placeholder=shown or None, help=hint, key=key)


def _call(tool: ToolSpec, properties: Mapping[str, Any], start: Start) -> None:
    given = {name: st.session_state.get(_key(tool, name)) for name in properties}
    files = {name: given[name] for name in media_of(tool) if name in properties and given[name] is not None}
    values = {**given, **{name: file.name for name, file in files.items()}}
    arguments = {name: typed(value, properties[name]) for name, value in values.items() if value not in (None, "")}
    uploads = [Upload(file.name, file.getvalue()) for file in files.values()]
    run = value_or_say(start(json.dumps(arguments, ensure_ascii=False), uploads))
    if run is not None:
        st.query_params["run"] = str(run.id)


def typed(value: Any, schema: Mapping[str, Any]) -> Any:
    """What was typed, as the schema wants it; what does not fit is passed on, and the tool's own check answers."""
    if not isinstance(value, str) or schema.get("type") == "string":
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _key(tool: ToolSpec, name: str) -> str:
    return f"trial_{tool.name}_{name}"


def outcome(app: App) -> None:
    run_id = uuid_param("run")
    view = app.runs.view(run_id) if run_id else None
    if view is None:
        st.caption("Fill in the form and call it: the answer stands here, with its time and its raw text.")
        return
    if view.run.status in ENDED:
        _shown(view)
        _sample(app, view)
    else:
        _waiting(app, view)


@st.fragment(run_every=0.3)
def _waiting(app: App, view: RunView) -> None:
    fresh = app.runs.view(view.run.id) or view
    if fresh.run.status in ENDED:
        st.rerun()
    _shown(fresh)


def _shown(view: RunView) -> None:
    calls = [call for step in view.state.steps for call in step.calls]
    for call in calls:
        _call_card(view, call)
    ended = view.state.ended
    if not calls and ended and ended.error:
        fault_card(ended.error, "tool_failed_trial")
    quiet(f"Recorded as run {view.run.id}", view.run.created_at, small=True)
    with st.container(key="flush_open"):
        address = {"run": str(view.run.id)}
        st.page_link("run.py", label="Open the run", icon=":material/receipt_long:", query_params=address)


def _sample(app: App, view: RunView) -> None:
    """Keep the answer for comparisons in which nothing is executed."""
    good = [
        call.call.name for step in view.state.steps for call in step.calls if call.finished and not call.finished.error
    ]
    if not good:
        return
    if app.tool_samples.get(good[0]) == view.run.id:
        st.caption(":green[:material/bookmark_added:] The recorded sample: it stands in where nothing is executed.")
        return
    st.button(
        "Keep as the recorded sample",
        icon=":material/bookmark:",
        help="Comparisons on recorded results answer the same call with it, however old it is.",
        on_click=_keep,
        args=(app, good[0], view),
    )


def _keep(app: App, tool: str, view: RunView) -> None:
    if value_or_say(app.tool_samples.keep(tool, view.run.id, who())) is not None:
        say(f"Kept as the sample of {tool}.")


def _call_card(view: RunView, call: CallState) -> None:
    tool_card(
        call,
        effect_state(view.state, call),
        place="trial",
        run_id=view.run.id,
        decide=partial(decide, get_app(), view.run),
    )
    if call.finished and call.finished.data is not None and not has_media(call.finished.data):
        with st.expander("As a value", icon=":material/data_object:", type="compact"):
            st.json(call.finished.data)
    if call.refused:
        st.caption(plain(call.refused.reason))
