"""A link to read one conversation by: make it, see which there are, take one back."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import streamlit as st

from core.bootstrap import App
from core.domain.run import Conversation, Run
from core.domain.share import Share
from core.services.shares import DAYS
from pages.components.frame import quiet
from pages.components.session import value_or_say, who
from pages.components.text import counted, exact

_MADE = "share_made"


@st.dialog("Share a link to read", on_dismiss=lambda: st.session_state.pop(_MADE, None))
def share_dialog(app: App, conversation: Conversation, path: Sequence[Run]) -> None:
    """`path`: the branch that is shown, and that is shared."""
    if not path:
        st.caption("There is nothing to share yet.")
        return
    st.markdown(
        "Whoever has the link reads this conversation as it is now, with its tool calls and files, without signing in. "
        "What is said later is not in it."
    )
    days = st.selectbox("Good for", DAYS, index=2, format_func=lambda days: counted(days, "day"))
    if st.button("Make a link", type="primary", icon=":material/link:"):
        made = value_or_say(app.shares.make(conversation.id, who(), path[-1].id, days))
        st.session_state[_MADE] = made.token if made else ""
    if token := st.session_state.get(_MADE):
        st.code(f"{_origin()}/share/{token}", language=None, wrap_lines=True)
        st.caption("Copy it now: it is not kept here, and nobody can be shown it again.")
    for share in app.shares.list(conversation.id):
        _row(app, share)


def _row(app: App, share: Share) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(gap=None, width="stretch"):
            quiet(("made", share.created_at), f"by {share.created_by}" if share.created_by else "")
            quiet(f"good until {exact(share.expires_at)}", small=True)
        if st.button("Take back", key=f"revoke_{share.id}"):
            value_or_say(app.shares.revoke(share.id, who()))
            st.session_state.pop(_MADE, None)
            st.rerun(scope="fragment")


def _origin() -> str:
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}"
