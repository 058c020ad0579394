"""Before a comparison: begin one, or go on with an earlier one."""

from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.comparison import Comparison, tally
from core.domain.listing import AgentSummary
from core.domain.variant import AdHocSpec, SavedSpec, Variant
from pages.components.compare.board import NO_AGENT
from pages.components.compare.look import compare_css
from pages.components.frame import empty_state, page_header, quiet, section
from pages.components.session import show_said, value_or_say, who
from pages.components.text import counted, plain

PARAM = "comparison"


def begin(app: App) -> None:
    page_header("Compare", "One message to two, three or four variants of an agent at once: see which answers better.")
    compare_css()
    show_said()
    _new(app, app.agents.list())
    _earlier(app)


def _new(app: App, agents: list[AgentSummary]) -> None:
    by_id = {row.agent.id: row.agent.name for row in agents}
    options: list[UUID | str] = [*by_id, NO_AGENT]
    with st.container(border=True, gap="small", key="new_comparison"):
        st.markdown("**New comparison**")
        with st.grid(2, min_column_width=220, gap="small"):
            chosen = [_pick(letter, options, by_id) for letter in ("A", "B")]
        st.caption("The same agent twice is a good start: then change the prompt, the model or a tool of one column.")
        st.button(
            "Compare",
            icon=":material/view_column:",
            type="primary",
            on_click=_create,
            args=(app, [_variant(one) for one in chosen]),
        )


def _pick(letter: str, options: list[UUID | str], names: dict[UUID, str]) -> UUID | str:
    wanted = st.query_params.get("agent", "")
    index = next((place for place, one in enumerate(options) if str(one) == wanted), 0)
    return st.selectbox(
        f"Column {letter}",
        options,
        index,
        format_func=lambda one: names[one] if isinstance(one, UUID) else one,
        key=f"new_column_{letter}",
    )


def _variant(chosen: UUID | str) -> Variant:
    return Variant(source=SavedSpec(agent_id=chosen) if isinstance(chosen, UUID) else AdHocSpec())


def _create(app: App, variants: list[Variant]) -> None:
    if made := value_or_say(app.comparisons.create(variants, who())):
        st.query_params.clear()
        st.query_params[PARAM] = str(made.id)


def _earlier(app: App) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        section("Earlier comparisons")
        search = st.text_input(
            "Search comparisons",
            placeholder="Search",
            icon=":material/search:",
            label_visibility="collapsed",
            width=220,
            key="q",
            bind="query-params",
            live=True,
        )
        archived = st.toggle("Archived", key="archived", bind="query-params")
    found = app.comparisons.list(search or "", archived=archived)
    if not found:
        empty_state(
            ":material/view_column:",
            "Nothing found."
            if search or archived
            else "A comparison shows which prompt, model or setting answers better.",
            example="" if search or archived else "a short and a long prompt, asked the same question",
        )
    for one in found:
        _row(app, one)


def _row(app: App, one: Comparison) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"row_comparison_{one.id}"):
        with st.container(gap=None, width="stretch", key=f"flush_{one.id}"):
            st.page_link(
                "compare.py",
                label=f"**{plain(one.title) or 'Nothing asked yet'}**",
                query_params={PARAM: str(one.id)},
            )
            votes = tally(one).votes
            quiet(
                " · ".join(dict.fromkeys(_called(app, column.variant) for column in one.shown)),
                counted(len(one.shown), "column"),
                counted(len(one.turns), "message") if one.turns else "",
                counted(votes, "vote") if votes else "",
            )
        quiet(one.updated_at, right=True)


def _called(app: App, variant: Variant) -> str:
    if variant.name:
        return variant.name
    if isinstance(variant.source, AdHocSpec):
        return NO_AGENT
    agent = app.agents.get(variant.source.agent_id)
    return agent.name if agent else "a deleted agent"
