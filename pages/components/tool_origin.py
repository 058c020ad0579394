"""Where a tool comes from: the operation as its document has it, and what of it is not done; its documents."""

import streamlit as st

from core.domain.tool import ToolSpec
from pages.components.frame import quiet
from pages.components.text import plain


def tool_origin(tool: ToolSpec) -> None:
    if tool.kind == "knowledge":
        address = {"collection": str(tool.definition.get("collection_id", ""))}
        with st.container(key="flush_origin"):
            st.page_link("knowledge.py", label="Its documents", icon=":material/menu_book:", query_params=address)
    if tool.kind != "openapi":
        return
    operation, own = str(tool.definition.get("operation", "")), str(tool.definition.get("operation_id", ""))
    named = f" · named {own} there" if own and own != tool.name else ""
    quiet(f"{operation}{named} · {tool.definition.get('url', '')}")
    for note in tool.definition.get("notes", ()):
        st.caption(f":orange[:material/info:] {plain(str(note))}")
