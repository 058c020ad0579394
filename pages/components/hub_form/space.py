"""A Hugging Face Space as a tool: look what it offers, choose one of it, set it up, see and try it."""

from functools import partial

import msgspec
import streamlit as st

from core.bootstrap import App
from core.domain.result import Err
from core.services.space_tools import HubSpace, SpaceEndpoint, SpaceLook
from pages.components import drafting
from pages.components.drafting import put_choice
from pages.components.frame import page_header, quiet, section
from pages.components.hub_form.beside import beside
from pages.components.hub_form.draft import SPACE
from pages.components.hub_form.fields import about, limits, reach
from pages.components.hub_form.head import HALVES, back, head
from pages.components.hub_form.inputs import inputs
from pages.components.session import say, show_said, who
from pages.components.text import counted, plain, short

SpaceForm = drafting.Form[HubSpace]
_EFFECTS = {"write": "Changes something", "read": "Only looks or makes something new"}
_SAYS_CHARS = 160


def space_form(app: App, name: str) -> None:
    """`name` is empty for a new tool."""
    form = SpaceForm(app, name, app.space_tools.get(name, who()), app.space_tools, SPACE)
    back()
    endpoint = form.draft.endpoint
    if endpoint is None:
        page_header("New tool from a Space", "Each function of a Hugging Face Space, or of any other Gradio app.")
        show_said()
        _look(form)
        return
    where = form.draft.space or form.draft.address.partition("://")[2]
    title = f"Edit {name}" if name else f"{endpoint.name} of {where}"
    head(form, app.space_tools, title, "A function of a Space. What you type is kept as a draft.", "Another one")
    show_said()
    with st.container(key="halves"):
        left, right = st.columns(HALVES, gap="large")
        with left, st.container(gap="medium"):
            _left(form, endpoint)
        with right, st.container(key="beside"):
            beside(form, app.space_tools)


def _left(form: SpaceForm, endpoint: SpaceEndpoint) -> None:
    for part in (
        partial(_where, form),
        partial(about, form),
        partial(inputs, form, endpoint.inputs),
        partial(_effect, form),
    ):
        with st.container(gap="small"):
            part()
    limits(form)


def _where(form: SpaceForm) -> None:
    section("Space", plain(form.draft.space) or "a Gradio app")
    quiet(f"{form.draft.address} · {form.draft.endpoint.name if form.draft.endpoint else ''}", small=True)
    st.caption("Pinned as it was taken in: a call that finds it described otherwise is not made.")
    st.button(
        "Has it changed?",
        icon=":material/sync:",
        type="tertiary",
        key=form.key("drift"),
        help="Asks the Space how it describes this function now.",
        on_click=_drift,
        args=(form,),
    )
    with st.expander("Private hosts and the secret sent along", icon=":material/key:", key=f"space_reach_{form.name}"):
        reach(form)


def _drift(form: SpaceForm) -> None:
    now = form.app.space_tools.drift(form.draft)
    if isinstance(now, Err):
        say(now.message, failed=True)
        return
    changed = now.value
    if changed is None:
        say("It is as it was taken in.")
        return
    form.edit(lambda _: changed)
    say("It has changed. The form shows it as it is now: look through it, then save.", failed=True)


def _effect(form: SpaceForm) -> None:
    section("Effect", "A Space does not say; you do.")
    st.segmented_control(
        "Effect",
        list(_EFFECTS),
        default=form.draft.effect,
        required=True,
        format_func=_EFFECTS.__getitem__,
        label_visibility="collapsed",
        help="A call that changes something is never made twice unasked.",
        **form.on_change("effect", put_choice("effect")),
    )


def _look(form: SpaceForm) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Space, or address of a Gradio app",
            form.draft.space or form.draft.address,
            placeholder="owner/name, or https://…",
            width=420,
            **form.on_change("space", _put_place),
        )
        st.button("Look", type="primary", icon=":material/travel_explore:", on_click=_asked, args=(form,))
    with st.expander("Private hosts and the secret sent along", icon=":material/key:", key="space_reach_new"):
        reach(form)
    look: SpaceLook | str | None = st.session_state.get(_look_key(form))
    if isinstance(look, str):
        st.error(plain(look), icon=":material/error:")
    elif look is not None:
        _offers(form, look)


def _put_place(draft: HubSpace, text: str | None) -> HubSpace:
    given = (text or "").strip()
    is_address = "://" in given
    return msgspec.structs.replace(draft, space="" if is_address else given, address=given if is_address else "")


def _asked(form: SpaceForm) -> None:
    """The draft as it is in the database: the last widget may just have been saved."""
    look = form.app.space_tools.look(form.store.get(form.name, who()))
    st.session_state[_look_key(form)] = look.message if isinstance(look, Err) else look.value


def _look_key(form: SpaceForm) -> str:
    return f"space_look_{form.name}"


def _offers(form: SpaceForm, look: SpaceLook) -> None:
    section("What it offers", counted(len(look.endpoints), "function"))
    with st.grid("auto", min_column_width=280, gap="small"):
        for endpoint in look.endpoints:
            _offer(form, look, endpoint)


def _offer(form: SpaceForm, look: SpaceLook, endpoint: SpaceEndpoint) -> None:
    with st.container(border=True, gap="xsmall", height="stretch"):
        st.markdown(f"**{plain(endpoint.name)}**")
        if endpoint.says:
            st.caption(plain(short(endpoint.says, _SAYS_CHARS)))
        takes = ", ".join(one.label or one.name for one in endpoint.inputs) or "nothing"
        st.caption(f"{plain(short(takes, _SAYS_CHARS))} → {plain(short(', '.join(endpoint.outputs), 80)) or 'nothing'}")
        if endpoint.why_not:
            st.caption(f":orange[:material/block:] {plain(endpoint.why_not)}")
        st.space("stretch")
        st.button(
            "Choose",
            key=f"choose_space_{endpoint.name}",
            type="tertiary",
            icon=":material/arrow_forward:",
            disabled=bool(endpoint.why_not),
            on_click=_choose,
            args=(form, look, endpoint),
        )


def _choose(form: SpaceForm, look: SpaceLook, endpoint: SpaceEndpoint) -> None:
    st.session_state.pop(_look_key(form), None)
    form.edit(lambda _: form.app.space_tools.choose(look, endpoint))
