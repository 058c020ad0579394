"""Home: what needs me, then what I was doing, then how to begin."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from core.bootstrap import App
from core.domain.listing import AgentSummary, ConversationSummary
from core.domain.run import Run, RunKind
from core.domain.run_query import RunFilter
from core.services.health import HealthLine
from pages.components.asking import while_asked
from pages.components.avatar import avatar
from pages.components.conversations import title_of
from pages.components.frame import empty_state, health_line, page_header, quiet, section
from pages.components.needs import drifted_document, drifted_need, needs_you
from pages.components.session import get_app, may, show_said
from pages.components.text import bare, counted, plain, short, zone
from pages.components.words import kind_words

RECENT, MOST_NEEDS, AGENTS = 6, 50, 3
NEVER = datetime.min.replace(tzinfo=UTC)
PATIENCE_S = 0.2
"""Most servers answer within it, and the page then needs no second drawing."""


def greeting() -> str:
    hour = datetime.now(zone()).hour
    return "Good morning" if 4 <= hour < 12 else "Good afternoon" if 12 <= hour < 18 else "Good evening"


def needs(app: App) -> list[Run]:
    """Runs that only a person can bring further."""
    return app.runs.needing_people(MOST_NEEDS)


def header(waiting: int) -> None:
    subtitle = f"{counted(waiting, 'thing needs', 'things need')} you." if waiting else "Nothing waits for you."
    with page_header(greeting(), subtitle if may("builder") else ""):
        if not may("builder"):
            return
        if st.button("New agent", icon=":material/add:"):
            st.switch_page("agents.py")
        # While something waits, approving it is what this page is for.
        if st.button("New chat", icon=":material/chat:", type="secondary" if waiting else "primary"):
            st.switch_page("chat.py")


def recent(rows: Sequence[ConversationSummary], failed: Sequence[Run]) -> None:
    section("Recent")
    with st.container(gap="small", key="flush_recent"):
        for row in rows:
            recent_row(row)
        for run in failed:
            failed_row(run)


def recent_row(row: ConversationSummary) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        with st.container(gap=None, width="stretch"):
            st.page_link(
                "chat.py",
                label=f"**{plain(short(title_of(row), 60))}**",
                icon=":material/forum:",
                query_params={"conversation": str(row.conversation.id)},
            )
            quiet(row.conversation.agent_name, short(bare(row.last_line), 90), clamp=True)
        quiet(row.last_at, right=True)


def failed_row(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        with st.container(gap=None, width="stretch"):
            st.page_link(
                "run.py",
                label=f"**{plain(short(run.input, 60))}**",
                icon=":material/error:",
                query_params={"run": str(run.id)},
            )
            quiet(kind_words(run.error_kind) if run.error_kind else "Failed", run.agent_name, clamp=True)
        quiet(run.created_at, right=True)


def first_steps(app: App, agents: Sequence[AgentSummary]) -> None:
    """A short checklist; each line is done by doing it."""
    steps = (
        (was_done(app, "chat"), "Talk to an agent", "chat.py"),
        (was_done(app, "test"), "Try a tool by itself", "tools.py"),
        (was_done(app, "try"), "Change an agent and try the draft", "agents.py"),
        (was_done(app, "compare"), "Compare two prompts", "compare.py"),
        (any((row.agent.live_revision or 0) > 1 for row in agents), "Save it as a revision", "agents.py"),
    )
    done = sum(is_done for is_done, _, _ in steps)
    section("First steps", f"{done} of {len(steps)}")
    st.progress(done / len(steps))
    with st.container(gap="xsmall", key="flush_steps"):
        for is_done, text, target in steps:
            if is_done:
                st.markdown(f":green[:material/check_circle:] :gray[{text}]")
            else:
                st.page_link(target, label=text, icon=":material/circle:")


def was_done(app: App, kind: RunKind) -> bool:
    return bool(app.runs.list(RunFilter(kind=(kind,)), limit=1))


def some_agents(agents: Sequence[AgentSummary]) -> None:
    """Those that were talked to last; before the first talk, the samples."""
    met = sorted((row for row in agents if row.last_run_at), key=lambda row: row.last_run_at or NEVER, reverse=True)
    if met:
        section("Your agents", "The ones that you used last come first.")
    else:
        section("Agents to begin with", "They work at once, without an account.")
    others = [row for row in agents if not row.last_run_at]
    with st.grid(3, min_column_width=190, gap="medium"):
        for row in [*met, *others][:AGENTS]:
            agent_card(row)


def agent_card(row: AgentSummary) -> None:
    with st.container(border=True, gap="small", height="stretch"):
        st.markdown(f":primary[{avatar(row.agent)}] **{plain(row.agent.name)}**")
        st.caption(plain(row.agent.description), width="stretch")
        if row.last_run_at:
            quiet(("used", row.last_run_at), counted(row.runs_this_week, "run") + " this week", small=True)
        st.space("stretch")
        if st.button("Chat" if row.last_run_at else "Try it", key=f"agent_{row.agent.id}", icon=":material/chat:"):
            st.switch_page("chat.py", query_params={"agent": str(row.agent.id)})


def health(app: App) -> None:
    """Endpoints are asked in the background: one that does not answer keeps nobody waiting."""
    lines = app.health.look(patience_s=PATIENCE_S)
    health_line([(_well(line), plain(f"{line.name}: {line.detail.partition(', ')[0]}")) for line in lines])
    if any(line.is_checking for line in lines):
        while_asked(lambda: any(line.is_checking for line in app.health.look()), "Checking…", "health_asked")


def _well(line: HealthLine) -> bool | None:
    return None if line.is_checking and not line.ok else line.ok


def main() -> None:
    app = get_app()
    waiting, drifted = needs(app), [source for source in app.tool_sources.list() if source.drifts]
    documents = [document for document in app.api_documents.list() if document.drifts]
    header(len(waiting) + len(drifted) + len(documents))
    show_said()
    if may("builder"):
        for source in drifted:
            drifted_need(source)
        for document in documents:
            drifted_document(document)
    if waiting:
        needs_you(app, waiting)
    conversations = app.conversations.list(limit=RECENT)
    agents = app.agents.list()
    failed = app.runs.list(
        RunFilter(status=("failed",), kind=("chat",), since=datetime.now(UTC) - timedelta(days=1)), limit=2
    )
    st.space("xsmall")
    left, right = st.columns([3, 2], gap="large")
    with left:
        if conversations:
            recent(conversations, failed)
        elif not may("builder"):
            st.caption("Nothing was said here yet.")
        elif agents:
            section("Recent")
            if empty_state(":material/forum:", "Talk to an agent and you find it here again.", "Begin a chat"):
                st.switch_page("chat.py")
    if may("builder"):
        with right:
            first_steps(app, agents)
    if agents and may("builder"):
        st.space("xsmall")
        some_agents(agents)
    st.space("small")
    health(app)


main()
