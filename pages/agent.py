"""The agent editor: the form on the left, a real chat with the draft on the right."""

import streamlit as st

from core.bootstrap import App
from core.domain.agent import Agent
from pages.components.editor.bar import draft_bar
from pages.components.editor.draft import Draft
from pages.components.editor.head import agent_head
from pages.components.editor.instructions import instructions
from pages.components.editor.limits import limits, starters
from pages.components.editor.model import model
from pages.components.editor.publish import publish
from pages.components.editor.revisions import revisions
from pages.components.editor.tools import tools
from pages.components.editor.try_it import try_it
from pages.components.frame import empty_state, page_header
from pages.components.session import get_app, show_said, uuid_param

HALVES = (11, 9)


def editor(app: App, agent: Agent) -> None:
    draft = Draft(app, agent, app.agents.spec(agent))
    agent_head(app, agent)
    show_said()
    draft_bar(draft)
    form, trial = st.columns(HALVES, gap="large")
    with form:
        tabs(draft)
    with trial, st.container(key="trial", gap="small"):
        try_it(draft)


def tabs(draft: Draft) -> None:
    """Only the open tab is drawn: asking an endpoint for its models takes a moment."""
    parts = {
        "Instructions": instructions,
        "Model": model,
        "Tools": tools,
        "Limits": limits,
        "Starters": starters,
        "Revisions": revisions,
        "Publish": publish,
    }
    shown = st.tabs(list(parts), key=f"tabs_{draft.agent.id.hex}", on_change="rerun")
    for tab, draw in zip(shown, parts.values(), strict=True):
        if tab.open:
            with tab:
                draw(draft)


def nobody() -> None:
    page_header("Agent")
    if empty_state(":material/robot_2:", "There is no such agent here.", "All agents", key="all_agents"):
        st.switch_page("agents.py")


app = get_app()
agent_id = uuid_param("agent")
found = app.agents.get(agent_id) if agent_id else None
if found is None:
    nobody()
else:
    editor(app, found)
