"""The list of conversations in the sidebar."""

from itertools import groupby
from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.listing import ConversationSummary
from pages.components.frame import quiet
from pages.components.session import may
from pages.components.text import bare, day_heading, plain, short

_TITLE_CHARS = 30
_ARCHIVED = "archived_conversations"
_ICONS = {
    "running": ":material/progress_activity:",
    "queued": ":material/schedule:",
    "waiting": ":material/front_hand:",
    "failed": ":material/error:",
}


def conversation_list(app: App, open_id: UUID | None) -> None:
    with st.sidebar:
        if may("builder"):
            st.button("New chat", icon=":material/add:", width="stretch", on_click=open_conversation, args=(None,))
        search = st.text_input(
            "Search conversations",
            placeholder="Search conversations",
            icon=":material/search:",
            label_visibility="collapsed",
            key="conversation_search",
            live=True,
        )
        archived = bool(st.session_state.get(_ARCHIVED))
        found = app.conversations.list(search=search or "", archived=archived)
        if not found:
            st.caption("Nothing found." if search or archived else "Your conversations will stand here.")
        for day, rows in groupby(found, key=lambda row: day_heading(row.last_at)):
            with st.container(gap="xxsmall", key=f"conv_{day.replace(' ', '_')}"):
                st.caption(day)
                for row in rows:
                    _row(row, is_open=row.conversation.id == open_id)
        st.toggle("Archived ones", key=_ARCHIVED)


def _row(row: ConversationSummary, *, is_open: bool) -> None:
    title = plain(short(title_of(row), _TITLE_CHARS))
    st.button(
        f":primary[**{title}**]" if is_open else title,
        type="tertiary",
        width="stretch",
        icon=_ICONS.get(row.status or "", ":material/chat_bubble:"),
        key=f"conversation_{row.conversation.id}",
        on_click=open_conversation,
        args=(row.conversation.id, row.found_run_id),
    )
    if row.found:
        quiet(bare(row.found), small=True)


def title_of(row: ConversationSummary) -> str:
    return row.conversation.title or row.last_line or "New conversation"


def open_conversation(conversation_id: UUID | None, at: UUID | None = None) -> None:
    """The address names the conversation, and the branch of the run `at`: reload, back and a second tab show the same."""
    st.query_params.clear()
    if conversation_id is not None:
        st.query_params["conversation"] = str(conversation_id)
    if at is not None:
        st.query_params["leaf"] = str(at)
