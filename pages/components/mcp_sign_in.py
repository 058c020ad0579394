"""Signing in to an MCP server: how it stands, and the way to the server's own page and back."""

from urllib.parse import quote, urlsplit

import streamlit as st

from core.bootstrap import App
from core.domain.result import Err
from core.domain.sign_in import McpSignIn
from core.domain.tool_source import McpServer
from pages.components.frame import ask_once
from pages.components.session import may, say, value_or_say, who
from pages.components.text import exact, plain

_URL = "mcp_sign_in_url"
_FAULT = "mcp_sign_in_fault"


def sign_in_state(app: App, name: str, server: McpServer) -> None:
    """Of a server in use: signed in as whom, for what, until when; and the buttons that change it."""
    found = app.mcp_sign_ins.status(server)
    with st.container(border=True, gap="small", key=f"sign_in_{name}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _badge(found)
            st.caption(_words(found))
        if not may("operator"):
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            sign_in(app, server, f"/tools?source={quote(name)}", again=found.status == "signed_in")
            if found.status != "needed" and st.button("Sign out", type="tertiary", icon=":material/logout:"):
                loss = "The tokens are forgotten. Runs that use its tools stop until somebody signs in again."
                ask_once(f"Sign out of {name}?", loss, "Sign out", lambda: _sign_out(app, server))


def _badge(found: McpSignIn) -> None:
    match found.status:
        case "signed_in":
            st.badge("Signed in", icon=":material/verified_user:", color="green")
        case "expired":
            st.badge("Sign-in expired", icon=":material/history:", color="orange")
        case "needed":
            st.badge("Sign-in needed", icon=":material/login:", color="orange")


def _words(found: McpSignIn) -> str:
    if found.status == "needed":
        return "It wants to know who asks. Runs that use its tools stop until somebody signs in."
    by = f"by {plain(found.who)} " if found.who else ""
    scope = f"for {plain(found.scope)}" if found.scope else "for whatever it grants"
    if found.status == "expired":
        return f"Last signed in {by}{scope}. Runs that use its tools stop until somebody signs in again."
    if found.is_renewed:
        return f"Signed in {by}{scope}; renewed by itself."
    return f"Signed in {by}{scope}" + (f", until {exact(found.until)}." if found.until else ".")


def sign_in(app: App, server: McpServer, back: str, *, again: bool = False) -> None:
    """The way to the server's own page: asked for first, then followed by a click of the person's own."""
    if fault := st.session_state.pop(_FAULT, ""):
        st.error(plain(fault), icon=":material/error:")
    asked, url = st.session_state.get(_URL, (None, ""))
    if asked == server and url:
        st.caption("You sign in on the server's own page and come back here. It will know this address:")
        st.code(urlsplit(url).netloc, language=None)
        st.link_button(f"Go to {plain(urlsplit(url).hostname or 'it')}", url, type="primary", icon=":material/login:")
        return
    st.button(
        "Sign in again" if again else "Sign in",
        icon=":material/login:",
        type="secondary" if again else "primary",
        key="mcp_sign_in",
        on_click=_begin,
        args=(app, server, back),
    )


def _begin(app: App, server: McpServer, back: str) -> None:
    here = urlsplit(st.context.url or "")
    begun = app.mcp_sign_ins.begin(server, f"{here.scheme}://{here.netloc}/oauth/mcp", back, who())
    if isinstance(begun, Err):
        st.session_state[_FAULT] = begun.message
    else:
        st.session_state[_URL] = (server, begun.value)


def _sign_out(app: App, server: McpServer) -> None:
    st.session_state.pop(_URL, None)
    if value_or_say(app.mcp_sign_ins.sign_out(server, who())) is not None:
        say("Signed out.")
