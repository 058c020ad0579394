"""One OpenAPI document that tools came from: read again, what changed in it, accepted or left out."""

from datetime import UTC, datetime

import streamlit as st

from core.bootstrap import App
from core.domain.api_document import ApiChange, ApiDocument
from core.domain.diff import text_diff
from core.domain.tool import ToolSpec
from pages.components.diff import word_diff
from pages.components.frame import page_header, quiet, section
from pages.components.session import say, show_said, value_or_say, who
from pages.components.text import counted, plain, short
from pages.components.tool_source import FRESH
from pages.components.tool_text import pretty

_CHECK = "check_document"
_FILE = "document_again"


def document_badge(document: ApiDocument) -> None:
    if document.fault:
        st.badge("Not readable", icon=":material/error:", color="red", help=plain(document.fault))
    elif document.drifts:
        words = f"{counted(len(document.drifts), 'operation')} changed"
        st.badge(words, icon=":material/difference:", color="orange", help="Tools stay as they are until you accept.")
    elif document.news:
        st.badge(f"{len(document.news):,} new", icon=":material/add_circle:", color="blue")
    else:
        st.badge("As accepted", icon=":material/verified:", color="green", help="It says what it said when accepted.")


def documents(app: App, search: str) -> None:
    """The documents that tools came from, where one fits the search."""
    found = [one for one in app.api_documents.list() if search.lower() in one.source.lower()]
    if not found:
        return
    section("OpenAPI documents", "Where tools come from that call somebody's API.")
    with st.grid("auto", min_column_width=300, gap="medium"):
        for document in found:
            _card(document)


def from_document(app: App, tool: ToolSpec) -> None:
    """The document that a tool came from."""
    document = app.api_documents.of_tool(tool.name) if tool.kind == "openapi" else None
    if document and st.button(plain(short(document.source, 60)), icon=":material/description:", type="tertiary"):
        st.switch_page("tools.py", query_params={"document": document.source})


def _card(document: ApiDocument) -> None:
    with st.container(border=True, gap="small", height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.markdown(f"**{plain(short(document.source, 60))}**", width="stretch")
            document_badge(document)
        quiet(counted(len(document.known), "operation"), ("read", document.checked_at), small=True)
        st.space("stretch")
        if st.button("Open", icon=":material/description:", key=f"document_{document.source}"):
            st.switch_page("tools.py", query_params={"document": document.source})


def one_document(app: App, document: ApiDocument) -> None:
    is_asked_for = st.session_state.pop(_CHECK, "") == document.source
    if document.is_online and (is_asked_for or datetime.now(UTC) - document.checked_at > FRESH):
        with st.spinner("Reading the document again…"):
            document = value_or_say(app.api_documents.check(document.source)) or document
    st.button("All tools", icon=":material/arrow_back:", type="tertiary", on_click=st.query_params.clear)
    with page_header(short(document.source, 80), "OpenAPI document", ("read", document.checked_at)):
        document_badge(document)
        if document.is_online:
            st.button("Read it again", icon=":material/refresh:", on_click=_check, args=(document.source,))
    show_said()
    if document.fault:
        st.error(plain(document.fault), icon=":material/error:")
        st.caption("Its tools stay as they are. What is below was found before.")
    if not document.is_online:
        _given_again(app, document)
    if document.drifts:
        _changes(app, document)
    if document.news:
        _news(app, document)
    if not document.changes and not document.fault:
        st.caption(":green[:material/verified:] Every tool in use is as the document described it.")


def _check(source: str) -> None:
    st.session_state[_CHECK] = source


def _given_again(app: App, document: ApiDocument) -> None:
    st.caption("It came as a file. Give a newer one to compare it with the tools in use.")
    st.file_uploader("A newer file", type=["json", "yaml", "yml"], max_upload_size=30, key=_FILE)
    st.button("Compare", icon=":material/difference:", on_click=_compare, args=(app, document.source))


def _compare(app: App, source: str) -> None:
    file = st.session_state.get(_FILE)
    if file is None:
        say("Choose a file first.", failed=True)
        return
    value_or_say(app.api_documents.check(source, file.getvalue().decode(errors="replace")))


def _changes(app: App, document: ApiDocument) -> None:
    section("Changed since you accepted it", "Its tools go on as they were until you accept the change.")
    for change in document.drifts:
        _change(app, document, change)
    if len(document.drifts) > 1:
        label = f"Accept all {len(document.drifts)} changes"
        st.button(label, icon=":material/done_all:", on_click=_accept, args=(app, document.source, document.drifts))


def _change(app: App, document: ApiDocument, change: ApiChange) -> None:
    with st.container(border=True, gap="small", key=f"tool_waiting_change_{change.operation}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            what = ", ".join(change.parts()) if change.now else "it has it no more"
            st.markdown(f"**{plain(change.operation)}** :gray[{plain(what)}]", width="stretch")
            st.button(
                "Accept" if change.now else "Let it go",
                type="primary",
                icon=":material/check:",
                key=f"accept_{change.operation}",
                on_click=_accept,
                args=(app, document.source, (change,)),
            )
        _differences(change)


def _differences(change: ApiChange) -> None:
    before, now = change.before, change.now
    if before is None or now is None:
        return
    pairs = (
        ("Description", before.description, now.description),
        ("Inputs", pretty(before.parameters), pretty(now.parameters)),
        ("Request", pretty(before.definition), pretty(now.definition)),
    )
    for label, old, new in pairs:
        if old != new:
            st.caption(label)
            word_diff(text_diff(old, new))


def _news(app: App, document: ApiDocument) -> None:
    section("New in the document", "Only offered: no agent has them.")
    for change in document.news:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"new_{change.operation}"):
            said = short(change.now.description, 120) if change.now else ""
            st.markdown(f"**{plain(change.operation)}** :gray[{plain(said)}]", width="stretch")
            st.button(
                "Take it in",
                icon=":material/add:",
                key=f"take_{change.operation}",
                on_click=_accept,
                args=(app, document.source, (change,)),
            )
    st.button("Leave all out", type="tertiary", on_click=_leave_out, args=(app, document))


def _accept(app: App, source: str, changes: tuple[ApiChange, ...]) -> None:
    shown = {change.operation: change.hash() for change in changes}
    if value_or_say(app.api_documents.accept(source, shown, who())) is not None:
        say(f"Accepted: {short(', '.join(shown), 200)}.")


def _leave_out(app: App, document: ApiDocument) -> None:
    news = [change.operation for change in document.news]
    value_or_say(app.api_documents.accept(document.source, {}, who(), leave_out=news))
