"""Where models are served: which one answers now, and how to get a better one."""

import streamlit as st

from core.bootstrap import App
from core.domain.endpoint import Endpoint
from core.domain.result import Err, Result
from core.services.endpoints import EndpointHealth
from pages.components.frame import ask_once, quiet, section
from pages.components.model_badge import model_badge
from pages.components.session import say, value_or_say, who
from pages.components.text import counted, plain

_KINDS = {
    "huggingface": "Hugging Face router",
    "openai": "OpenAI protocol",
    "local": "On this machine",
    "demo": "Scripted, not AI",
}
_CHECKED = "endpoint_checks"


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
    for endpoint in app.endpoints.list():
        _row(app, endpoint, is_default=endpoint.name == chosen)


def _row(app: App, endpoint: Endpoint, *, is_default: bool) -> None:
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(gap=None, width="stretch"):
                st.markdown(f"**{plain(endpoint.name)}**")
                quiet(_KINDS[endpoint.kind], endpoint.base_url, endpoint.model, small=True)
            if is_default:
                st.badge("Answers now", icon=":material/check_circle:", color="green")
            _actions(app, endpoint, is_default=is_default)
        if found := st.session_state.get(_CHECKED, {}).get(endpoint.name):
            _health(found)


def _actions(app: App, endpoint: Endpoint, *, is_default: bool) -> None:
    if st.button("Check", icon=":material/network_check:", key=f"check_{endpoint.name}"):
        with st.spinner("Asking…"):
            found = app.endpoints.check(endpoint.name)
        st.session_state.setdefault(_CHECKED, {})[endpoint.name] = found
        st.rerun()
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


def _health(found: EndpointHealth) -> None:
    mark = ":green[:material/check_circle:]" if found.ok else ":red[:material/error:]"
    st.markdown(f"{mark} {plain(found.message)}")
    quiet(found.url, found.credential, small=True)
    if found.models:
        with st.expander(counted(len(found.models), "model"), type="compact", icon=":material/neurology:"):
            st.text("\n".join(found.models[:200]))


def _set_default(app: App, name: str) -> None:
    if value_or_say(app.endpoints.set_default(name, who())) is not None:
        say(f"{name} answers from now on, where an agent names no endpoint.")


def _delete(app: App, name: str) -> None:
    if value_or_say(app.endpoints.delete(name, who())) is not None:
        say(f"{name} is deleted.")


@st.dialog("Add an endpoint")
def add_endpoint(app: App) -> None:
    name = st.text_input("Name", placeholder="office-gpu", max_chars=100)
    url, secret = _address(app, Endpoint(name="", kind="openai"))
    model = _default_model("")
    if st.button("Add", type="primary"):
        _done(app.endpoints.add((name or "").strip(), url, who(), secret=secret, model=model))


@st.dialog("Edit the endpoint")
def edit_endpoint(app: App, endpoint: Endpoint) -> None:
    """Of a built-in one, only the default model is a choice."""
    if endpoint.id is None:
        model = _default_model(endpoint.model)
        if st.button("Save", type="primary"):
            _done(app.endpoints.update(endpoint.name, who(), model=model))
        return
    url, secret = _address(app, endpoint)
    model = _default_model(endpoint.model)
    if st.button("Save", type="primary"):
        _done(app.endpoints.update(endpoint.name, who(), base_url=url, secret=secret, model=model))


def _address(app: App, given: Endpoint) -> tuple[str, str]:
    """Where it is, and the name of the secret with its key."""
    url = st.text_input("Base address", given.base_url, placeholder="http://localhost:11434/v1")
    names = [secret.name for secret in app.secrets.names()]
    secret = st.selectbox(
        "Secret with its key",
        names,
        index=names.index(given.secret) if given.secret in names else None,
        placeholder="none",
        help="Secrets are kept under Secrets; only the name is stored here.",
    )
    return (url or "").strip(), secret or ""


def _default_model(given: str) -> str:
    return (st.text_input("Default model", given, placeholder="the name as the server has it") or "").strip()


def _done(result: Result[Endpoint]) -> None:
    """Close the dialog, or say in it what is wrong."""
    if isinstance(result, Err):
        st.error(plain(result.message), icon=":material/error:")
    else:
        st.rerun()
