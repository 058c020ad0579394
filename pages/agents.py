"""Agents: the list, and four ways to a new one."""

import streamlit as st

from core.bootstrap import App
from core.domain.agent import Agent, AgentSpec
from core.domain.listing import AgentSummary
from core.domain.result import Err, Result
from core.services.templates import Template
from pages.components.avatar import avatar
from pages.components.frame import Part, empty_state, page_header, quiet, section
from pages.components.searching import search_field
from pages.components.session import get_app, say, show_said, value_or_say, who
from pages.components.text import compact, cost, counted, plain, short

COLUMNS_PX = 320
MOST_CARDS = 60
"""Nobody reads more cards than that."""


def edit(agent: Agent) -> None:
    st.switch_page("agent.py", query_params={"agent": str(agent.id)})


@st.dialog("New agent", width="large")
def new_agent(app: App) -> None:
    ways = st.tabs(["From a template", "Blank", "Import a file"])
    with ways[0]:
        templates(app)
    with ways[1]:
        blank(app)
    with ways[2]:
        imported(app)


def templates(app: App) -> None:
    st.caption("Each works as it is; change what you like afterwards.")
    with st.grid(2, min_column_width=240, gap="small"):
        for template in app.agents.templates():
            template_card(app, template)


def template_card(app: App, template: Template) -> None:
    with st.container(border=True, gap="xsmall", height="stretch"):
        st.markdown(f":primary[{avatar(template)}] **{plain(template.title)}**")
        st.caption(plain(template.description))
        tools = counted(len(template.spec.tools), "tool") if template.spec.tools else "no tools"
        st.space("stretch")
        if st.button("Use this", key=f"template_{template.name}", help=f"With {tools}"):
            made(app.agents.from_template(template.name, who()))


def blank(app: App) -> None:
    with st.form("blank", border=False):
        name = st.text_input("Name", max_chars=100, placeholder="Sales assistant")
        description = st.text_input("In one line", placeholder="Answers what customers ask about prices")
        if st.form_submit_button("Create", type="primary"):
            made(app.agents.create((name or "").strip(), AgentSpec(), who(), description=(description or "").strip()))


def imported(app: App) -> None:
    st.caption("A file that was exported here, or by `python -m core agent export`.")
    file = st.file_uploader("Agent file", type=["yaml", "yml"], label_visibility="collapsed")
    if file is None:
        return
    try:
        text = file.getvalue().decode()
    except UnicodeDecodeError:
        st.error("This file is not text in UTF-8.", icon=":material/error:")
        return
    if not st.button("Import", type="primary"):
        return
    result = app.agents.import_yaml(text, who())
    if isinstance(result, Err):
        st.error(plain(result.message), icon=":material/error:")
        return
    news = f"revision {result.value.revision_number}" if result.value.is_new else "nothing new in it"
    news += ", not live: its gate holds it" if result.value.held else ""
    say(f"Imported: {news}.")
    edit(result.value.agent)


def made(result: Result[Agent]) -> None:
    """Open the editor of a new agent, or say here why there is none."""
    if isinstance(result, Err):
        st.error(plain(result.message), icon=":material/error:")
        return
    edit(result.value)


def card(app: App, row: AgentSummary) -> None:
    agent = row.agent
    with st.container(border=True, gap="small", height="stretch", key=f"row_agent_{agent.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.markdown(f":primary[{avatar(agent)}] **{plain(agent.name)}**", width="stretch")
            if agent.draft is not None:
                st.badge("Draft", icon=":material/edit_note:", color="blue", help="Differs from the live revision")
        st.caption(plain(short(agent.description, 120)) or "No description yet.")
        quiet(*facts(row), small=True)
        st.space("stretch")
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            if st.button("Chat", key=f"chat_{agent.id}", icon=":material/chat:"):
                st.switch_page("chat.py", query_params={"agent": str(agent.id)})
            if st.button("Edit", key=f"edit_{agent.id}", icon=":material/edit:"):
                edit(agent)
            if st.button("", key=f"copy_{agent.id}", icon=":material/content_copy:", type="tertiary", help="Duplicate"):
                made(app.agents.duplicate(agent.id, who()))
            if agent.archived:
                st.button("Bring back", key=f"back_{agent.id}", type="tertiary", on_click=bring_back, args=(app, agent))


def bring_back(app: App, agent: Agent) -> None:
    if value_or_say(app.agents.archive(agent.id, who(), archived=False)):
        say(f"{agent.name} is back.")


def facts(row: AgentSummary) -> list[Part]:
    model = row.spec.model or row.spec.endpoint or "any model"
    return [
        f"revision {row.agent.live_revision}" if row.agent.live_revision else "not live yet",
        model,
        counted(len(row.spec.tools), "tool") if row.spec.tools else "no tools",
        *([counted(row.runs_this_week, "run") + " this week"] if row.runs_this_week else []),
        *([f"{compact(row.tokens_this_week)} tokens"] if row.tokens_this_week else []),
        *([cost(row.cost_usd_this_week)] if row.cost_usd_this_week else []),
        *([row.last_run_at] if row.last_run_at else []),
    ]


def filters(app: App) -> list[AgentSummary]:
    everyone = app.agents.list()
    tags = sorted({tag for row in everyone for tag in row.agent.tags})
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        search = search_field("agents")
        tag = st.pills("Tags", tags, format_func=plain, label_visibility="collapsed") if tags else None
        archived = st.toggle("Archived", key="archived", bind="query-params")
    if search or tag or archived:
        return app.agents.list(search=search, tag=tag or "", archived=archived)
    return everyone


def main() -> None:
    app = get_app()
    with page_header("Agents", "A prompt, a model, some tools and limits, under one name."):
        if st.button("New agent", icon=":material/add:", type="primary"):
            new_agent(app)
    show_said()
    rows = filters(app)
    if not rows:
        section("Nothing here")
        if empty_state(
            ":material/robot_2:",
            "An agent is a prompt with tools that answers under its own name.",
            "Make an agent",
            "a clerk who calculates, a reader who quotes a page",
            key="first_agent",
        ):
            new_agent(app)
        return
    with st.grid("auto", min_column_width=COLUMNS_PX, gap="medium"):
        for row in rows[:MOST_CARDS]:
            card(app, row)
    if len(rows) > MOST_CARDS:
        quiet(f"and {len(rows) - MOST_CARDS:,} more: search for what you need", small=True)


main()
