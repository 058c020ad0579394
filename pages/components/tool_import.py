"""An OpenAPI document becomes tools, one an operation."""

import streamlit as st

from core.bootstrap import App
from core.domain.result import Err
from pages.components.session import who
from pages.components.text import counted, plain


@st.dialog("Import an OpenAPI document", width="large")
def import_openapi(app: App) -> None:
    st.caption("Each operation becomes a tool. Reading ones may be repeated; others are never sent twice unasked.")
    address = st.text_input("Address of the document", placeholder="https://api.example.org/openapi.json")
    file = st.file_uploader("… or a file", type=["json", "yaml", "yml"], max_upload_size=5)
    prefix = st.text_input("Prefix of the tools' names", placeholder="none, such as shop_")
    only = st.text_input("Only these operations", placeholder="all; else their ids, with commas")
    hosts = st.text_input(
        "Allow this host although it is private",
        placeholder="none, such as 127.0.0.1:9000",
        help="Tools never reach private addresses unless you name them here.",
    )
    secrets = st.text_input(
        "Secrets to send",
        placeholder="named after the server; else scheme=NAME, with commas",
        help="Where the document has security schemes, each is a secret by name. Its value is set afterwards.",
    )
    if not st.button("Import", type="primary", icon=":material/upload_file:"):
        return
    source = file.getvalue().decode(errors="replace") if file else (address or "").strip()
    with st.spinner("Reading the document…"):
        result = app.tools.import_openapi(
            source,
            who(),
            prefix=(prefix or "").strip(),
            only=listed(only),
            allow_hosts=listed(hosts),
            secrets=paired(secrets),
        )
    if isinstance(result, Err):
        st.error(plain(result.message), icon=":material/error:")
        return
    report = result.value
    st.success(f"{counted(len(report.imported), 'tool')} imported.", icon=":material/check:")
    for row in report.imported:
        st.markdown(f":green[:material/check_circle:] **{plain(row.name)}** :gray[{plain(row.operation)}]")
    for secret in report.secrets:
        if not secret.is_set:
            st.markdown(
                f":orange[:material/key:] **{plain(secret.name)}** is not set yet; it is sent as {plain(secret.goes)}. "
                "Set it on the page of one of these tools, or in Settings."
            )
    for left in report.left_out:
        st.markdown(f":orange[:material/block:] {plain(left.operation)} :gray[{plain(left.reason)}]")


def listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def paired(text: str | None) -> dict[str, str]:
    """`scheme=NAME, scheme=NAME`; a part without a name gives the empty name, which the import refuses."""
    return {scheme.strip(): name.strip() for scheme, _, name in (part.partition("=") for part in listed(text))}
