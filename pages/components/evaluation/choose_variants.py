"""Which variants are evaluated: an agent each, and what is changed of it. Kept in the address, so a reload loses nothing."""

import streamlit as st

from core.bootstrap import App
from core.domain.agent import Agent
from core.domain.evaluation import MOST_VARIANTS
from core.domain.variant import DraftSpec, Overrides, ParameterChanges, SavedSpec, Source, Variant
from pages.components.session import int_param
from pages.components.text import counted, plain

_LIVE, _DRAFT = "Live", "Draft"
_AS_IS = "As it is"


def variants_form(app: App) -> tuple[Variant, ...]:
    """One card a variant; those without an agent do not count."""
    agents = {row.agent.name: row.agent for row in app.agents.list() if not row.agent.archived}
    count = min(MOST_VARIANTS, max(1, int_param("variants", 1)))
    found = [one for place in range(count) if (one := variant_card(app, agents, place)) is not None]
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(
            "Add a variant", icon=":material/add:", disabled=count == MOST_VARIANTS, on_click=resize, args=(count + 1,)
        )
        if count > 1:
            st.button("Remove the last", icon=":material/remove:", type="tertiary", on_click=resize, args=(count - 1,))
    return tuple(found)


def resize(count: int) -> None:
    st.query_params["variants"] = str(count)


def variant_card(app: App, agents: dict[str, Agent], place: int) -> Variant | None:
    with st.container(border=True, gap="small", key=f"variant_{place}"):
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            name = st.selectbox(
                f"Variant {place + 1}",
                list(agents),
                index=None,
                placeholder="Choose an agent",
                key=f"agent{place}",
                bind="query-params",
            )
            agent = agents.get(name or "")
            if agent is None:
                return None
            which = st.selectbox(
                "Revision", revisions(app, agent), key=f"revision{place}", bind="query-params", width=160
            )
        changes, words = changed(app, place)
        label = f"{agent.name}{words}" if words else ""
        return Variant(name=label, source=source_of(agent, which or _LIVE), changes=changes)


def revisions(app: App, agent: Agent) -> list[str]:
    numbers = [str(one.number) for one in app.agents.revisions(agent.id)]
    return [_LIVE, *([_DRAFT] if agent.draft is not None else []), *numbers]


def source_of(agent: Agent, which: str) -> Source:
    if which == _DRAFT:
        return DraftSpec(agent_id=agent.id)
    return SavedSpec(agent_id=agent.id, revision=int(which) if which.isdigit() else None)


def changed(app: App, place: int) -> tuple[Overrides, str]:
    """What differs from the agent, and that in words for its name."""
    with st.expander("Change something for this variant", icon=":material/tune:", type="compact"):
        with st.grid(2, min_column_width=180, gap="small"):
            endpoint = st.selectbox(
                "Endpoint",
                [_AS_IS, *(one.name for one in app.endpoints.list())],
                key=f"endpoint{place}",
                bind="query-params",
            )
            model = st.text_input("Model", placeholder=_AS_IS, key=f"model{place}", bind="query-params")
            temperature = st.number_input(
                "Temperature", 0.0, 2.0, None, 0.1, placeholder=_AS_IS, key=f"temperature{place}", bind="query-params"
            )
            tokens = st.number_input(
                "Max tokens", 1, None, None, 1, placeholder=_AS_IS, key=f"tokens{place}", bind="query-params"
            )
        prompt = st.text_area("Instructions", placeholder=_AS_IS, key=f"prompt{place}", bind="query-params", height=120)
    parameters = {"temperature": temperature, "max_tokens": tokens}
    given = {name: value for name, value in parameters.items() if value is not None}
    overrides = Overrides(
        endpoint=endpoint if endpoint != _AS_IS else None,
        model=(model or "").strip() or None,
        instructions=(prompt or "").strip() or None,
        parameters=ParameterChanges(**given),
    )
    words = [
        overrides.endpoint,
        overrides.model,
        *(f"{name.replace('_', ' ')} {value:g}" for name, value in given.items()),
    ]
    words += ["other instructions"] if overrides.instructions else []
    told = [word for word in words if word]
    return overrides, f", {', '.join(told)}" if told else ""


def count_words(variants: tuple[Variant, ...]) -> str:
    return plain(counted(len(variants), "variant"))
