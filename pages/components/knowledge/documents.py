"""The documents of a collection: taken in, read in the background, listed with how they stand."""

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.bootstrap import App
from core.domain.attachment import Upload
from core.domain.knowledge import FILE_BYTES, LIMITS, Collection, Document
from pages.components.asking import while_asked
from pages.components.frame import ask_once, quiet, section
from pages.components.session import may, say, value_or_say, who
from pages.components.text import counted, plain, size

SHOWN = 50
_MARKS = {
    "reading": ":blue[:material/hourglass_top:]",
    "ready": ":green[:material/check_circle:]",
    "failed": ":red[:material/error:]",
    "unsupported": ":orange[:material/block:]",
}


def documents(app: App, collection: Collection) -> None:
    listed = app.knowledge.documents(collection.id)
    section("Documents")
    if may("builder"):
        _add(app, collection, {one.name for one in listed})
    reading = sum(one.state == "reading" for one in listed)
    if reading:
        while_asked(lambda: _is_reading(app, collection), f"Reading {counted(reading, 'document')} …", "reading")
    shown = _filtered(listed)
    for document in shown[:SHOWN]:
        _row(app, document)
    if len(shown) > SHOWN:
        quiet(f"and {len(shown) - SHOWN:,} more: search for what you need", small=True)


def state_words(document: Document) -> str:
    match document.state:
        case "reading":
            return "reading"
        case "ready":
            return f"ready · {counted(document.passages, 'passage')}"
        case "failed" | "unsupported":
            return f"{document.state}: {document.reason}"


def facts(document: Document) -> str:
    return " · ".join([state_words(document), size(document.size_bytes)])


def delete_button(app: App, document: Document, label: str) -> None:
    if may("builder") and st.button(
        label,
        icon=":material/delete:",
        type="tertiary",
        key=f"delete_{document.id}",
        help=None if label else f"Delete {plain(document.name)}",
    ):
        loss = "Its passages are not found any more. This cannot be undone."
        ask_once(f"Delete {document.name}?", loss, "Delete", lambda: _delete(app, document))


@st.dialog("Replace")
def replace(app: App, document: Document) -> None:
    st.caption(f"What is found changes when the new file is read. {plain(document.name)} keeps its name.")
    ending = document.name.rpartition(".")[2]
    file = st.file_uploader(
        "The new file", type=[ending], max_upload_size=FILE_BYTES // 1_000_000, label_visibility="collapsed"
    )
    if file is not None and st.button("Replace it", type="primary"):
        uploads = [Upload(document.name, file.getvalue())]
        if value_or_say(app.knowledge.put(document.collection_id, uploads, who())) is not None:
            say(f"{document.name} is replaced.")
        st.rerun()


def _add(app: App, collection: Collection, known: set[str]) -> None:
    """The uploader's key changes with every file that was taken in, so that it is empty again."""
    round_key = f"uploads_{collection.id}"
    files = st.file_uploader(
        "Add documents",
        accept_multiple_files=True,
        max_upload_size=FILE_BYTES // 1_000_000,
        key=f"{round_key}_{st.session_state.get(round_key, 0)}",
    )
    st.caption(f":material/info: {LIMITS}")
    if not files:
        return
    if again := sorted({file.name for file in files} & known):
        st.caption(f":orange[:material/swap_horiz:] In place of what is there: {plain(', '.join(again))}")
    st.button(
        f"Add {counted(len(files), 'file')}",
        type="primary",
        icon=":material/upload:",
        on_click=_take,
        args=(app, collection, files, round_key),
    )


def _take(app: App, collection: Collection, files: list[UploadedFile], round_key: str) -> None:
    uploads = [Upload(file.name, file.getvalue()) for file in files]
    if value_or_say(app.knowledge.put(collection.id, uploads, who())) is not None:
        st.session_state[round_key] = st.session_state.get(round_key, 0) + 1


def _is_reading(app: App, collection: Collection) -> bool:
    return any(one.state == "reading" for one in app.knowledge.documents(collection.id))


def _filtered(listed: Sequence[Document]) -> list[Document]:
    if len(listed) <= SHOWN // 5:
        return list(listed)
    search = st.text_input(
        "Search documents",
        placeholder="Search documents",
        icon=":material/search:",
        label_visibility="collapsed",
        key="documents_q",
        live=True,
    )
    return [one for one in listed if (search or "").lower() in one.name.lower()]


def _row(app: App, document: Document) -> None:
    with st.container(
        border=True,
        horizontal=True,
        vertical_alignment="center",
        gap="small",
        wrap=False,
        key=f"row_document_{document.id}",
    ):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"{_MARKS[document.state]} **{plain(document.name)}**")
            quiet(facts(document), document.updated_at, small=True)
        if st.button("Open", key=f"open_{document.id}", disabled=document.state == "unsupported"):
            address = {"collection": str(document.collection_id), "document": str(document.id)}
            st.switch_page("knowledge.py", query_params=address)
        delete_button(app, document, "")


def _delete(app: App, document: Document) -> None:
    app.knowledge.delete_document(document.id)
    say(f"{document.name} is deleted.")
    st.query_params.from_dict({"collection": str(document.collection_id)})
