"""What the agent was: every revision with its note, author and time, and what changed."""

from itertools import pairwise

import streamlit as st

from core.domain.agent import Revision
from core.domain.diff import SpecDiff, spec_diff
from core.domain.gate import Release
from pages.components.diff import spec_difference
from pages.components.editor.draft import Draft, fresh
from pages.components.editor.gate import gate_settings, last_releases, release_words, see_evaluation
from pages.components.frame import quiet
from pages.components.session import say, value_or_say, who
from pages.components.text import counted, plain

_SHOWN = 30


def revisions(draft: Draft) -> None:
    found = draft.app.agents.revisions(draft.agent.id)
    if not found:
        st.caption("No revision yet: save the draft to make the first.")
        return
    gate_settings(draft)
    _compare(found, draft)
    releases = last_releases(draft)
    older = dict(pairwise([*(revision.number for revision in found), 0]))
    by_number = {revision.number: revision for revision in found}
    for revision in found[:_SHOWN]:
        before = by_number.get(older.get(revision.number, 0))
        change = spec_diff(before.spec, revision.spec) if before else None
        _revision(draft, revision, change, releases.get(revision.number))
    if len(found) > _SHOWN:
        st.caption(f"{len(found) - _SHOWN} older ones are kept as well; compare them above.")


def _revision(draft: Draft, revision: Revision, change: SpecDiff | None, release: Release | None) -> None:
    is_live = revision.number == draft.agent.live_revision
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**Revision {revision.number}**", width="content")
            if is_live:
                st.badge("Live", icon=":material/check_circle:", color="green")
            st.markdown(plain(revision.note), width="stretch")
            if not is_live:
                st.button(
                    "Restore",
                    icon=":material/history:",
                    type="tertiary",
                    help="Puts it into the draft; nothing goes live by itself.",
                    key=draft.key(f"restore_{revision.number}"),
                    on_click=restore,
                    args=(draft, revision.number),
                )
        quiet(revision.author or "nobody signed in", revision.created_at, in_words(change), small=True)
        if release is not None:
            _right(release)


def _right(release: Release) -> None:
    """By what right it went live, where a gate stood before it."""
    words = release_words(release)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if words:
            quiet(words, release.at, small=True)
        if words and release.evaluation_id is not None:
            see_evaluation(release.evaluation_id)


def in_words(change: SpecDiff | None) -> str:
    """What a revision changed against the one before."""
    if change is None:
        return "the first"
    parts = [row.what for row in change.changes]
    if any(word.op != "equal" for word in change.words):
        parts.insert(0, "Instructions")
    named = ", ".join(parts[:4]) + (f" and {len(parts) - 4} more" if len(parts) > 4 else "")
    return f"changed: {named}" if parts else "nothing changed"


def restore(draft: Draft, number: int) -> None:
    if value_or_say(draft.app.agents.restore(draft.agent.id, number, who())):
        fresh(draft.agent.id)
        say(f"Revision {number} is in the draft now.")


def _compare(found: list[Revision], draft: Draft) -> None:
    """The difference of any two."""
    if len(found) < 2:
        return
    numbers = [revision.number for revision in found]
    with st.expander("Compare any two", icon=":material/difference:", type="compact", key=draft.key("compare")):
        left, right = st.columns(2, gap="small")
        before = left.selectbox("From", numbers, index=1, key=draft.key("from"))
        after = right.selectbox("To", numbers, index=0, key=draft.key("to"))
        by_number = {revision.number: revision.spec for revision in found}
        difference = spec_diff(by_number[before], by_number[after])
        st.caption(f"{counted(difference.count, 'place')} differ." if difference.count else "")
        spec_difference(difference)
