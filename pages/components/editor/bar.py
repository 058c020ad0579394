"""The bar above the editor: how the draft differs from what is live, and what to do about it."""

import streamlit as st

from core.domain.diff import spec_diff
from core.domain.variant import DraftSpec, SavedSpec, Variant
from core.services.agents import Saved
from pages.components.diff import spec_difference
from pages.components.editor.draft import Draft, fresh
from pages.components.editor.gate import gate_words, waiting_row
from pages.components.frame import ask_once
from pages.components.session import say, value_or_say, who
from pages.components.text import counted


def draft_bar(draft: Draft) -> None:
    agent = draft.agent
    waiting = draft.app.gates.waiting(agent)
    if waiting is not None:
        waiting_row(draft, waiting, draft.app.gates.standing(agent, waiting.spec))
    if agent.draft is None:
        st.caption(f":green[:material/check_circle:] Revision {agent.live_revision} is live, and this is it.")
        return
    live = draft.app.agents.live_spec(agent) if agent.live_revision else None
    places = spec_diff(live, draft.spec).count if live else 0
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        what = "The draft" if waiting is None or waiting.spec != agent.draft else f"Revision {waiting.number}"
        st.markdown(
            f":primary[:material/edit_note:] {what} differs from live **revision {agent.live_revision}** "
            f"in {counted(places, 'place')}."
            if live
            else ":primary[:material/edit_note:] This agent is a draft: it has no live revision yet.",
            width="stretch",
        )
        if live and st.button("Discard", type="tertiary"):
            ask_once(
                "Discard the draft?",
                f"Its {counted(places, 'change')} will be lost. Revision {agent.live_revision} stays as it is.",
                "Discard",
                lambda: discard(draft),
            )
        if live and st.button("See diff", icon=":material/difference:"):
            _show(draft)
        if live and st.button(
            "Compare", icon=":material/view_column:", help="Ask the live revision and the draft at once"
        ):
            _compare(draft)
        if waiting is None or waiting.spec != agent.draft:
            _save(draft)


def discard(draft: Draft) -> None:
    if value_or_say(draft.app.agents.discard_draft(draft.agent.id, who())):
        fresh(draft.agent.id)
        say("The draft is gone; the live revision is back in the editor.")


@st.dialog("The draft beside the live revision", width="large")
def _show(draft: Draft) -> None:
    spec_difference(spec_diff(draft.app.agents.live_spec(draft.agent), draft.spec))


def _compare(draft: Draft) -> None:
    sources = (SavedSpec(agent_id=draft.agent.id), DraftSpec(agent_id=draft.agent.id))
    made = value_or_say(draft.app.comparisons.create([Variant(source=source) for source in sources], who()))
    if made:
        st.switch_page("compare.py", query_params={"comparison": str(made.id)})


def _save(draft: Draft) -> None:
    number = draft.app.agents.next_number(draft.agent.id)
    with st.popover(f"Save as revision {number}", type="primary", icon=":material/save:", key=draft.key("save_box")):
        note_key = draft.key("note")
        if draft.agent.gate is not None:
            st.caption(f":material/rule: {gate_words(draft, draft.agent.gate)} Until then it is kept, and not live.")
        st.text_input("What changed, in a line", key=note_key, placeholder="Shorter, asks before it books")
        st.button("Save", type="primary", key=draft.key("save"), on_click=save, args=(draft, note_key))


def save(draft: Draft, note_key: str) -> None:
    note = str(st.session_state.get(note_key) or "").strip()
    saved = value_or_say(draft.app.agents.save_revision(draft.agent.id, who(), note=note))
    if saved is None:
        return
    fresh(draft.agent.id)
    say(saved_words(saved))


def saved_words(saved: Saved) -> str:
    number = saved.revision.number
    if saved.held is not None:
        return f"Revision {number} is saved. Its gate keeps it from going live."
    return f"Revision {number} is live." if saved.is_new else "Nothing had changed: no new revision."
