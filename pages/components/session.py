"""Who is here, and how a refused command is said."""

from urllib.parse import unquote
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.bootstrap import App
from core.domain.person import Person, Role
from core.domain.result import Err, Result, T
from pages.components.text import plain

_SAID = "said"


def who() -> str:
    """The name given at the login; empty on a server without one."""
    return unquote(str(st.user.get("name") or ""))


def person() -> Person:
    """Whoever looks at this page, with their role as it is now. Raises `NotAllowed` where nobody is signed in."""
    return bootstrap.get_app().sign_ins.person(str(st.user.get("sign_in") or ""))


def may(role: Role) -> bool:
    """Whether this person may do what needs that role: what they may not is not drawn."""
    return person().may(role)


def get_app() -> App:
    """The App in this person's hands: its services refuse what their role may not."""
    return bootstrap.acting(bootstrap.get_app(), person())


def uuid_param(name: str) -> UUID | None:
    """An id from the address; None where there is none or it is no id."""
    try:
        return UUID(st.query_params.get(name, ""))
    except ValueError:
        return None


def int_param(name: str, default: int) -> int:
    """A whole number from the address; `default` where there is none or it is no number."""
    text = st.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def value_or_say(result: Result[T]) -> T | None:
    """The value, or None after telling the person why not. For callbacks: the page that follows shows it."""
    if isinstance(result, Err):
        say(result.message, failed=True)
        return None
    return result.value


def say(message: str, *, failed: bool = False) -> None:
    """A sentence that the next drawing of a page shows once."""
    st.session_state[_SAID] = (message, failed)


def show_said() -> None:
    """Draw what a callback had to say: a failure stays on the page, good news fades."""
    message, failed = st.session_state.pop(_SAID, ("", False))
    if message and failed:
        st.error(plain(message), icon=":material/error:")
    elif message:
        st.toast(plain(message), icon=":material/check:")
