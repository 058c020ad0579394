"""API keys: made, shown once, listed by how they begin, revoked."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.agent import Agent
from core.domain.publishing import KEY_NAME_CHARS, REQUESTS_PER_MINUTE, ApiKey
from core.domain.result import Err
from pages.components.frame import ask_once, empty_state, quiet
from pages.components.session import say, value_or_say, who
from pages.components.text import plain

_ALL, _SOME = "Every published agent", "Only these"
_MOST_NAMED = 3


def api_keys(app: App) -> None:
    """The section of the Settings screen."""
    st.caption(
        "With a key another program asks your published agents. An agent is published on its page, under Publish."
    )
    keys = app.publishing.keys()
    living = [key for key in keys if key.revoked_at is None]
    if not living:
        empty_state(":material/vpn_key:", "No program has a key yet.", example="one key for the web shop")
    key_rows(app, living)
    new_key_button(app)
    if revoked := [key for key in keys if key.revoked_at is not None]:
        with st.expander(f"Revoked ({len(revoked)})", type="compact"):
            for key in revoked:
                quiet(f"{key.name} · {key.prefix}…", ("revoked", key.revoked_at or key.created_at), key.revoked_by)


def key_rows(app: App, keys: Sequence[ApiKey]) -> None:
    names = {agent.id: agent.name for agent in app.publishing.published()} if keys else {}
    for key in keys:
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(gap=None, width="stretch"):
                st.markdown(f"**{plain(key.name)}** :gray[{plain(key.prefix)}…]")
                quiet(_reach(key, names), _pace(key), *_history(key), small=True)
            _revoke_button(app, key)


def _reach(key: ApiKey, names: dict[UUID, str]) -> str:
    if key.agent_ids is None:
        return "every published agent"
    reached = [names[one] for one in key.agent_ids if one in names]
    more = len(reached) - _MOST_NAMED
    listed = ", ".join(reached[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return listed or "its agents are not published"


def _pace(key: ApiKey) -> str:
    return f"{key.requests_per_minute:,} a minute" if key.requests_per_minute else "no limit of requests"


def _history(key: ApiKey) -> list[object]:
    used = ("used", key.last_used_at) if key.last_used_at else "never used"
    return [used, ("made by " + key.created_by if key.created_by else "made", key.created_at)]


def _revoke_button(app: App, key: ApiKey) -> None:
    if st.button("Revoke", type="tertiary", icon=":material/block:", key=f"revoke_{key.id}"):
        ask_once(
            f"Revoke {key.name}?",
            "From the next request on it is worth nothing, and it cannot be brought back. Runs that it began go on.",
            "Revoke",
            lambda: _revoke(app, key),
        )


def _revoke(app: App, key: ApiKey) -> None:
    if value_or_say(app.publishing.revoke_key(key.id, who())):
        say(f"{key.name} is revoked.")


def new_key_button(app: App, agent: Agent | None = None) -> None:
    """`agent`: the one that the key is for, unless the person says otherwise."""
    if st.button("New API key", icon=":material/add:", key="new_api_key"):
        _new_key(app, agent)


@st.dialog("New API key", on_dismiss="rerun")
def _new_key(app: App, agent: Agent | None) -> None:
    """The value is drawn once, in here. It stands in no session: closing the dialog is the end of it."""
    if st.session_state.get("api_key_copied"):
        st.rerun()
    form = st.empty()
    with form.container(gap="small"):
        name = st.text_input("Name", max_chars=KEY_NAME_CHARS, placeholder="Web shop", key="api_key_name")
        agent_ids = _agents(app, agent)
        a_minute = st.number_input(
            "Requests a minute",
            1,
            100_000,
            REQUESTS_PER_MINUTE,
            placeholder="no limit",
            help="Over all processes together. Empty: no limit.",
        )
        if not st.button("Make the key", type="primary", key="make_api_key"):
            return
        made = app.publishing.make_key(name or "", who(), agent_ids, a_minute)
        if isinstance(made, Err):
            st.error(plain(made.message), icon=":material/error:")
            return
    form.empty()
    st.markdown("Copy it now: **it is shown this once**, and only its hash is kept.")
    st.code(made.value.value, language=None, wrap_lines=True)
    st.button("I have it", type="primary", key="api_key_copied")


def _agents(app: App, agent: Agent | None) -> tuple[UUID, ...] | None:
    """Which agents it may ask; None: every published one."""
    names = {one.id: one.name for one in app.publishing.published()}
    default = _SOME if agent else _ALL
    reach = st.segmented_control("It may ask", (_ALL, _SOME), default=default, required=True, key="api_key_reach")
    if reach == _ALL:
        return None
    chosen = [agent.id] if agent and agent.id in names else []
    return tuple(
        st.multiselect("Agents", list(names), chosen, format_func=lambda one: names[one], key="api_key_agents")
    )
