"""One MCP server: whether it answers, what changed of its tools, which of them are used."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from core.bootstrap import App
from core.domain.diff import text_diff
from core.domain.tool import ToolSpec
from core.domain.tool_source import ToolDrift, ToolSource
from pages.components.diff import word_diff
from pages.components.frame import ask_once, page_header, quiet, section
from pages.components.mcp_sign_in import sign_in_state
from pages.components.offered_tools import offered_tools
from pages.components.session import say, show_said, value_or_say, who
from pages.components.text import counted, plain, short
from pages.components.tool_text import pretty

FRESH = timedelta(minutes=1)
"""What a server said longer ago is asked again when somebody looks at it."""
_CHECK = "check_source"


def source_badge(source: ToolSource) -> None:
    if source.fault:
        st.badge("No answer", icon=":material/error:", color="red", help=plain(source.fault))
    elif source.drifts:
        words = f"{counted(len(source.drifts), 'tool')} changed"
        st.badge(words, icon=":material/difference:", color="orange", help="No run uses them before you accept it.")
    else:
        st.badge("As accepted", icon=":material/verified:", color="green", help="It says what it said when accepted.")


def servers(app: App, search: str) -> None:
    """The servers that tools come from, where one fits the search."""
    words = search.lower()
    found = [source for source in app.tool_sources.list() if words in f"{source.name} {source.server_name}".lower()]
    if not found:
        return
    section("MCP servers", "Where tools come from that others define.")
    with st.grid("auto", min_column_width=300, gap="medium"):
        for source in found:
            _card(source)


def from_source(tool: ToolSpec) -> None:
    """Where a tool comes from, with its name there."""
    if tool.kind == "mcp":
        there, source = str(tool.definition["tool"]), str(tool.definition["source"])
        if st.button(f"{plain(there)} of {plain(source)}", icon=":material/dns:", type="tertiary"):
            st.switch_page("tools.py", query_params={"source": source})


def _card(source: ToolSource) -> None:
    with st.container(border=True, gap="small", height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.markdown(f"**{plain(source.name)}**", width="stretch")
            source_badge(source)
        st.caption(plain(short(source.server_name or source.server.place(), 80)))
        quiet(f"{_used(source)} of {counted(len(source.seen), 'tool')} used", source.checked_at, small=True)
        st.space("stretch")
        if st.button("Open", icon=":material/dns:", key=f"source_{source.name}"):
            st.switch_page("tools.py", query_params={"source": source.name})


def one_source(app: App, source: ToolSource) -> None:
    is_asked_for = st.session_state.pop(_CHECK, "") == source.name
    if is_asked_for or datetime.now(UTC) - source.checked_at > FRESH:
        with st.spinner("Asking the server what it offers now…"):
            source = value_or_say(app.tool_sources.check(source.name)) or source
    st.button("All tools", icon=":material/arrow_back:", type="tertiary", on_click=st.query_params.clear)
    with page_header(source.name, source.server_name or "MCP server", ("asked", source.checked_at)):
        source_badge(source)
        st.button("Check now", icon=":material/refresh:", on_click=_check, args=(source.name,))
        if st.button("Remove", icon=":material/archive:"):
            loss = "Its tools leave the catalogue. Agents that name them keep them; adding it again brings all back."
            ask_once(f"Remove {source.name}?", loss, "Remove", lambda: _remove(app, source.name))
    show_said()
    quiet(source.server.place())
    if source.server.oauth:
        sign_in_state(app, source.name, source.server)
    if source.fault:
        st.error(plain(source.fault), icon=":material/error:")
        st.caption("Runs that use its tools stop before the model is asked. What is below is what it said before.")
    if source.drifts:
        _changes(app, source)
    _choice(app, source)


def _check(name: str) -> None:
    st.session_state[_CHECK] = name


def _remove(app: App, name: str) -> None:
    if value_or_say(app.tool_sources.remove(name, who())) is not None:
        st.query_params.clear()
        say(f"{name} is removed.")


def _changes(app: App, source: ToolSource) -> None:
    section("Changed since you accepted it", "No run uses these tools before you accept the change.")
    for drift in source.drifts:
        _change(app, source, drift)
    if len(source.drifts) > 1:
        label = f"Accept all {len(source.drifts)} changes"
        st.button(label, icon=":material/done_all:", on_click=_accept, args=(app, source.name, source.drifts))


def _change(app: App, source: ToolSource, drift: ToolDrift) -> None:
    with st.container(border=True, gap="small", key=f"tool_waiting_drift_{drift.tool}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            what = ", ".join(drift.parts()) if drift.now else "it has it no more"
            st.markdown(f"**{plain(drift.tool)}** :gray[{plain(what)}]", width="stretch")
            label = "Accept" if drift.now else "Let it go"
            st.button(
                label,
                type="primary",
                icon=":material/check:",
                key=f"accept_{drift.tool}",
                on_click=_accept,
                args=(app, source.name, (drift,)),
            )
        if drift.now:
            _differences(drift)


def _differences(drift: ToolDrift) -> None:
    before, now = drift.before, drift.now
    if now is None:
        return
    pairs = (
        ("Title", before.title, now.title),
        ("Description", before.description, now.description),
        ("Inputs", pretty(before.parameters), pretty(now.parameters)),
        ("It only reads", _said(before.is_read_only), _said(now.is_read_only)),
    )
    for label, old, new in pairs:
        if old != new:
            st.caption(label)
            word_diff(text_diff(old, new))


def _said(is_read_only: bool) -> str:
    return "yes, it says" if is_read_only else "it does not say so"


def _accept(app: App, name: str, drifts: tuple[ToolDrift, ...]) -> None:
    shown = {drift.tool: drift.now.hash() if drift.now else "" for drift in drifts}
    if value_or_say(app.tool_sources.accept(name, shown, who())) is not None:
        say(f"Accepted: {', '.join(shown)}.")


def _choice(app: App, source: ToolSource) -> None:
    used = {tool.name for tool in source.accepted}
    section("Its tools", f"{_used(source)} of {len(source.seen)} are used here.")
    ticked = offered_tools(app.tool_sources.offers(source), used, f"used_{source.name}_{source.updated_at}")
    kept = [tool.name for tool in source.accepted if tool.name not in {seen.name for seen in source.seen}]
    if set(ticked) | set(kept) != used:
        st.button(
            "Keep this choice",
            type="primary",
            icon=":material/check:",
            on_click=_choose,
            args=(app, source.name, [*ticked, *kept]),
        )


def _choose(app: App, name: str, tools: list[str]) -> None:
    chosen = value_or_say(app.tool_sources.choose(name, tools, who()))
    if chosen is not None:
        say(f"{counted(len(chosen.accepted), 'tool')} of {name} are used now.")


def _used(source: ToolSource) -> int:
    """How many of what it offers now are in use."""
    return len({tool.name for tool in source.seen} & {tool.name for tool in source.accepted})
