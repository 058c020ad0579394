"""The head of the editor: name, numbers of the week, and what can be done with the agent as a whole."""

import streamlit as st

from core.bootstrap import App
from core.domain.agent import Agent
from core.domain.result import Err
from core.domain.run_query import RunFilter
from pages.components.frame import Part, ask_once, page_header
from pages.components.session import say, value_or_say, who
from pages.components.text import compact, cost, counted, plain, week_ago

_DETAILS, _DUPLICATE, _EXPORT, _ARCHIVE = "Name and details", "Duplicate", "Export", "Archive"


def agent_head(app: App, agent: Agent) -> None:
    with page_header(agent.name, *_facts(app, agent)):
        choice = st.menu_button(
            "More", [_DETAILS, _DUPLICATE, _EXPORT, _ARCHIVE], icon=":material/more_horiz:", key="agent_more"
        )
        if st.button("Open chat", icon=":material/chat:"):
            st.switch_page("chat.py", query_params={"agent": str(agent.id)})
    match choice:
        case "Name and details":
            _details(app, agent)
        case "Duplicate":
            _duplicate(app, agent)
        case "Export":
            _export(app, agent)
        case "Archive":
            _ask_archive(app, agent)


def _facts(app: App, agent: Agent) -> list[Part]:
    totals = app.runs.totals(RunFilter(agent_id=agent.id, since=week_ago()))
    return [
        agent.description,
        f"revision {agent.live_revision} is live" if agent.live_revision else "not live yet",
        f"{counted(totals.runs, 'run')} this week" if totals.runs else "no runs this week",
        f"{compact(totals.tokens)} tokens" if totals.tokens else "",
        cost(totals.cost_usd) if totals.cost_usd is not None else "",
    ]


@st.dialog("Name and details")
def _details(app: App, agent: Agent) -> None:
    name = st.text_input("Name", agent.name, max_chars=100)
    description = st.text_input("In one line", agent.description)
    tags = st.multiselect("Tags", list(agent.tags), list(agent.tags), accept_new_options=True)
    if st.button("Save", type="primary"):
        result = app.agents.update_details(
            agent.id, who(), name=(name or "").strip(), description=(description or "").strip(), tags=tuple(tags)
        )
        if isinstance(result, Err):
            st.error(plain(result.message), icon=":material/error:")
        else:
            st.rerun()


def _duplicate(app: App, agent: Agent) -> None:
    copy = value_or_say(app.agents.duplicate(agent.id, who()))
    if copy is not None:
        say(f"This is the copy: {copy.name}.")
        st.switch_page("agent.py", query_params={"agent": str(copy.id)})


@st.dialog("Export")
def _export(app: App, agent: Agent) -> None:
    st.caption("One file with everything the agent is. Secrets are named in it, never contained.")
    result = app.agents.export_yaml(agent.id)
    if isinstance(result, Err):
        st.error(plain(result.message), icon=":material/error:")
        return
    st.code(result.value, language="yaml", height=300)
    st.download_button(
        "Download",
        result.value,
        file_name=f"{agent.name}.yaml",
        mime="application/yaml",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )


def _ask_archive(app: App, agent: Agent) -> None:
    ask_once(
        "Archive this agent?",
        "It leaves the lists. Its revisions, conversations and runs stay, and it can be brought back under Agents.",
        "Archive",
        lambda: _archive(app, agent),
    )


def _archive(app: App, agent: Agent) -> None:
    if value_or_say(app.agents.archive(agent.id, who())):
        say(f"{agent.name} is archived.")
        st.switch_page("agents.py")
