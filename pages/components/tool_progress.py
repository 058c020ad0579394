"""How far a call under way is, where its server tells."""

from uuid import UUID

import streamlit as st

from core.domain.state import CallState
from core.domain.tool_source import ToolProgress
from pages.components.session import get_app
from pages.components.text import grouped, plain

LOOK_S = 0.5


def tool_progress(run_id: UUID, call: CallState) -> None:
    """Only servers of others tell; drawn anew by itself while the call lasts."""
    if call.tool is not None and call.tool.kind == "mcp":
        _drawn(run_id, call.effect)


@st.fragment(run_every=LOOK_S)
def _drawn(run_id: UUID, effect: str) -> None:
    progress = get_app().tool_sources.progress(run_id, effect)
    if progress is None:
        return
    words = plain(" · ".join(filter(None, [_counted(progress), progress.message])))
    if progress.share is None:
        st.caption(f":material/hourglass_top: {words}")
    else:
        st.progress(progress.share, text=words)


def _counted(progress: ToolProgress) -> str:
    return f"{_number(progress.done)} of {_number(progress.total)}" if progress.total else _number(progress.done)


def _number(number: float) -> str:
    return grouped(int(number) if number.is_integer() else round(number, 2))
