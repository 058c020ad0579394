"""A request as code, to be sent from elsewhere. The key is a name, never a value."""

from collections.abc import Sequence

import streamlit as st

from core.bootstrap import App
from core.domain.as_code import as_curl, as_python, key_variable
from core.domain.result import Err
from core.domain.run import Run
from core.services.runs import RunView
from pages.components.frame import quiet
from pages.components.long_body import shortened_images
from pages.components.text import plain, short

_WAYS = ("InferenceClient", "curl")
_HEIGHT_PX = 420
_LINE_CHARS = 60


@st.dialog("The same request as code", width="large")
def code_dialog(app: App, path: Sequence[Run]) -> None:
    """`path`: the branch that is shown."""
    views = app.runs.views([run.id for run in path])
    asked = [(view, step.number) for view in views for step in view.state.steps if step.model.attempts]
    if not asked:
        st.caption("Nothing was sent yet. Ask something first.")
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        view, step = st.selectbox("Request", asked, index=len(asked) - 1, format_func=_named) or asked[-1]
        way = st.segmented_control("With", _WAYS, default=_WAYS[0], required=True)
    _code(app, view, step, way or _WAYS[0])


def _named(request: tuple[RunView, int]) -> str:
    view, step = request
    return f"{short(view.state.input, _LINE_CHARS)} · step {step}"


def _code(app: App, view: RunView, step: int, way: str) -> None:
    result = app.runs.sent(view.run.id, step)
    if isinstance(result, Err):
        st.caption(plain(result.message))
        return
    endpoint, sent = view.state.spec.endpoint, result.value
    if not sent.url:
        st.caption("The request is under way; its address is known when the answer begins.")
        return
    key = key_variable(endpoint)
    body, cut = shortened_images(sent.body)
    if way == "curl":
        st.code(as_curl(body, sent.url, key), language="bash", wrap_lines=True, height=_HEIGHT_PX)
    else:
        st.code(as_python(body, sent.url, key), language="python", wrap_lines=True, height=_HEIGHT_PX)
    if cut:
        quiet("Images are cut to their first letters: put the whole base64 of the file there.", small=True)
    if key:
        quiet(f"Put the key into the environment as {key} first; it is in neither.", small=True)
    if endpoint.kind in {"demo", "local"}:
        quiet("This address is inside the app and changes with each of its starts.", small=True)
