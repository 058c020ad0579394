"""What a collection is called, what it is about, and the language of its words."""

from typing import get_args

import streamlit as st

from core.bootstrap import App
from core.domain.knowledge import Collection, Language
from core.domain.result import Err
from pages.components.frame import ask_once
from pages.components.knowledge.meaning import meaning_form
from pages.components.session import say, value_or_say, who
from pages.components.text import plain

LANGUAGES: tuple[Language, ...] = tuple(sorted(get_args(Language), key=lambda one: (one != "english", one)))
_ABOUT = "Word forms of this language count as one word: searching for “refund” finds “refunds”."
_TOLD = "The model reads this line to decide when it searches here."


def language_words(language: Language) -> str:
    return "Other, or several languages" if language == "simple" else language.capitalize()


@st.dialog("New collection")
def new_collection(app: App) -> None:
    with st.form("new_collection", border=False):
        name, description, language = _fields(None)
        if st.form_submit_button("Create", type="primary"):
            made = app.knowledge.create(name, who(), description, language)
            if isinstance(made, Err):
                st.error(plain(made.message), icon=":material/error:")
            else:
                st.switch_page("knowledge.py", query_params={"collection": str(made.value.id)})


def details(app: App, collection: Collection) -> None:
    with st.form("details", border=False):
        name, description, language = _fields(collection)
        if st.form_submit_button("Save"):
            changed = app.knowledge.update(collection.id, name, description, language)
            if isinstance(changed, Err):
                st.error(plain(changed.message), icon=":material/error:")
            else:
                st.rerun()
    meaning_form(app, collection)
    if st.button("Delete the collection", icon=":material/delete:", type="tertiary"):
        loss = (
            "All its documents go with it; that cannot be undone. Agents that have its tool are told that it is gone."
        )
        ask_once(f"Delete {collection.name}?", loss, "Delete", lambda: _delete(app, collection))


def _fields(collection: Collection | None) -> tuple[str, str, Language]:
    name = st.text_input("Name", collection.name if collection else "", max_chars=100, placeholder="Handbook")
    description = st.text_input(
        "In one line",
        collection.description if collection else "",
        placeholder="What the shop promises its customers",
        help=_TOLD,
    )
    language = st.selectbox(
        "Language",
        LANGUAGES,
        LANGUAGES.index(collection.language) if collection else 0,
        format_func=language_words,
        help=_ABOUT,
    )
    return name or "", description or "", language


def _delete(app: App, collection: Collection) -> None:
    if value_or_say(app.knowledge.delete(collection.id)):
        say(f"{collection.name} is deleted.")
        st.query_params.clear()
