"""Home: what needs me, then what I was doing, then how to begin."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from core.bootstrap import App, get_app
from core.domain.listing import AgentSummary, ConversationSummary
from core.domain.run import Run
from core.domain.run_query import RunFilter
from core.services.health import HealthLine
from pages.components.avatar import avatar
from pages.components.conversations import title_of
from pages.components.frame import empty_state, health_line, page_header, quiet, section
from pages.components.session import show_said
from pages.components.state import run_state, state_badge
from pages.components.text import bare, counted, plain, short, zone
from pages.components.words import kind_words

RECENT, SHOWN_NEEDS = 6, 5


def greeting() -> str:
    hour = datetime.now(zone()).hour
    return "Good morning" if 4 <= hour < 12 else "Good afternoon" if 12 <= hour < 18 else "Good evening"


def needs(app: App) -> list[Run]:
    """Runs that only a person can bring further."""
    return app.runs.list(RunFilter(status=("waiting",)), limit=SHOWN_NEEDS)


def header(waiting: Sequence[Run]) -> None:
    subtitle = f"{counted(len(waiting), 'thing needs', 'things need')} you." if waiting else "Nothing waits for you."
    with page_header(greeting(), subtitle):
        if st.button("New agent", icon=":material/add:"):
            st.switch_page("agents.py")
        if st.button("New chat", icon=":material/chat:", type="primary"):
            st.switch_page("chat.py")


def needs_you(waiting: Sequence[Run]) -> None:
    with st.container(border=True, gap="small"):
        for run in waiting:
            with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
                with st.container(gap=None, width="stretch"):
                    st.markdown(f"**{plain(short(run.input, 90))}**")
                    quiet(run.agent_name or "No saved agent", run.model, run.created_at)
                state_badge(run_state(run))
                if st.button("Answer", key=f"need_{run.id}", width=96):
                    open_run(run)


def open_run(run: Run) -> None:
    if run.conversation_id and run.kind == "chat":
        st.switch_page("chat.py", query_params={"conversation": str(run.conversation_id)})
    st.switch_page("run.py", query_params={"run": str(run.id)})


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


def first_steps(app: App, agents: Sequence[AgentSummary], *, talked: bool) -> None:
    """A short checklist; each line is done by doing it."""
    changed = any(row.agent.draft is not None or (row.agent.live_revision or 0) > 1 for row in agents)
    steps = (
        (talked, "Talk to an agent", "chat.py"),
        (bool(app.runs.list(RunFilter(kind=("test",)), limit=1)), "Try a tool by itself", "tools.py"),
        (changed, "Change an agent and try the draft", "agents.py"),
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


def sample_agents(agents: Sequence[AgentSummary]) -> None:
    section("Agents to begin with", "They work at once, without an account.")
    with st.grid(3, min_column_width=260, gap="medium"):
        for row in agents[:3]:
            with st.container(border=True, gap="small", height="stretch"):
                st.markdown(f":primary[{avatar(row.agent)}] **{plain(row.agent.name)}**")
                st.caption(plain(row.agent.description), width="stretch")
                if st.button("Try it", key=f"sample_{row.agent.id}", icon=":material/play_arrow:"):
                    st.switch_page("chat.py", query_params={"agent": str(row.agent.id)})


def health(app: App) -> None:
    st.space("small")
    lines = checked(app)
    health_line([(line.ok, plain(f"{line.name}: {line.detail.partition(', ')[0]}")) for line in lines])


@st.cache_data(ttl=30, show_spinner=False)
def checked(_app: App) -> list[HealthLine]:
    """Asked at most twice a minute: an endpoint that is down takes its time to say so."""
    return _app.health.check()


def main() -> None:
    app = get_app()
    waiting = needs(app)
    header(waiting)
    show_said()
    if waiting:
        needs_you(waiting)
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
        elif agents:
            section("Recent")
            if empty_state(":material/forum:", "Talk to an agent and you find it here again.", "Begin a chat"):
                st.switch_page("chat.py")
    with right:
        first_steps(app, agents, talked=bool(conversations))
    if agents:
        st.space("xsmall")
        sample_agents(agents)
    health(app)


main()
