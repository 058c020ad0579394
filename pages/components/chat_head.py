"""The head of a chat: which agent, which revision, and what can be done with the conversation."""

from collections.abc import Sequence

import streamlit as st

from core.bootstrap import App
from core.domain.agent import Agent
from core.domain.listing import AgentSummary
from core.domain.run import Conversation, Run
from pages.components.as_code import code_dialog
from pages.components.export import export_dialog
from pages.components.frame import ask_once, page_header
from pages.components.session import may, say, uuid_param, value_or_say, who
from pages.components.share import share_dialog

_MORE = ("Rename", "Share", "Export", "View as code", "Edit the agent", "Archive")
_TO_READ = ("Export", "View as code")


def new_head(agents: list[AgentSummary]) -> Agent:
    """Choose whom to talk to. The address holds the choice; the widget only shows it."""
    options = [summary.agent for summary in agents]
    wanted = uuid_param("agent")
    index = next((i for i, agent in enumerate(options) if agent.id == wanted), 0)
    key = f"chat_agent_{options[index].id}"
    with page_header("New chat", "The agent answers from its live revision."):
        st.selectbox(
            "Agent",
            options,
            index=index,
            format_func=lambda agent: agent.name,
            label_visibility="collapsed",
            key=key,
            on_change=_choose,
            args=(key,),
            width=260,
        )
    return options[index]


def _choose(key: str) -> None:
    agent: Agent = st.session_state[key]
    st.query_params["agent"] = str(agent.id)


def conversation_head(app: App, agent: Agent, conversation: Conversation, path: Sequence[Run]) -> None:
    """`path`: the branch that is shown."""
    title = conversation.title or "Conversation"
    revision = f"revision {agent.live_revision}" if agent.live_revision else "draft"
    archived = "archived" if conversation.archived else ""
    with page_header(title, agent.name, revision, ("begun", conversation.created_at), archived):
        if conversation.archived and may("builder"):
            st.button("Bring back", icon=":material/unarchive:", on_click=_bring_back, args=(app, conversation))
        choice = st.menu_button(
            "More", _MORE if may("builder") else _TO_READ, icon=":material/more_horiz:", key="conversation_more"
        )
    match choice:
        case "Rename":
            _rename(app, conversation)
        case "Share":
            share_dialog(app, conversation, path)
        case "Export":
            export_dialog(app, conversation, path)
        case "View as code":
            code_dialog(app, path)
        case "Edit the agent":
            st.switch_page("agent.py", query_params={"agent": str(agent.id)})
        case "Archive":
            ask_once(
                "Archive this conversation?",
                "It leaves the list. Its runs and their journals stay, and it can be brought back.",
                "Archive",
                lambda: _archive(app, conversation),
            )


@st.dialog("Rename the conversation")
def _rename(app: App, conversation: Conversation) -> None:
    with st.form("rename", border=False):
        title = st.text_input("Title", conversation.title, max_chars=120)
        if st.form_submit_button("Rename", type="primary"):
            value_or_say(app.conversations.rename(conversation.id, (title or "").strip(), who()))
            st.rerun()


def _archive(app: App, conversation: Conversation) -> None:
    if value_or_say(app.conversations.archive(conversation.id, who())):
        say("Archived.")
        st.query_params.clear()


def _bring_back(app: App, conversation: Conversation) -> None:
    if value_or_say(app.conversations.archive(conversation.id, who(), archived=False)):
        say("It is back in the list.")
