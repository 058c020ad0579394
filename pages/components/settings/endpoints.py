"""Where models are served: which one answers now, and how to get a better one."""

import streamlit as st

from core.bootstrap import App
from core.domain.compatibility import differences
from core.domain.endpoint import Endpoint
from core.services.endpoints import EndpointHealth
from core.services.latest import Known
from pages.components.asking import while_asked
from pages.components.frame import ask_once, quiet, section
from pages.components.model_badge import model_badge
from pages.components.model_table import PATIENCE_S, list_line, model_table
from pages.components.session import say, value_or_say, who
from pages.components.settings.endpoint_form import add_endpoint, edit_endpoint
from pages.components.text import counted, plain

_KINDS = {
    "huggingface": "Hugging Face router",
    "openai": "OpenAI protocol",
    "local": "On this machine",
    "demo": "Scripted, not AI",
}


def which_model(app: App) -> None:
    """The answer to the first question of everybody: who is it that answers?"""
    choice = app.endpoints.choose()
    section("Which model answers")
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown("Where an agent names no endpoint, this one answers:", width="content")
            model_badge(choice, link=False)
        st.markdown(plain(choice.why))
        if choice.better:
            st.markdown(f":primary[:material/lightbulb:] {plain(choice.better)}")


def endpoints(app: App) -> None:
    st.space("small")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Endpoints", anchor=False, width="stretch")
        if st.button("Add endpoint", icon=":material/add:"):
            add_endpoint(app)
    st.caption("Any server that speaks the OpenAI chat-completions protocol: a router, vLLM, llama.cpp, Ollama, TGI.")
    chosen = app.endpoints.choose().endpoint.name
    known = app.endpoints.look(patience_s=PATIENCE_S)
    for endpoint in app.endpoints.list():
        _row(app, endpoint, known.get(endpoint.name), is_default=endpoint.name == chosen)
    if any(one.is_asked for one in known.values()):
        while_asked(lambda: any(one.is_asked for one in app.endpoints.look().values()), "Checking…", "endpoints_asked")


def _row(app: App, endpoint: Endpoint, known: Known[EndpointHealth] | None, *, is_default: bool) -> None:
    with st.container(border=True, gap="small", key=f"row_endpoint_{endpoint.name}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(gap=None, width="stretch"):
                st.markdown(f"**{plain(endpoint.name)}**")
                quiet(_KINDS[endpoint.kind], endpoint.base_url, small=True)
            if is_default:
                st.badge("Answers now", icon=":material/check_circle:", color="green")
            _actions(app, endpoint, is_default=is_default)
        with st.container(gap="xxsmall"):
            _state(known)
            quiet(*_settings(endpoint), small=True)
        if endpoint.kind in {"huggingface", "openai"}:
            _models(app, endpoint)


def _actions(app: App, endpoint: Endpoint, *, is_default: bool) -> None:
    st.button(
        "Check",
        icon=":material/network_check:",
        key=f"check_{endpoint.name}",
        on_click=app.endpoints.check_now,
        args=(endpoint, PATIENCE_S),
    )
    if not is_default:
        st.button("Use by default", key=f"default_{endpoint.name}", on_click=_set_default, args=(app, endpoint.name))
    if endpoint.kind != "demo" and st.button(
        "", icon=":material/edit:", type="tertiary", help="Edit", key=f"edit_{endpoint.name}"
    ):
        edit_endpoint(app, endpoint)
    if endpoint.id is not None and st.button(
        "", icon=":material/delete:", type="tertiary", help="Delete", key=f"delete_{endpoint.name}"
    ):
        ask_once(
            f"Delete {endpoint.name}?",
            "Agents that name it will have no endpoint. Runs that used it stay as they are.",
            "Delete",
            lambda: _delete(app, endpoint.name),
        )


def _state(known: Known[EndpointHealth] | None) -> None:
    """What is known of it; a local model is not asked, since that would load it."""
    if known is None:
        return
    found = known.value
    if found is None:
        st.markdown(":gray[:material/hourglass_top: Checking…]")
        return
    mark = ":green[:material/check_circle:]" if found.ok else ":red[:material/error:]"
    st.markdown(f"{mark} {plain(found.message)}")
    quiet(found.url, found.credential, ("checked", found.at) if found.at else "", small=True)


def _settings(endpoint: Endpoint) -> list[str]:
    """What a person set of it."""
    given = endpoint.limits
    return [
        f"Default model {endpoint.model}" if endpoint.model else "No default model",
        f"silent for {given.silence_s:g} s at most" if given.silence_s else "",
        f"{counted(given.concurrency, 'request')} at the same time" if given.concurrency else "",
        f"{counted(given.requests_per_minute, 'request')} a minute" if given.requests_per_minute else "",
        *differences(endpoint.compatibility),
    ]


def _models(app: App, endpoint: Endpoint) -> None:
    box = st.expander(
        "Models it serves",
        icon=":material/neurology:",
        type="compact",
        key=f"models_{endpoint.name}",
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        chosen = model_table(list_line(app, endpoint, endpoint.name), endpoint.name)
        if chosen:
            st.button(
                f"Make {plain(chosen)} its default model",
                key=f"use_{endpoint.name}",
                on_click=_set_model,
                args=(app, endpoint.name, chosen),
            )


def _set_model(app: App, name: str, model: str) -> None:
    if value_or_say(app.endpoints.update(name, who(), model=model)) is not None:
        say(f"{model} answers at {name} where nobody names a model.")


def _set_default(app: App, name: str) -> None:
    if value_or_say(app.endpoints.set_default(name, who())) is not None:
        say(f"{name} answers from now on, where an agent names no endpoint.")


def _delete(app: App, name: str) -> None:
    if value_or_say(app.endpoints.delete(name, who())) is not None:
        say(f"{name} is deleted.")
