"""The test box: what a question finds, before an agent asks it."""

import streamlit as st

from core.bootstrap import App
from core.domain.knowledge import QUERY_CHARS, Collection
from core.domain.result import Err
from pages.components.frame import section
from pages.components.knowledge.meaning import meaning_state
from pages.components.passages import found_passages
from pages.components.text import plain, short

MOST = 10


def trial(app: App, collection: Collection) -> None:
    section("Try a question")
    question = st.text_input(
        "Question",
        placeholder="How long does a refund take?",
        icon=":material/search:",
        label_visibility="collapsed",
        max_chars=QUERY_CHARS,
        key="q",
        bind="query-params",
    )
    meaning_state(app, collection)
    if question and question.strip():
        searched = app.knowledge_search.search(collection.id, question, MOST)
        if isinstance(searched, Err):
            st.error(plain(searched.message), icon=":material/error:")
        else:
            found_passages(searched.value)
    else:
        st.caption("It finds the same passages, in the same order, as the tool that an agent is given.")


def given_to(app: App, collection: Collection) -> None:
    """How an agent gets it, and which have it."""
    section("For agents")
    users = [row.agent.name for row in app.agents.list() if collection.tool in {tool.name for tool in row.spec.tools}]
    used = f"Used by {plain(short(', '.join(users), 120))}." if users else "No agent uses it yet."
    st.markdown(f"Choose **{plain(collection.tool)}** among the tools of an agent. It only reads. {used}")
    with st.container(key="flush_tool"):
        st.page_link("tools.py", label="The tool", icon=":material/build:", query_params={"tool": collection.tool})
