"""An agent's gate: what its revisions have to prove, the one that waits before it, and the ways past it."""

from uuid import UUID

import streamlit as st

from core.domain.agent import Revision
from core.domain.gate import Gate, Release, Standing
from core.domain.result import Err
from pages.components.editor.draft import Draft, fresh
from pages.components.evaluation.choose_evaluators import DEFAULT, evaluators_form, forget
from pages.components.evaluation.start import ask_start
from pages.components.evaluation.words import does, kind_of
from pages.components.frame import ask_once
from pages.components.session import say, value_or_say, who
from pages.components.text import plain


def waiting_row(draft: Draft, revision: Revision, standing: Standing | None) -> None:
    """A revision that was saved and is not live: why, and what can be done."""
    with st.container(border=True, gap="small", key=f"row_waiting_{revision.id}"):
        words = f" {plain(standing.words)}" if standing else ""
        st.markdown(f":orange[:material/front_hand:] **Revision {revision.number}** is saved and not live.{words}")
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            if standing is None or standing.is_met:
                st.button(
                    "Make live", type="primary", icon=":material/publish:", on_click=_live, args=(draft, revision, "")
                )
            else:
                _ways_past(draft, revision, standing)
            if standing is not None and (seen := _evaluation(standing)):
                see_evaluation(seen)


def _ways_past(draft: Draft, revision: Revision, standing: Standing) -> None:
    if standing.under_way is None and st.button("Run the evaluation", type="primary", icon=":material/play_arrow:"):
        trial = value_or_say(draft.app.gates.trial(draft.agent.id, revision.number))
        if trial is not None:
            ask_start(draft.app, trial)
    if st.button("Make live all the same", type="tertiary", icon=":material/publish:"):
        pass_over(draft, revision, standing)


def _evaluation(standing: Standing) -> UUID | None:
    return standing.under_way or (standing.proof.evaluation_id if standing.proof else None)


def see_evaluation(evaluation_id: UUID, label: str = "See the evaluation") -> None:
    st.page_link("evaluation.py", label=label, icon=":material/rule:", query_params={"evaluation": str(evaluation_id)})


@st.dialog("Make it live although nothing proves it?")
def pass_over(draft: Draft, revision: Revision, standing: Standing) -> None:
    st.markdown(plain(standing.words))
    reason = st.text_area("Why", placeholder="A customer waits; I tried it on the three questions that matter.")
    st.caption("Your reason is kept with the revision, for good.")
    if st.button(f"Make revision {revision.number} live", type="primary", disabled=not (reason or "").strip()):
        _live(draft, revision, reason or "")
        st.rerun()


def _live(draft: Draft, revision: Revision, reason: str) -> None:
    if value_or_say(draft.app.gates.make_live(draft.agent.id, revision.number, who(), reason)):
        fresh(draft.agent.id)
        say(f"Revision {revision.number} is live.")


def gate_settings(draft: Draft) -> None:
    """The gate in a line, and the way to change it."""
    agent = draft.agent
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f":material/rule: {gate_words(draft, agent.gate)}", width="stretch")
        if st.button("Change the gate" if agent.gate else "Set a gate", type="tertiary", key=draft.key("gate")):
            forget(draft.key("judge"))
            _set(draft)
        if agent.gate and st.button("Take away", type="tertiary", key=draft.key("no_gate")):
            loss = "Revisions then go live when they are saved. What was proved is kept."
            ask_once("Take the gate away?", loss, "Take away", lambda: _take_away(draft))


def gate_words(draft: Draft, gate: Gate | None) -> str:
    if gate is None:
        return "A revision goes live when it is saved."
    dataset = draft.app.datasets.get(gate.dataset_id)
    judged = ", ".join(f"{kind_of(one).title.lower()} ({does(one)})" for one in gate.evaluators)
    name = plain(dataset.name) if dataset else "a dataset"
    return f"A revision goes live when at least {gate.minimum * 100:.4g} % of **{name}** pass: {plain(judged)}."


@st.dialog("What must a revision prove before it goes live?", width="large")
def _set(draft: Draft) -> None:
    gate = draft.agent.gate
    found = {row.dataset.name: row.dataset.id for row in draft.app.datasets.list() if row.items}
    if not found:
        st.markdown("A gate needs a dataset: inputs, and what you expect of the answers.")
        st.page_link("datasets.py", label="Begin a dataset", icon=":material/dataset:")
        return
    ids = list(found.values())
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        place = ids.index(gate.dataset_id) if gate and gate.dataset_id in ids else 0
        name = st.selectbox("Dataset", list(found), place, key=draft.key("gate_dataset"))
        minimum = st.number_input(
            "Items that pass, in %, at least",
            1.0,
            100.0,
            gate.minimum * 100 if gate else 90.0,
            1.0,
            format="%g",
            key=draft.key("gate_minimum"),
        )
    evaluators = evaluators_form(draft.app, draft.key("judge"), gate.evaluators if gate else DEFAULT)
    st.caption("The newest version of the dataset counts, and the newest evaluation of the revision.")
    if st.button("Save the gate", type="primary", icon=":material/save:"):
        wanted = Gate(dataset_id=found[name or next(iter(found))], evaluators=evaluators, minimum=(minimum or 0) / 100)
        kept = draft.app.gates.set(draft.agent.id, wanted, who())
        if isinstance(kept, Err):
            st.error(plain(kept.message), icon=":material/error:")
            return
        say("The gate holds from the next revision on.")
        st.rerun()


def _take_away(draft: Draft) -> None:
    if value_or_say(draft.app.gates.set(draft.agent.id, None, who())):
        say("The gate is gone.")


def last_releases(draft: Draft) -> dict[int, Release]:
    """The newest release of each revision."""
    return {release.revision: release for release in reversed(draft.app.gates.releases(draft.agent.id))}


def release_words(release: Release) -> str:
    """By what right it went live; empty: nothing was asked of it."""
    if release.reason:
        return f"Let through by {release.who or 'nobody signed in'}: {release.reason}"
    if release.rate is None or release.minimum is None:
        return ""
    return f"Proved: {release.rate * 100:.4g} % passed, {release.minimum * 100:.4g} % were asked for"
