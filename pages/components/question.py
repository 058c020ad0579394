"""What the server of a call under way asks: a form on the call's card, or an address, and the three answers."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, assert_never
from urllib.parse import urlsplit

import streamlit as st

from core.bootstrap import App
from core.domain.event import Asked
from core.domain.question import Question, Say
from core.domain.question_form import FormField, form_fields
from core.domain.result import Err
from core.domain.run import Run
from core.domain.state import CallState
from pages.components.session import who
from pages.components.text import plain, zone

_UNSET = "left out"


def question(app: App, run: Run, call: CallState, asked: Asked, key: str) -> None:
    """The answer goes to the call that waits; nothing is ever filled in by itself but what the server suggests."""
    said = asked.question
    if said is None:
        return
    key = f"{key}_{asked.shown[-12:]}"
    st.text(said.message)
    if said.note:
        st.caption(f":orange[:material/info:] {plain(said.note)}")
    if said.url:
        _address(app, run, call, asked, said.url, key)
    else:
        _form(app, run, call, asked, said, key)
    if fault := st.session_state.pop(_fault_key(asked), ""):
        st.error(plain(fault), icon=":material/error:")
    _others(app, run, call, asked, key)
    if asked.until:
        at = asked.until.astimezone(zone()).strftime("%H:%M")
        source = plain(str(call.tool.definition.get("source", "")) if call.tool else "") or "Its server"
        st.caption(f"{source} is told your answer, and it is recorded here. The call waits until {at}.")


def _form(app: App, run: Run, call: CallState, asked: Asked, said: Question, key: str) -> None:
    fields = list(form_fields(said))
    with st.form(f"question_{key}", border=False):
        for field in fields:
            _widget(field, _key(field, key))
        st.form_submit_button(
            "Send the answer" if fields else "Yes",
            type="primary",
            icon=":material/check:",
            on_click=_send,
            args=(app, run, call, asked, fields, key),
        )


def _address(app: App, run: Run, call: CallState, asked: Asked, url: str, key: str) -> None:
    """The whole address, as it is: who follows it leaves for another site, and only by a click of their own."""
    st.code(url, language=None, wrap_lines=True)
    with st.container(horizontal=True, gap="small"):
        place = urlsplit(url)
        if place.scheme in {"http", "https"} and place.hostname:
            st.link_button(f"Open {plain(place.hostname)}", url, icon=":material/open_in_new:")
        st.button(
            "I have been there: go on",
            type="primary",
            icon=":material/check:",
            key=f"question_go_{key}",
            on_click=_answer,
            args=(app, run, call, asked, "approve"),
        )


def _others(app: App, run: Run, call: CallState, asked: Asked, key: str) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Decline",
            key=f"question_no_{key}",
            help="The server is told no; what it does then is its own matter.",
            on_click=_answer,
            args=(app, run, call, asked, "deny"),
        )
        st.button(
            "Put aside",
            type="tertiary",
            key=f"question_aside_{key}",
            help="The server is told neither yes nor no.",
            on_click=_answer,
            args=(app, run, call, asked, "cancel"),
        )


def _widget(field: FormField, key: str) -> None:
    label = plain(field.label) if field.is_required else f"{plain(field.label)} (optional)"
    common: dict[str, Any] = {"label": label, "help": plain(field.hint) or None, "key": key}
    match field.kind:
        case "text":
            example = field.example or None
            st.text_input(value=_said(field), max_chars=field.most_chars, placeholder=example, **common)
        case "date":
            st.date_input(value=_date(field.default), **common)
        case "whole" | "number" as kind:
            _number(field, int if kind == "whole" else float, common)
        case "yes_no":
            default = field.default if isinstance(field.default, bool) else None
            _choice(field, ("true", "false"), None if default is None else str(default).lower(), common)
        case "choice":
            _choice(field, [value for value, _ in field.options], field.default, common)
        case "choices":
            known = [value for value, _ in field.options]
            chosen = [value for value in field.default or () if value in known]
            st.multiselect(options=known, default=chosen, format_func=_titles(field).__getitem__, **common)
        case "json":
            st.text_area(value="" if field.default is None else json.dumps(field.default), height=80, **common)
        case kind:
            assert_never(kind)


def _choice(field: FormField, values: Sequence[str], default: Any, common: dict[str, Any]) -> None:
    index = list(values).index(default) if default in values else None
    hint = "choose one" if field.is_required else _UNSET
    st.selectbox(options=values, index=index, placeholder=hint, format_func=_titles(field).__getitem__, **common)


def _titles(field: FormField) -> dict[str, str]:
    return dict(field.options) or {"true": "Yes", "false": "No"}


def _number(field: FormField, kind: type[int] | type[float], common: dict[str, Any]) -> None:
    default = field.default if isinstance(field.default, int | float) else None
    least, most, value = (None if one is None else kind(one) for one in (field.least, field.most, default))
    step = 1 if kind is int else None
    st.number_input(value=value, min_value=least, max_value=most, step=step, placeholder=_UNSET, **common)


def _said(field: FormField) -> str:
    return field.default if isinstance(field.default, str) else ""


def _date(default: Any) -> date | None:
    try:
        return date.fromisoformat(str(default))
    except ValueError:
        return None


def _key(field: FormField, key: str) -> str:
    return f"question_{key}_{field.name}"


def _send(app: App, run: Run, call: CallState, asked: Asked, fields: Sequence[FormField], key: str) -> None:
    given = {field.name: _value(field, st.session_state.get(_key(field, key))) for field in fields}
    content = {name: value for name, value in given.items() if value is not None}
    _answer(app, run, call, asked, "approve", json.dumps(content, ensure_ascii=False))


def _value(field: FormField, held: Any) -> Any:
    """What a widget holds, as the server asked for it; None: it was left out."""
    match field.kind:
        case "date":
            return held.isoformat() if isinstance(held, date) else None
        case "yes_no":
            return None if held is None else held == "true"
        case "json":
            return _parsed(str(held or ""))
        case "choices":
            return held if held or field.is_required else None
        case _:
            return None if held == "" and not field.is_required else held


def _parsed(text: str) -> Any:
    """What is no JSON is passed on as it stands, and the check of the answer says what is wrong with it."""
    try:
        return json.loads(text) if text.strip() else None
    except ValueError:
        return text


def _answer(app: App, run: Run, call: CallState, asked: Asked, say: Say, content: str = "") -> None:
    answered = app.decisions.answer(run.id, call.effect, say, who(), shown=asked.shown, content=content)
    if isinstance(answered, Err):
        st.session_state[_fault_key(asked)] = answered.message


def _fault_key(asked: Asked) -> str:
    return f"question_fault_{asked.shown}"
