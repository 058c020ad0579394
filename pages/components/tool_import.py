"""An OpenAPI document becomes tools: read, its operations picked, kept."""

import streamlit as st

from core.bootstrap import App
from core.domain.result import Err
from core.domain.tool import ToolSpec
from core.services.openapi_import import Document, ImportOptions
from core.services.tools import ImportReport
from pages.components.frame import quiet
from pages.components.session import who
from pages.components.text import counted, plain, short

_FOUND, _DONE, _FAULT = "openapi_found", "openapi_done", "openapi_fault"
_SHOWN = 20


@st.dialog("Import an OpenAPI document", width="large")
def import_openapi(app: App) -> None:
    if _DONE in st.session_state:
        _said(st.session_state[_DONE])
    elif _FOUND in st.session_state:
        _pick(app, st.session_state[_FOUND])
    else:
        _ask(app)


def start_over() -> None:
    """The dialog begins with a new document."""
    st.session_state.pop(_FOUND, None)
    st.session_state.pop(_DONE, None)


def _ask(app: App) -> None:
    st.caption("OpenAPI 3.0, 3.1 or Swagger 2.0, JSON or YAML. Each operation becomes a tool.")
    st.text_input("Address of the document", placeholder="https://api.example.org/openapi.json", key=_key("address"))
    st.file_uploader("… or a file", type=["json", "yaml", "yml"], max_upload_size=30, key=_key("file"))
    st.text_area("… or its text", height=90, key=_key("pasted"))
    _options()
    st.button("Read it", type="primary", icon=":material/search:", on_click=_look, args=(app,))
    if fault := st.session_state.pop(_FAULT, ""):
        st.error(plain(fault), icon=":material/error:")


def _look(app: App) -> None:
    """A callback, so that it knows what was typed last; what it finds decides what the dialog draws next."""
    file = st.session_state.get(_key("file"))
    source = file.getvalue().decode(errors="replace") if file else _typed("pasted") or _typed("address")
    options = ImportOptions(
        prefix=_typed("prefix"),
        server=_typed("server"),
        allow_hosts=listed(_typed("hosts")),
        secrets=paired(_typed("secrets")),
    )
    looked = app.tools.look_openapi(source, options)
    if isinstance(looked, Err):
        st.session_state[_FAULT] = looked.message
    else:
        st.session_state[_FOUND] = looked.value


def _key(field: str) -> str:
    return f"openapi_{field}"


def _typed(field: str) -> str:
    return (st.session_state.get(_key(field)) or "").strip()


def _keep(app: App, document: Document, names: set[str]) -> None:
    st.session_state[_DONE] = app.tools.keep_operations(document, who(), names)


def _options() -> None:
    with st.expander("Names, server, secrets", icon=":material/tune:", type="compact"):
        st.text_input("Prefix of the tools' names", placeholder="none, such as shop_", key=_key("prefix"))
        st.text_input(
            "Send to this server",
            placeholder="the first that the document names",
            help="For a document that names none, several, or one with variables.",
            key=_key("server"),
        )
        st.text_input(
            "Allow this host although it is private",
            placeholder="none, such as 127.0.0.1:9000",
            help="Tools never reach private addresses unless you name them here.",
            key=_key("hosts"),
        )
        st.text_input(
            "Secrets to send",
            placeholder="named after the server; else scheme=NAME, with commas",
            help="Where the document has security schemes, each is a secret by name. Its value is set afterwards.",
            key=_key("secrets"),
        )


def _pick(app: App, document: Document) -> None:
    reading = document.reading
    st.markdown(f"**{plain(reading.title or document.source)}** · {counted(len(reading.tools), 'operation')}")
    search = st.text_input(
        "Search operations", placeholder="Search operations", icon=":material/search:", label_visibility="collapsed"
    )
    found = [tool for tool in reading.tools if _speaks_of(tool, (search or "").lower().split())]
    picked = _table(found)
    _left_out(document)
    chosen = picked or found
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        label = f"Import the {len(picked):,} picked" if picked else f"Import all {len(found):,} shown"
        names = {tool.name for tool in chosen}
        st.button(
            label,
            type="primary",
            icon=":material/upload_file:",
            disabled=not chosen,
            on_click=_keep,
            args=(app, document, names),
        )
        st.button("Another document", type="tertiary", on_click=start_over)


def _table(found: list[ToolSpec]) -> list[ToolSpec]:
    """The rows that a person ticked."""
    if not found:
        st.caption("No operation fits this search.")
        return []
    rows = [
        {
            "Operation": str(tool.definition.get("operation", "")),
            "Tool": tool.name,
            "": "changes" if tool.effect == "write" else "reads",
            "What it does": short(tool.description, 120),
        }
        for tool in found
    ]
    state = st.dataframe(rows, hide_index=True, height=320, on_select="rerun", selection_mode="multi-row")
    return [found[row] for row in state.selection.rows if row < len(found)]


def _left_out(document: Document) -> None:
    left_out = document.reading.left_out
    if left_out:
        label = f"Left out: {counted(len(left_out), 'operation')}, and why"
        with st.expander(label, icon=":material/block:", type="compact"):
            rows = [{"Operation": left.operation, "Why": left.reason} for left in left_out]
            st.dataframe(rows, hide_index=True)


def _speaks_of(tool: ToolSpec, words: list[str]) -> bool:
    text = f"{tool.name} {tool.definition.get('operation', '')} {tool.description}".lower()
    return all(word in text for word in words)


def _said(report: ImportReport) -> None:
    st.success(f"{counted(len(report.imported), 'tool')} imported.", icon=":material/check:")
    for row in report.imported[:_SHOWN]:
        st.markdown(f":green[:material/check_circle:] **{plain(row.name)}** :gray[{plain(row.operation)}]")
    if len(report.imported) > _SHOWN:
        quiet(f"and {len(report.imported) - _SHOWN:,} more; search on the screen finds each of them")
    for secret in report.secrets:
        if not secret.is_set:
            st.markdown(
                f":orange[:material/key:] **{plain(secret.name)}** is not set yet; it is sent as {plain(secret.goes)}. "
                "Set it on the page of one of these tools, or in Settings."
            )
    for left in report.left_out:
        st.markdown(f":orange[:material/block:] {plain(left.operation)} :gray[{plain(left.reason)}]")
    if st.button("Done", type="primary"):
        start_over()
        st.rerun()


def listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def paired(text: str | None) -> dict[str, str]:
    """`scheme=NAME, scheme=NAME`; a part without a name gives the empty name, which the import refuses."""
    return {scheme.strip(): name.strip() for scheme, _, name in (part.partition("=") for part in listed(text))}
