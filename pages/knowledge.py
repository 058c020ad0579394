"""Knowledge: collections of documents that agents search, each passage with where it stands."""

from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.knowledge import LIMITS, Collection
from core.services.knowledge import CollectionSummary
from pages.components.frame import empty_state, page_header, quiet
from pages.components.knowledge.collection_form import details, language_words, new_collection
from pages.components.knowledge.document import one_document
from pages.components.knowledge.documents import documents
from pages.components.knowledge.trial import given_to, trial
from pages.components.searching import search_field
from pages.components.session import get_app, may, show_said, uuid_param
from pages.components.text import counted, plain, short

EXAMPLE = "the handbook of your shop, so that answers name the page they rest on."


def open_collection(collection_id: UUID) -> None:
    st.switch_page("knowledge.py", query_params={"collection": str(collection_id)})


def card(row: CollectionSummary) -> None:
    collection, totals = row.collection, row.totals
    with st.container(border=True, gap="small", height="stretch", key=f"row_collection_{collection.id}"):
        st.markdown(f":primary[:material/menu_book:] **{plain(collection.name)}**")
        st.caption(plain(short(collection.description, 120)) or "No description yet.")
        counts = [counted(totals.documents, "document"), counted(totals.passages, "passage")]
        troubles = f"{totals.failed} not readable" if totals.failed else ""
        quiet(*counts, troubles, ("changed", collection.updated_at), small=True)
        st.space("stretch")
        if st.button("Open", key=f"open_{collection.id}", icon=":material/folder_open:"):
            open_collection(collection.id)


def listing(app: App) -> None:
    with page_header("Knowledge", "Documents that agents search and cite"):
        if may("builder") and st.button("New collection", icon=":material/add:", type="primary"):
            new_collection(app)
    show_said()
    search = search_field("collections", "find")
    found = app.knowledge.list(search)
    if not found and not search:
        sentence = f"Put documents together, and give agents a tool that searches them.\n\n:small[{plain(LIMITS)}]"
        begin = "Begin a collection" if may("builder") else ""
        if empty_state(":material/menu_book:", sentence, begin, EXAMPLE):
            new_collection(app)
        return
    if not found:
        st.caption("Nothing found.")
    with st.grid("auto", min_column_width=300, gap="medium"):
        for row in found:
            card(row)


def opened(app: App, collection: Collection) -> None:
    st.button("All collections", icon=":material/arrow_back:", type="tertiary", on_click=st.query_params.clear)
    parts = (
        collection.description,
        f"words: {language_words(collection.language)}",
        ("changed", collection.updated_at),
    )
    with page_header(collection.name, *parts):
        if may("builder"):
            with st.popover("More", icon=":material/more_horiz:"):
                details(app, collection)
    show_said()
    with st.container(key="halves"):
        left, right = st.columns(2, gap="large")
        with left:
            documents(app, collection)
        with right:
            trial(app, collection)
            given_to(app, collection)


def main() -> None:
    app = get_app()
    collection_id, document_id, chosen = uuid_param("collection"), uuid_param("document"), None
    passage_id = uuid_param("passage")
    if passage_id and (place := app.knowledge.whereabouts(passage_id)):
        collection_id, document_id, chosen = place[0], place[1], (passage_id, place[2])
    collection = app.knowledge.get(collection_id) if collection_id else None
    document = app.knowledge.document(document_id) if document_id else None
    if collection and document and document.collection_id == collection.id:
        one_document(app, collection, document, chosen)
    elif collection and not document_id:
        opened(app, collection)
    elif not (collection_id or passage_id):
        listing(app)
    else:
        page_header("Knowledge")
        if empty_state(":material/search_off:", "There is no such document here.", "See all collections"):
            st.query_params.clear()
            st.rerun()


main()
