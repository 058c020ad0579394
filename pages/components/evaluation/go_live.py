"""From what an evaluation proved to the live revision of an agent."""

import streamlit as st

from core.bootstrap import App
from core.domain.agent import Agent
from core.domain.evaluation import Evaluation, PlannedVariant
from core.domain.gate import Standing
from core.domain.result import Ok
from pages.components.frame import section
from pages.components.session import may, say, value_or_say, who
from pages.components.text import plain


def go_live(app: App, evaluation: Evaluation) -> None:
    """A row for each variant of an agent that runs something else."""
    found = [(place, one, agent) for place, one in enumerate(evaluation.plan.variants) if (agent := _agent(app, one))]
    if evaluation.status != "done" or not found or not may("builder"):
        return
    with st.container(border=True, gap="small"):
        section("Make live", "what an agent runs from then on")
        for place, variant, agent in found:
            _row(app, evaluation, place, variant, agent)


def _agent(app: App, variant: PlannedVariant) -> Agent | None:
    """Whose live revision the variant could become; None: nobody's, or it is that."""
    agent = app.agents.get(variant.agent_id) if variant.agent_id else None
    if agent is None or agent.archived or app.agents.live_spec(agent) == variant.spec:
        return None
    return agent


def _row(app: App, evaluation: Evaluation, place: int, variant: PlannedVariant, agent: Agent) -> None:
    standing = app.gates.standing(agent, variant.spec)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"live_row_{place}"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{plain(variant.name)}**")
            st.caption(_what(variant, agent, standing))
        if standing is not None and not standing.is_met:
            st.page_link("agent.py", label="Open the agent", icon=":material/edit:", query_params=_to(agent))
            return
        st.button(
            "Make live",
            icon=":material/publish:",
            key=f"live_{place}",
            on_click=_live,
            args=(app, evaluation, variant, agent),
        )


def _to(agent: Agent) -> dict[str, str]:
    return {"agent": str(agent.id)}


def _what(variant: PlannedVariant, agent: Agent, standing: Standing | None) -> str:
    is_saved = f"Revision {variant.revision}" if variant.revision else "Saved as a new revision, it"
    becomes = f"{is_saved} takes the place of revision {agent.live_revision} of {plain(agent.name)}."
    return f"{plain(standing.words)} {becomes if standing.is_met else ''}" if standing else becomes


def _live(app: App, evaluation: Evaluation, variant: PlannedVariant, agent: Agent) -> None:
    if variant.revision is not None:
        saved = app.gates.make_live(agent.id, variant.revision, who())
    else:
        saved = app.agents.publish(agent.id, variant.spec, who(), f"Evaluated: {evaluation.name}")
    if isinstance(saved, Ok) and saved.value.held is not None:
        say(f"Revision {saved.value.revision.number} is saved and not live. {saved.value.held.words}", failed=True)
    elif made := value_or_say(saved):
        say(f"Revision {made.revision.number} of {agent.name} is live.")
