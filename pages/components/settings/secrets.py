"""Secrets: named, encrypted, never shown again."""

import streamlit as st

from core.bootstrap import App
from core.domain.result import Ok
from pages.components.frame import ask_once, empty_state, quiet, section
from pages.components.session import say, value_or_say, who
from pages.components.text import plain

TOKEN = "HUGGING_FACE_AUTH_TOKEN"


def token(app: App) -> None:
    """The one secret that most people need."""
    st.space("small")
    section("Hugging Face token")
    if app.settings.hugging_face_token:
        st.caption(
            f":green[:material/check_circle:] It comes from the environment ({TOKEN}), which wins over this page."
        )
        return
    if any(secret.name == TOKEN for secret in app.secrets.names()):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(":green[:material/check_circle:] A token is kept here, encrypted.", width="content")
            _delete_button(app, TOKEN)
        return
    st.caption("With a token, thousands of models answer through the Hugging Face router. It is kept encrypted.")
    value_form(app, TOKEN, "hf_…")


def value_form(app: App, name: str, placeholder: str = "") -> None:
    """One line that sets the secret of this name."""
    with (
        st.form(f"secret_{name}", border=False, clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        st.text_input(
            f"Value of {name}",
            type="password",
            placeholder=placeholder or None,
            key=f"value_{name}",
            label_visibility="collapsed",
            width=360,
        )
        st.form_submit_button("Keep it", type="primary", on_click=_keep, args=(app, name, f"value_{name}"))


def _keep(app: App, name: str, key: str) -> None:
    value = str(st.session_state.get(key) or "").strip()
    st.session_state[key] = ""  # it stays in no session
    if not value:
        say("Give the value first.", failed=True)
    elif _set(app, name, value):
        say(f"{name} is kept.")


def _set(app: App, name: str, value: str) -> bool:
    result = app.secrets.set(name, value, who())
    value_or_say(result)
    return isinstance(result, Ok)


def secrets(app: App) -> None:
    st.caption("Endpoints and tools name a secret; its value never leaves this server, and is never shown again.")
    names = app.secrets.names()
    if not names:
        empty_state(":material/key:", "No secret is kept here yet.", example="the key of an endpoint")
    for secret in names:
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(gap=None, width="stretch"):
                st.markdown(f"**{plain(secret.name)}**")
                quiet(("set", secret.updated_at), small=True)
            _delete_button(app, secret.name)
    section("Add or replace one")
    with st.form("new_secret", border=True, clear_on_submit=True):
        st.text_input("Name", key="secret_name", placeholder="OFFICE_KEY", max_chars=100)
        st.text_input("Value", type="password", key="secret_value")
        st.form_submit_button("Keep it", type="primary", on_click=_keep_named, args=(app,))


def _keep_named(app: App) -> None:
    name = str(st.session_state.get("secret_name") or "").strip()
    if not name:
        say("Give the secret a name first.", failed=True)
        return
    _keep(app, name, "secret_value")


def _delete_button(app: App, name: str) -> None:
    if st.button(
        "", icon=":material/delete:", type="tertiary", help=f"Delete {plain(name)}", key=f"delete_secret_{name}"
    ):
        ask_once(
            f"Delete {name}?",
            "What names it will fail until you set it again. The value cannot be brought back.",
            "Delete",
            lambda: _delete(app, name),
        )


def _delete(app: App, name: str) -> None:
    app.secrets.delete(name, who())
    say(f"{name} is deleted.")
