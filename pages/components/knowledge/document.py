"""One document: its passages in their order, with where they stand."""

from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.knowledge import Collection, Document
from pages.components.asking import while_asked
from pages.components.frame import page_header, quiet
from pages.components.knowledge.documents import delete_button, facts, replace
from pages.components.passages import document_passages
from pages.components.session import int_param, may, show_said
from pages.components.text import grouped

PAGE = 50


def one_document(app: App, collection: Collection, document: Document, chosen: tuple[UUID, int] | None) -> None:
    """`chosen`: the passage that an address names, and its number."""
    st.button(
        collection.name,
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=st.query_params.from_dict,
        args=({"collection": str(collection.id)},),
    )
    with page_header(document.name, facts(document), ("taken in", document.updated_at)):
        st.download_button(
            "Download",
            lambda: app.knowledge.content(document.id),
            file_name=document.name,
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
        )
        if may("builder") and st.button("Replace", icon=":material/swap_horiz:"):
            replace(app, document)
        delete_button(app, document, "Delete")
    show_said()
    if document.state == "reading":
        while_asked(lambda: _is_reading(app, document), "It is being read …", "reading")
    _passages(app, document, chosen)


def _passages(app: App, document: Document, chosen: tuple[UUID, int] | None) -> None:
    first = (chosen[1] - 1) // PAGE * PAGE if chosen else 0
    after = int_param("after", first)
    listed = app.knowledge.passages(document.id, after, PAGE)
    document_passages(
        ((one.id, one.number, one.place, one.text[one.overlap :]) for one in listed), chosen[0] if chosen else None
    )
    if document.passages <= PAGE:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        quiet(f"{grouped(after + 1)}–{grouped(after + len(listed))} of {grouped(document.passages)} passages")
        _page("Earlier", ":material/chevron_left:", max(0, after - PAGE), is_off=after == 0)
        _page("Further", ":material/chevron_right:", after + PAGE, is_off=after + PAGE >= document.passages)


def _page(label: str, icon: str, after: int, *, is_off: bool) -> None:
    st.button(label, icon=icon, type="tertiary", disabled=is_off, on_click=_go, args=(after,))


def _go(after: int) -> None:
    st.query_params["after"] = str(after)


def _is_reading(app: App, document: Document) -> bool:
    now = app.knowledge.document(document.id)
    return now is not None and now.state == "reading"
