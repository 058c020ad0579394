"""Let other programs ask the agent: which revision, with which keys, and the code that asks."""

from urllib.parse import urlsplit

import streamlit as st

from core.domain.agent import AgentSpec
from core.domain.call_examples import KEY_VARIABLE, call_examples
from core.domain.publishing import Publication
from pages.components.api_keys import key_rows, new_key_button
from pages.components.editor.draft import Draft
from pages.components.frame import ask_once, quiet
from pages.components.session import may, say, value_or_say, who
from pages.components.text import plain

_LIVE = 0
"""In place of a revision's number."""
_WAYS = {"curl": "bash", "openai": "python", "huggingface_hub": "python", "run": "bash"}
_WHAT = (
    "A published agent answers other programs over HTTP, as OpenAI's chat completions do: the agent's name is the model. "
    "Each request needs an API key and is a run of its own, under the same limits as every other."
)
_TAKES = "Callers may add to its instructions"
_TAKES_HELP = (
    "Off: a system message from a caller is refused. On: it follows the instructions that are written here. "
    "Tools and model are never a caller's to choose."
)


def publish(draft: Draft) -> None:
    publication = draft.app.publishing.publication(draft.agent.id)
    if publication is None:
        _unpublished(draft)
        return
    _state(draft)
    _choices(draft, publication)
    spec = draft.app.agents.spec(draft.agent, publication.revision or draft.agent.live_revision)
    _warnings(spec)
    _keys(draft)
    _examples(draft, spec)


def _unpublished(draft: Draft) -> None:
    st.caption(_WHAT)
    if draft.agent.live_revision is None:
        st.caption("Save a revision first: a draft is not published.")
    elif may("builder"):
        click = {"on_click": _publish, "args": (draft, None)}
        st.button("Publish", type="primary", icon=":material/public:", key="publish_agent", **click)


def _state(draft: Draft) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge("Published", icon=":material/public:", color="green")
        if draft.agent.archived:
            st.badge("Archived: it answers nobody", icon=":material/archive:", color="orange")
        st.space("stretch")
        if may("builder") and st.button(
            "Withdraw", type="tertiary", icon=":material/public_off:", key="withdraw_agent"
        ):
            ask_once(
                "Withdraw the agent?",
                "From the next request on no key reaches it. Keys and runs stay; it can be published again.",
                "Withdraw",
                lambda: _withdraw(draft),
            )


def _choices(draft: Draft, publication: Publication) -> None:
    numbers = [_LIVE, *(revision.number for revision in draft.app.agents.revisions(draft.agent.id))]
    key, takes_key = draft.key("published_revision"), draft.key("takes_instructions")
    place = numbers.index(publication.revision or _LIVE)

    def named(number: int) -> str:
        return f"Whichever is live (now {draft.agent.live_revision})" if number == _LIVE else f"Revision {number}"

    change = {"on_change": _change, "args": (draft, key, takes_key), "disabled": not may("builder")}
    st.selectbox("Callers are answered by", numbers, place, format_func=named, key=key, **change)
    st.toggle(_TAKES, publication.takes_instructions, key=takes_key, help=_TAKES_HELP, **change)


def _change(draft: Draft, key: str, takes_key: str) -> None:
    _publish(draft, st.session_state[key] or None, takes_instructions=st.session_state[takes_key])


def _publish(draft: Draft, revision: int | None, *, takes_instructions: bool = False) -> None:
    put = draft.app.publishing.publish(draft.agent.id, who(), revision, takes_instructions=takes_instructions)
    if value_or_say(put):
        say("Published: the next request is answered so.")


def _withdraw(draft: Draft) -> None:
    draft.app.publishing.withdraw(draft.agent.id, who())
    say("No key reaches the agent any more.")


def _warnings(spec: AgentSpec) -> None:
    asking = [tool.name for tool in spec.tools if tool.policy == "ask"]
    if asking:
        st.caption(
            f":material/front_hand: {plain(', '.join(asking))} must ask a person. Until somebody decides, the caller is "
            "told that the run waits, and gets no answer."
        )
    if needed := _needed(spec):
        st.caption(f":material/data_object: Callers have to send values for {plain(', '.join(needed))}.")


def _needed(spec: AgentSpec) -> list[str]:
    return [variable.name for variable in spec.variables if not variable.default]


def _keys(draft: Draft) -> None:
    st.markdown("**Keys that may ask it**")
    if not may("operator"):
        st.caption("An operator of this server makes them, under Settings, API keys.")
        return
    keys = draft.app.publishing.keys()
    mine = [key for key in keys if key.revoked_at is None and key.may_ask(draft.agent.id)]
    if not mine:
        st.caption("None yet: make one, and give it to the program that is to ask.")
    key_rows(draft.app, mine)
    new_key_button(draft.app, draft.agent)


def _examples(draft: Draft, spec: AgentSpec) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**How to ask it**", width="content")
        way = st.segmented_control(
            "With", list(_WAYS), default="curl", required=True, label_visibility="collapsed", key=draft.key("ask_with")
        )
    message = next(iter(spec.starters), "Hello! What can you do?")
    values = dict.fromkeys(_needed(spec), "…")
    examples = call_examples(_origin(), draft.agent.name, message, values)
    st.code(examples[way or "curl"], language=_WAYS[way or "curl"], wrap_lines=True)
    quiet(f"Put the key into the environment as {KEY_VARIABLE} first; it is in no example.", small=True)


def _origin() -> str:
    """Where this page was opened: what callers on the same network can use as well."""
    here = urlsplit(str(st.context.url or "http://localhost:8501"))
    return f"{here.scheme}://{here.netloc}"
