"""What a prompt of the library is good for: an agent, or a message in a chat; and who has it already."""

from collections.abc import Sequence

import streamlit as st

from core.bootstrap import App
from core.domain.agent import AgentSpec
from core.domain.prompt import Prompt
from core.domain.result import Err
from core.domain.template import render
from pages.components.editor.instructions import preview
from pages.components.frame import quiet
from pages.components.session import say, who
from pages.components.text import plain
from pages.components.variables import variable_inputs


def use_button(app: App, prompt: Prompt) -> None:
    if prompt.kind == "system":
        if st.button("Make an agent", icon=":material/robot_2:", help="A new agent that is told this."):
            _make_agent(app, prompt)
    elif st.button("Use in a chat", icon=":material/chat:"):
        _use_in_chat(app, prompt)


def _make_agent(app: App, prompt: Prompt) -> None:
    spec = AgentSpec(instructions=prompt.text, variables=prompt.variables)
    made = app.agents.create(prompt.name, spec, who())
    if isinstance(made, Err):
        say(made.message, failed=True)
        st.rerun()
    st.switch_page("agent.py", query_params={"agent": str(made.value.id)})


@st.dialog("Use in a chat", width="large")
def _use_in_chat(app: App, prompt: Prompt) -> None:
    agents = [row.agent for row in app.agents.list()]
    if not agents:
        st.caption("There is no agent to talk to yet. Make one first.")
        return
    agent = st.selectbox("Agent", agents, format_func=lambda one: one.name)
    values = variable_inputs(prompt.variables, f"use_{prompt.id}") if prompt.variables else {}
    message = render(prompt.text, prompt.variables, values)
    preview(message)
    st.caption("It is put into the message box; nothing is sent before you send it.")
    if st.button("Open the chat", type="primary", disabled=not message.is_complete):
        st.session_state["composer"] = message.text
        st.switch_page("chat.py", query_params={"agent": str(agent.id)})


def used_by(app: App, versions: Sequence[Prompt]) -> None:
    """The agents whose instructions are one of the versions, word for word."""
    if versions[0].kind != "system":
        return
    numbers = {version.text: version.number for version in reversed(versions)}
    users = [(row.agent.name, numbers.get(row.spec.instructions)) for row in app.agents.list()]
    found = [f"{plain(name)} (version {number})" for name, number in users if number]
    quiet(f"used by {', '.join(found)}" if found else "no agent uses it as it stands", small=True)
