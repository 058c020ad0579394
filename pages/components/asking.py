"""While a server is being asked: one quiet line, and the page is drawn anew when the answer is there."""

from collections.abc import Callable

import streamlit as st

_PULSE_S = 0.5


def while_asked(is_asked: Callable[[], bool], words: str, key: str) -> None:
    """The page itself never waits: this line looks again twice a second."""

    def look() -> None:
        if not is_asked():
            st.rerun()
        st.caption(f":material/hourglass_top: {words}")

    st.fragment(look, run_every=_PULSE_S, key=key)()
