"""Add an endpoint, change one: address and key, default model, limits, and where servers contradict each other."""

import msgspec
import streamlit as st

from core.bootstrap import App
from core.domain.compatibility import SETTINGS, Setting
from core.domain.endpoint import Compatibility, Endpoint, EndpointLimits
from core.domain.result import Err, Result
from pages.components.model_words import model_label, with_typed
from pages.components.session import who
from pages.components.text import plain

_NEW = Endpoint(name="", kind="openai")


@st.dialog("Add an endpoint", width="medium")
def add_endpoint(app: App) -> None:
    name = st.text_input("Name", placeholder="office-gpu", max_chars=100)
    url, secret = _address(app, _NEW)
    model = st.text_input("Default model", placeholder="the name as the server has it")
    with st.expander("Limits", icon=":material/speed:", type="compact"):
        limits = _limits(app, _NEW)
    with st.expander("Compatibility", icon=":material/tune:", type="compact"):
        compatibility = _compatibility(_NEW)
    if st.button("Add", type="primary"):
        _done(
            app.endpoints.add(
                name or "",
                url,
                who(),
                secret=secret,
                model=model or "",
                compatibility=compatibility,
                limits=limits,
            )
        )


@st.dialog("Edit the endpoint", width="medium")
def edit_endpoint(app: App, endpoint: Endpoint) -> None:
    """Of a built-in one, address and key come from the environment."""
    is_built_in = endpoint.id is None
    names = ["Model", "Limits", "Compatibility"] if is_built_in else ["Address", "Limits", "Compatibility"]
    first, second, third = st.tabs(names)
    with first:
        url, secret = (None, None) if is_built_in else _address(app, endpoint)
        model = _default_model(app, endpoint)
    with second:
        limits = _limits(app, endpoint)
    with third:
        compatibility = _compatibility(endpoint)
    if st.button("Save", type="primary"):
        _done(
            app.endpoints.update(
                endpoint.name,
                who(),
                base_url=url,
                secret=secret,
                model=model,
                compatibility=compatibility,
                limits=limits,
            )
        )


def _address(app: App, given: Endpoint) -> tuple[str, str]:
    """Where it is, and the name of the secret with its key."""
    url = st.text_input("Base address", given.base_url, placeholder="http://localhost:11434/v1")
    kept = [secret.name for secret in app.secrets.names()]
    names = kept if given.secret in {"", *kept} else [given.secret, *kept]  # one that is named before it is set
    secret = st.selectbox(
        "Secret with its key",
        names,
        index=names.index(given.secret) if given.secret in names else None,
        placeholder="none",
        help="Secrets are kept under Secrets; only the name is stored here.",
    )
    return url or "", secret or ""


def _default_model(app: App, endpoint: Endpoint) -> str:
    """One that the endpoint lists, or any name."""
    labels = {one.name: model_label(one) for one in app.endpoints.catalogue_now(endpoint).models}
    names = with_typed(endpoint.model, labels)
    model = st.selectbox(
        "Default model",
        names,
        index=names.index(endpoint.model) if endpoint.model else None,
        format_func=lambda name: labels.get(name, name),
        placeholder="none: each agent has to name one",
        accept_new_options=True,
        help="Answers where an agent names no model. Choose one that the endpoint lists, or type its name.",
    )
    return model or ""


def _limits(app: App, endpoint: Endpoint) -> EndpointLimits:
    silence_s = st.number_input(
        "Longest silence, in seconds",
        0.1,
        86_400.0,
        endpoint.limits.silence_s,
        1.0,
        format="%g",
        placeholder=f"as the process is set: {app.settings.model_timeout_s:g}",
        help="How long the server may say nothing, before its first word and between two. Then the request has failed.",
    )
    concurrency = st.number_input(
        "Requests at the same time",
        1,
        1_000,
        endpoint.limits.concurrency,
        placeholder="any number",
        help="How many requests may be under way, from all processes together. The others wait, and say so.",
    )
    per_minute = st.number_input(
        "Requests a minute",
        1,
        100_000,
        endpoint.limits.requests_per_minute,
        placeholder="any number",
        help="How many requests may begin within 60 seconds, from all processes together. The others wait, and say so.",
    )
    return EndpointLimits(silence_s=silence_s, concurrency=concurrency, requests_per_minute=per_minute)


def _compatibility(endpoint: Endpoint) -> Compatibility:
    st.caption(
        "Servers contradict each other here, so no default is right for all. Change one when a server complains."
    )
    chosen = {one.field: _setting(one, getattr(endpoint.compatibility, one.field)) for one in SETTINGS}
    return msgspec.convert(chosen, Compatibility)


def _setting(setting: Setting, given: str | bool) -> str | bool:
    with st.container(gap="xxsmall"):
        chosen: str | bool
        if setting.choices:
            names = list(setting.choices)
            words = setting.choices.__getitem__
            chosen = st.selectbox(setting.title, names, index=names.index(str(given)), format_func=words)
        else:
            chosen = st.toggle(setting.title, bool(given))
        st.caption(setting.help)
    return chosen


def _done(result: Result[Endpoint]) -> None:
    """Close the dialog, or say in it what is wrong."""
    if isinstance(result, Err):
        st.error(plain(result.message), icon=":material/error:")
    else:
        st.rerun()
