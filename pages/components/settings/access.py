"""Who may sign in, as what, and what happened lately."""

import streamlit as st

from core.bootstrap import App
from core.domain.person import ROLES, Person, Role, SecurityEvent
from pages.components.frame import ask_once, quiet, section
from pages.components.security_words import sentence
from pages.components.session import person, say, value_or_say, who
from pages.components.text import plain

_MAY: dict[Role, str] = {
    "viewer": "looks at everything, changes nothing",
    "builder": "also chats, edits agents, tools and prompts, runs evaluations",
    "operator": "also settings, secrets, endpoints and people",
}
_PAGE = 30


def access(app: App) -> None:
    people = app.people.list()
    if not people:
        _alone(app)
    for one in people:
        _row(app, one)
    st.space("small")
    section("Add a person" if people else "Add the first operator")
    _add_form(app, is_first=not people)
    _events(app)


def _alone(app: App) -> None:
    if app.settings.password:
        st.caption(
            "Everybody signs in with the one password of this server (ARYABHATTA_PASSWORD), under a name of their own, "
            "and may do everything. That password ends when the first operator is added here."
        )
    else:
        st.caption(
            "Only this machine reaches this server, and nobody is asked who they are. Once an operator is added, "
            "everybody signs in, and the server may listen on other addresses."
        )


def _row(app: App, one: Person) -> None:
    key = str(one.id)
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small", key=f"row_person_{key}"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{plain(one.name)}**" + (" (you)" if one.id == person().id else ""))
            seen = ("signed in", one.signed_in_at) if one.signed_in_at else "signed in nowhere"
            quiet("shut out" if one.disabled else seen, small=True)
        st.selectbox(
            f"Role of {one.name}",
            ROLES,
            ROLES.index(one.role),
            key=f"role_{key}",
            label_visibility="collapsed",
            width=130,
            on_change=_set_role,
            args=(app, one),
        )
        with st.popover("", icon=":material/more_horiz:", type="tertiary", help=f"More about {plain(one.name)}"):
            _password_form(app, one)
            _door(app, one)


def _password_form(app: App, one: Person) -> None:
    key = f"password_{one.id}"
    with st.form(f"form_{key}", border=False):
        st.text_input("New password", type="password", key=key, help="At least 10 characters. Ends their sign-ins.")
        st.form_submit_button("Set it", on_click=_set_password, args=(app, one, key))


def _door(app: App, one: Person) -> None:
    if one.disabled:
        st.button("Let in again", icon=":material/lock_open:", on_click=_shut_out, args=(app, one, False))
    elif st.button("Shut out", icon=":material/block:", key=f"shut_{one.id}"):
        loss = "They are signed out everywhere at once. What they did stays, under their name."
        ask_once(f"Shut out {one.name}?", loss, "Shut out", lambda: _shut_out(app, one, True))


def _add_form(app: App, *, is_first: bool) -> None:
    with st.form("new_person", border=True):
        st.text_input("Name", key="person_name", max_chars=60, help="It stands beside what they do.")
        roles = ("operator",) if is_first else ROLES
        st.radio("Role", roles, key="person_role", captions=[_MAY[role] for role in roles])
        st.text_input("Password", type="password", key="person_password", help="At least 10 characters.")
        st.form_submit_button("Add", type="primary", on_click=_add, args=(app,))


def _add(app: App) -> None:
    name, password = (str(st.session_state.get(f"person_{field}") or "") for field in ("name", "password"))
    added = value_or_say(app.people.add(name, st.session_state["person_role"], password, who()))
    st.session_state["person_password"] = ""  # it stays in no session
    if added:
        st.session_state["person_name"] = ""
        say(f"{added.name} may sign in.")


def _set_role(app: App, one: Person) -> None:
    assert one.id is not None
    key = f"role_{one.id}"
    changed = value_or_say(app.people.set_role(one.id, st.session_state[key], who()))
    if changed is None:
        st.session_state[key] = one.role


def _set_password(app: App, one: Person, key: str) -> None:
    assert one.id is not None
    given = str(st.session_state.get(key) or "")
    st.session_state[key] = ""
    if value_or_say(app.people.set_password(one.id, given, who())):
        say(f"{one.name} has another password.")


def _shut_out(app: App, one: Person, disabled: bool) -> None:
    assert one.id is not None
    value_or_say(app.people.disable(one.id, who(), disabled=disabled))


def _events(app: App) -> None:
    st.space("small")
    section("What happened", "sign-ins, people, secrets, links")
    shown = int(st.session_state.get("events_shown", _PAGE))
    events = app.people.events(limit=shown + 1)
    with st.container(gap="xxsmall", key="security_events"):
        for event in events[:shown]:
            _event(event)
    if not events:
        st.caption("Nothing yet.")
    if len(events) > shown:
        st.button("Earlier", on_click=lambda: st.session_state.update(events_shown=shown + _PAGE))


def _event(event: SecurityEvent) -> None:
    quiet(sentence(event), event.detail, f"from {event.address}" if event.address else "", event.at)
