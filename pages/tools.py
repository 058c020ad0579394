"""Tools: what each one does, whether it reads or changes the world, and a place to try it."""

from itertools import groupby

import streamlit as st

from core.bootstrap import App
from core.domain.listing import AgentSummary
from core.domain.tool import ToolKind, ToolSpec
from core.domain.tool_stats import ToolStats
from pages.components.api_document import documents, from_document, one_document
from pages.components.frame import empty_state, page_header, quiet, section
from pages.components.hub_form.form import hub_form
from pages.components.hub_form.space import space_form
from pages.components.mcp_form import mcp_form
from pages.components.python_form import python_form
from pages.components.request_form.form import request_form
from pages.components.searching import search_field
from pages.components.session import get_app, may, show_said
from pages.components.text import counted, plain, short
from pages.components.tool_agent import agent_tool
from pages.components.tool_import import import_openapi, start_over
from pages.components.tool_origin import tool_origin
from pages.components.tool_secrets import tool_secrets
from pages.components.tool_source import from_source, one_source, servers
from pages.components.tool_stats import tool_stats
from pages.components.tool_trial import trial

KINDS: dict[ToolKind, tuple[str, str]] = {
    "builtin": ("Built in", "They run inside this server; those that compute never reach out."),
    "http": ("HTTP requests", "One request each, defined by you."),
    "openapi": ("From OpenAPI documents", "One tool an operation of somebody's API."),
    "mcp": ("From MCP servers", "Pinned by hash; a change waits for your yes."),
    "hf": ("Hugging Face", "Tasks and Spaces."),
    "python": ("Python", "Functions in a sandbox."),
    "agent": ("Agents", "An agent that another agent may ask."),
    "knowledge": ("Knowledge", "Collections of documents, searched for passages to cite."),
}

MOST_CARDS = 60
"""Of one kind: a document may bring thousands of tools, and nobody reads so many cards."""

WAYS = {
    "http": "HTTP request",
    "openapi": "OpenAPI document",
    "mcp": "MCP server",
    "hf": "Hugging Face task",
    "space": "Hugging Face Space",
    "python": "Python function",
    "agent": "Agent as a tool",
    "knowledge": "Collection of documents",
}


def catalogue(app: App, tools: list[ToolSpec]) -> None:
    kinds = list(KINDS)
    ordered = sorted(tools, key=lambda tool: kinds.index(tool.kind))
    groups = {kind: list(group) for kind, group in groupby(ordered, key=lambda tool: tool.kind)}
    users = users_of(app.agents.list())
    stats = app.tools.stats(tool.name for group in groups.values() for tool in group[:MOST_CARDS])
    for kind, group in groups.items():
        title, note = KINDS[kind]
        section(title, note)
        with st.grid("auto", min_column_width=300, gap="medium"):
            for tool in group[:MOST_CARDS]:
                card(tool, users.get(tool.name, []), stats.get(tool.name))
        if len(group) > MOST_CARDS:
            quiet(f"and {len(group) - MOST_CARDS:,} more: search for what you need", small=True)


def card(tool: ToolSpec, used_by: list[str], stats: ToolStats | None) -> None:
    with st.container(border=True, gap="small", height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.markdown(f"**{plain(tool.name)}**", width="stretch")
            effect_badge(tool)
        st.caption(plain(short(tool.description, 150)))
        quiet(f"used by {short(', '.join(used_by), 60)}" if used_by else "no agent uses it", small=True)
        if stats:
            tool_stats(stats)
        st.space("stretch")
        if st.button("Try it", icon=":material/play_arrow:", key=f"try_{tool.name}"):
            st.switch_page("tools.py", query_params={"tool": tool.name})


def effect_badge(tool: ToolSpec) -> None:
    if tool.effect == "write":
        st.badge("Changes", icon=":material/edit:", color="orange", help="It changes something; a repetition counts.")
    else:
        st.badge("Reads", icon=":material/visibility:", color="gray", help="It only looks; repeating it does no harm.")


def users_of(agents: list[AgentSummary]) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for row in agents:
        for choice in row.spec.tools:
            users.setdefault(choice.name, []).append(row.agent.name)
    return users


def edit_tool(name: str) -> None:
    st.query_params.clear()
    st.query_params["edit"] = name


def one(app: App, tool: ToolSpec) -> None:
    st.button("All tools", icon=":material/arrow_back:", type="tertiary", on_click=st.query_params.clear)
    with page_header(tool.name, KINDS[tool.kind][0], f"at most {tool.time_limit_s:g} s"):
        effect_badge(tool)
        if tool.kind in ("http", "hf", "python"):
            st.button("Edit", icon=":material/edit:", on_click=edit_tool, args=(tool.name,))
    show_said()
    from_source(tool)
    from_document(app, tool)
    st.text(tool.description)
    tool_origin(tool)
    if stats := app.tools.stats([tool.name]).get(tool.name):
        tool_stats(stats)
    tool_secrets(app, tool)
    trial(app, tool)


def ways_in() -> list[str]:
    """A server's command runs on this machine, so only an operator adds one."""
    return [way for way in WAYS if way != "mcp" or may("operator")]


def everything(app: App) -> None:
    with page_header("Tools", "The model decides to call them; this server executes them and records it."):
        match st.menu_button(
            "Add a tool", ways_in(), icon=":material/add:", type="primary", format_func=WAYS.__getitem__
        ):
            case "http" | "mcp" | "hf" | "space" | "python" as kind:
                st.switch_page("tools.py", query_params={"new": kind})
            case "openapi":
                start_over()
                import_openapi(app)
            case "agent":
                agent_tool(app)
            case "knowledge":
                st.switch_page("knowledge.py")
    show_said()
    search = search_field("tools")
    tools = app.tools.list(search=search)
    servers(app, search)
    documents(app, search)
    if not tools:
        empty_state(":material/build:", "No tool fits this search.")
        return
    st.caption(counted(len(tools), "tool"))
    catalogue(app, tools)


def main() -> None:
    app = get_app()
    name = st.query_params.get("tool")
    tool = app.tools.get(name) if name else None
    edited = st.query_params.get("edit", "")
    new, source = st.query_params.get("new"), app.tool_sources.get(st.query_params.get("source", ""))
    document = app.api_documents.get(st.query_params.get("document", ""))
    if new == "http":
        request_form(app, "")
    elif new == "mcp":
        if may("operator"):
            mcp_form(app)
        else:
            st.caption("Only an operator adds a server: its command runs on this machine.")
    elif new == "hf":
        hub_form(app, "")
    elif new == "space":
        space_form(app, "")
    elif document is not None:
        one_document(app, document)
    elif source is not None:
        one_source(app, source)
    elif new == "python":
        python_form(app, None)
    elif edited and (written := app.tools.get(edited)) and written.kind == "python":
        python_form(app, written)
    elif edited and (written := app.tools.get(edited)) and written.kind == "hf":
        (space_form if app.space_tools.is_ours(written) else hub_form)(app, edited)
    elif edited and app.tool_maker.http_definition(edited):
        request_form(app, edited)
    elif tool is not None:
        one(app, tool)
    else:
        everything(app)


main()
