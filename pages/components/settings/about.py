"""What this is, and what it promises."""

import platform

import streamlit as st

from core import __version__
from core.bootstrap import App
from pages.components.frame import section
from pages.components.metrics import metric_pairs
from pages.components.text import plain


def about(app: App) -> None:
    section("Aryabhatta")
    st.markdown("A self-hosted, no-code playground for AI agents, made of Streamlit, Python and Postgres.")
    with st.container(border=True):
        st.markdown(
            "**What it promises.** A decided call is started at most once; its result is recorded once. If the "
            "machine dies in between, it is shown as *unknown* and settled by a person, by a status check that the "
            "tool declares, or by an idempotency key. Everything that was sent and received can be read back byte "
            "for byte."
        )
    section("Where things are")
    with st.container(border=True, width=560):
        metric_pairs(
            [
                ("Version", plain(__version__)),
                ("Python", plain(platform.python_version())),
                ("Files and keys", plain(str(app.settings.home))),
                ("Database", "a server of yours" if app.settings.database_url else "embedded, on this machine"),
                ("Time zone of this browser", plain(st.context.timezone or "not told")),
            ],
            "about_pairs",
        )
    st.caption(
        "Made with Streamlit, SQLAlchemy, Alembic, huggingface\\_hub, marked and DOMPurify. MIT licence; the licences of "
        "the two vendored files stand beside them in `pages/assets/vendor`."
    )
