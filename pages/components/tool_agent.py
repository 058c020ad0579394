"""An agent becomes a tool that other agents may call."""

import streamlit as st

from core.bootstrap import App
from core.domain.agent import Agent
from core.domain.result import Err
from pages.components.session import say, who
from pages.components.text import plain


@st.dialog("Agent as a tool")
def agent_tool(app: App) -> None:
    agents = {row.agent.name: row.agent for row in app.agents.list()}
    st.caption("Its call is a run of its own: stopped with the one that calls, counted in its limits, linked to it.")
    chosen = agents.get(st.selectbox("Agent", list(agents)) or "")
    if chosen is None:
        return
    # The keys change with the agent, so that each begins with its own words.
    name = st.text_input(
        "Name of the tool", app.own_tools.agent_tool_name(chosen.name), key=f"agent_tool_name_{chosen.id}"
    )
    said = st.text_area(
        "What it does, for the model that may call it", chosen.description, key=f"agent_tool_says_{chosen.id}"
    )
    if st.button("Keep it", type="primary", icon=":material/check:"):
        _keep(app, chosen, name or "", said or "")


def _keep(app: App, agent: Agent, name: str, said: str) -> None:
    kept = app.own_tools.keep_agent(agent.id, who(), name=name, description=said, is_new=True)
    if isinstance(kept, Err):
        st.error(plain(kept.message), icon=":material/error:")
        return
    say(f"{kept.value.tool.name} can be given to agents now.")
    st.query_params["tool"] = kept.value.tool.name
    st.rerun()
