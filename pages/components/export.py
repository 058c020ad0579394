"""Take a conversation along as a file."""

import re
from collections.abc import Sequence

import streamlit as st

from core.bootstrap import App
from core.domain.run import Conversation, Run
from core.services.conversation_files import as_json, as_markdown
from pages.components.frame import quiet

_NO_NAME = re.compile(r"[^\w-]+")


@st.dialog("Export the conversation")
def export_dialog(app: App, conversation: Conversation, path: Sequence[Run]) -> None:
    """`path`: the branch that is shown."""
    every = app.runs.views([run.id for run in app.conversations.runs(conversation.id)])
    by_id = {view.run.id: view for view in every}
    shown = [by_id[run.id] for run in path]
    name = _NO_NAME.sub("-", conversation.title.lower()).strip("-")[:60] or "conversation"
    with st.container(border=True, gap="small"):
        st.markdown("**Markdown**")
        quiet("To read: the branch that is shown, with each tool call and its result.", small=True)
        _download("Markdown", as_markdown(conversation, shown), f"{name}.md", "text/markdown")
    with st.container(border=True, gap="small"):
        st.markdown("**JSON**")
        quiet("For programs: every branch. A run names the one that it replies to.", small=True)
        _download(
            "JSON",
            as_json(conversation, every, app.attachments.of_runs(view.state for view in every)),
            f"{name}.json",
            "application/json",
        )


def _download(label: str, data: str | bytes, file_name: str, mime: str) -> None:
    st.download_button(
        f"Download {label}", data, file_name=file_name, mime=mime, icon=":material/download:", on_click="ignore"
    )
