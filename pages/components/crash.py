"""What a person sees when a screen itself fails: a sentence. The traceback goes to the log."""

import logging

import streamlit as st

from core.errors import AryabhattaError

log = logging.getLogger(__name__)


def say_crash(error: Exception) -> bool:
    """True: the error has been shown here."""
    if isinstance(error, AryabhattaError):
        log.error("%s", error)
        what, then = str(error), "Set this right, then load the page again. Nothing that was recorded is lost."
    else:
        log.error("A screen failed", exc_info=error)
        what, then = "This screen failed.", "Load the page again. The server's log has the details."
    with st.container(border=True, gap="small", key="tool_failed_screen"):
        st.markdown(":red[:material/error:] **Something went wrong here**")
        st.text(f"{what} {then}")
    return True
