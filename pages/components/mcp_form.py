"""Adding an MCP server: how it is reached, what it answers, which of its tools are taken in."""

from typing import Any

import msgspec
import streamlit as st

from core.bootstrap import App
from core.domain.result import Err, Ok, Result
from core.domain.tool_source import McpServer
from core.services.mcp_drafts import McpDraft, server_of, suggested_name
from core.services.tool_sources import SIGN_IN, Look
from pages.components.frame import ask_once, page_header, section
from pages.components.mcp_sign_in import sign_in
from pages.components.offered_tools import offered_tools
from pages.components.session import say, show_said, value_or_say, who
from pages.components.settings.secrets import value_form
from pages.components.text import counted, duration, plain

HALVES = (9, 11)
_WAYS = {"command": "A command here", "url": "An address"}
_LOOK = "mcp_look"


def mcp_form(app: App) -> None:
    draft = app.mcp_drafts.get(who())
    st.button("All tools", icon=":material/arrow_back:", type="tertiary", on_click=_leave)
    note = "Its tools are pinned as it describes them now; a change waits for your yes."
    with page_header("New MCP server", note):
        if draft != McpDraft() and st.button("Discard", icon=":material/delete:"):
            ask_once("Discard the draft?", "What you typed here will be lost.", "Discard", lambda: _forget(app))
    show_said()
    server = server_of(draft)
    with st.container(key="halves"):
        left, right = st.columns(HALVES, gap="large")
        with left, st.container(gap="small"):
            _typed(app, draft)
            _question(app, server)
        with right, st.container(gap="small"):
            _answer(app, server)


def _typed(app: App, draft: McpDraft) -> None:
    section("Server")
    st.segmented_control(
        "How it is reached",
        list(_WAYS),
        default=draft.by,
        required=True,
        format_func=_WAYS.__getitem__,
        **_kept(app, "by"),
    )
    if draft.by == "command":
        _command(app, draft)
    else:
        _address(app, draft)


def _command(app: App, draft: McpDraft) -> None:
    st.text_input(
        "Command",
        draft.command,
        placeholder="uvx mcp-server-time, or npx -y @modelcontextprotocol/server-memory",
        help="It runs on this server, with this server's rights, while it is in use.",
        **_kept(app, "command"),
    )
    with st.expander("Variables of the command", icon=":material/tune:"):
        st.text_area("Plain ones", draft.variables, placeholder="LOG_LEVEL=debug", height=80, **_kept(app, "variables"))
        st.text_area(
            "Secrets, by name",
            draft.secrets,
            placeholder="GITHUB_TOKEN=MY_GITHUB_TOKEN",
            height=80,
            help="The variable, and the name of the secret whose value it gets. Nothing else of this machine goes along.",
            **_kept(app, "secrets"),
        )


def _address(app: App, draft: McpDraft) -> None:
    st.text_input("Address", draft.url, placeholder="https://tools.example.org/mcp", **_kept(app, "url"))
    names = sorted({secret.name for secret in app.secrets.names()} | ({draft.bearer} if draft.bearer else set()))
    with st.expander("Token and private hosts", icon=":material/tune:"):
        st.selectbox(
            "Bearer token",
            names,
            index=names.index(draft.bearer) if draft.bearer else None,
            placeholder="none; else choose a secret, or type a new name",
            accept_new_options=True,
            **_kept(app, "bearer"),
        )
        st.text_input(
            "Allow this host although it is private",
            draft.hosts,
            placeholder="none, such as 127.0.0.1:9000",
            help="Tools never reach private addresses unless you name them here.",
            **_kept(app, "hosts"),
        )


def _kept(app: App, field: str) -> dict[str, Any]:
    """The keyword arguments that make a widget save what it holds."""
    key = f"mcp_{field}"
    return {"key": key, "on_change": _save, "args": (app, field, key)}


def _save(app: App, field: str, key: str) -> None:
    draft = msgspec.structs.replace(app.mcp_drafts.get(who()), **{field: st.session_state[key] or ""})
    value_or_say(app.mcp_drafts.put(draft, who()))


def _leave() -> None:
    st.query_params.clear()
    st.session_state.pop(_LOOK, None)


def _forget(app: App) -> None:
    app.mcp_drafts.discard(who())
    _leave()


def _question(app: App, server: Result[McpServer]) -> None:
    if isinstance(server, Err):
        st.caption(f":orange[:material/edit_note:] {plain(server.message)}")
        return
    for name in sorted(server.value.secrets() - {secret.name for secret in app.secrets.names()}):
        st.caption(f":orange[:material/key_off:] The secret {plain(name)} is not set yet.")
        value_form(app, name)
    st.button(
        "Ask it for its tools",
        icon=":material/search:",
        type="primary" if _LOOK not in st.session_state else "secondary",
        on_click=_ask,
        args=(server.value,),
    )


def _ask(server: McpServer) -> None:
    st.session_state[_LOOK] = (server, None)


def _answer(app: App, server: Result[McpServer]) -> None:
    section("What it offers")
    asked, result = st.session_state.get(_LOOK, (None, None))
    if asked is None or Ok(asked) != server:
        st.caption("Ask the server: it starts, says who it is, and lists its tools. Nothing is kept before you say so.")
        return
    if isinstance(result := result or _looked(app, asked), Err):
        _refused(app, asked, result)
    else:
        _offer(app, result.value)


def _refused(app: App, server: McpServer, why: Err) -> None:
    """Why it did not answer; where it wants a person, the way to sign in."""
    if why.field != SIGN_IN or server.bearer:
        st.error(plain(why.message), icon=":material/error:")
        return
    st.markdown(":orange[:material/login:] **This server wants to know who asks.**")
    st.caption("Sign in at it, or give a bearer token under *Token and private hosts*.")
    if not server.oauth:
        st.button("Sign in at it", icon=":material/login:", type="primary", on_click=_with_sign_in, args=(app,))
        return
    sign_in(app, server, "/tools?new=mcp")


def _with_sign_in(app: App) -> None:
    """From now on the draft's server is one that a person signs in to."""
    draft = msgspec.structs.replace(app.mcp_drafts.get(who()), oauth=True)
    if value_or_say(app.mcp_drafts.put(draft, who())) is not None and isinstance(server := server_of(draft), Ok):
        _ask(server.value)


def _looked(app: App, server: McpServer) -> Result[Look]:
    with st.spinner("Asking the server… A command that has to be fetched first takes a while."):
        result = app.tool_sources.look(server)
    st.session_state[_LOOK] = (server, result)
    return result


def _offer(app: App, look: Look) -> None:
    took = duration(look.took_ms / 1000)
    st.markdown(
        f":green[:material/check_circle:] **{plain(look.server_name or 'The server')}** answered in {took} "
        f"with {counted(len(look.offers), 'tool')}."
    )
    name = app.mcp_drafts.get(who()).name or suggested_name(look.server_name)
    st.text_input(
        "Name of the source",
        name,
        max_chars=40,
        help="Letters, digits, hyphens and underscores: the names of its tools begin with it.",
        **_kept(app, "name"),
    )
    ticked = offered_tools(look.offers, {tool.name for tool in look.usable}, "offer")
    st.button(
        f"Take in {counted(len(ticked), 'tool')}",
        type="primary",
        icon=":material/check:",
        disabled=not ticked,
        on_click=_add,
        args=(app, name, look, ticked),
    )


def _add(app: App, name: str, look: Look, ticked: list[str]) -> None:
    source = value_or_say(app.tool_sources.add(name, look, who(), ticked))
    if source is not None:
        _forget(app)
        say(f"{source.name} is kept, with {counted(len(source.accepted), 'tool')}.")
        st.query_params["source"] = source.name
