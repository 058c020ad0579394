"""Which model answers: always visible, and honest about the scripted one."""

import streamlit as st

from core.domain.agent import AgentSpec
from core.services.endpoints import Choice
from pages.components.session import may
from pages.components.text import plain


def model_badge(choice: Choice, spec: AgentSpec | None = None, *, link: bool = True) -> None:
    """The model and where it is served; of the demo model, what it is and the way to a real one."""
    endpoint = choice.endpoint
    model = (spec.model if spec else "") or endpoint.model
    with st.container(horizontal=True, gap="small", vertical_alignment="center", width="content"):
        if endpoint.kind == "demo":
            st.badge(
                "Demo model: scripted, not AI", icon=":material/theater_comedy:", color="orange", help=plain(choice.why)
            )
            if link and may("operator"):
                st.page_link("settings.py", label="Use a real model", icon=":material/arrow_forward:")
            return
        label = plain(f"{model or 'no model chosen'} at {endpoint.name}")
        st.badge(label, icon=":material/neurology:", color="gray" if model else "orange", help=plain(choice.why))
