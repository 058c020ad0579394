"""The request as it would be sent, with values that the person gives for the model, and a try of it."""

import json
from typing import Any

import streamlit as st

from core.domain.result import Err
from core.services.http_drafts import Finished, HttpInput
from core.services.tool_maker import RequestPreview
from pages.components.frame import section
from pages.components.request_form.draft import Form
from pages.components.session import value_or_say, who
from pages.components.text import counted, plain
from pages.components.tool_trial import outcome, typed


def preview(form: Form, finished: Finished) -> None:
    section("Request preview", "Nothing is sent until you call it.")
    if finished.problems:
        st.caption(f":orange[:material/edit_note:] {counted(len(finished.problems), 'thing')} to do first")
        for problem in finished.problems:
            st.markdown(f"- {plain(problem.message)}")
        return
    arguments = {name: _sample(form, name, entry) for name, entry in finished.tool.inputs.items()}
    given = {name: value for name, value in arguments.items() if value not in (None, "")}
    if missing := [name for name, entry in finished.tool.inputs.items() if entry.required and name not in given]:
        st.caption(f"Give a value for {plain(', '.join(missing))} to see the request.")
        return
    written = json.dumps(given, ensure_ascii=False)
    result = form.app.tool_maker.preview(finished.tool, written)
    if isinstance(result, Err):
        st.caption(f":orange[:material/edit_note:] {plain(result.message)}")
        return
    _shown(result.value)
    _try(form, finished, written)


def _sample(form: Form, name: str, entry: HttpInput) -> Any:
    """A value in the model's place; it belongs to the preview and not to the tool."""
    key = form.key(f"sample_{name}")
    if entry.choices:
        return st.selectbox(name, entry.choices, index=None, placeholder="left out", key=key)
    text = st.text_input(name if entry.required else f"{name} (optional)", key=key, help=entry.description or None)
    return typed(text, {"type": entry.type})


def _shown(request: RequestPreview) -> None:
    headers = [f"{name}: {value}" for name, value in request.headers.items()]
    body = ["", request.body] if request.body else []
    st.code("\n".join([f"{request.method} {request.url}", *headers, *body]), language="http", wrap_lines=True)
    for secret in request.secrets:
        st.caption(f":material/key: and, when it is sent, {plain(secret)}")
    if request.check_url:
        st.caption(":material/help: where its answer is lost, this finds out whether it happened")
        st.code(f"GET {request.check_url}", language="http", wrap_lines=True)


def _try(form: Form, finished: Finished, arguments_json: str) -> None:
    if finished.changes_something:
        st.caption(":orange[:material/edit:] It changes something: this call really happens.")
    st.button("Call it", icon=":material/play_arrow:", on_click=_call, args=(form, finished, arguments_json))
    if "run" in st.query_params:
        outcome(form.app)


def _call(form: Form, finished: Finished, arguments_json: str) -> None:
    run = value_or_say(form.app.http_drafts.test(finished, arguments_json, who()))
    if run is not None:
        st.query_params["run"] = str(run.id)
