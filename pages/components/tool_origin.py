"""Where an imported tool comes from: the operation as its document has it, and what of it is not done."""

import streamlit as st

from core.domain.tool import ToolSpec
from pages.components.frame import quiet
from pages.components.text import plain


def tool_origin(tool: ToolSpec) -> None:
    if tool.kind != "openapi":
        return
    operation, own = str(tool.definition.get("operation", "")), str(tool.definition.get("operation_id", ""))
    named = f" · named {own} there" if own and own != tool.name else ""
    quiet(f"{operation}{named} · {tool.definition.get('url', '')}")
    for note in tool.definition.get("notes", ()):
        st.caption(f":orange[:material/info:] {plain(str(note))}")
