"""What the model fills in, and the secrets that go along."""

import json
from functools import partial
from typing import Any

import msgspec
import streamlit as st

from core.services.http_drafts import HttpDraft, HttpInput, HttpSecret, InputType, SecretUse
from pages.components.drafting import listed
from pages.components.frame import section
from pages.components.request_form.draft import Change, Form
from pages.components.text import plain

_TYPES: dict[InputType, str] = {
    "string": "Text",
    "integer": "Whole number",
    "number": "Number",
    "boolean": "Yes or no",
    "array": "List",
    "object": "Object",
}
_USES: dict[SecretUse, str] = {
    "bearer": "Bearer token",
    "basic": "User and password",
    "header": "Header",
    "query": "Query parameter",
    "cookie": "Cookie",
}
_NAMED = ("header", "query", "cookie")


def inputs(form: Form, names: list[str]) -> None:
    section("Inputs", "Each {name} above is one. The model sees its description.")
    if not names:
        st.caption("None yet: every call sends the same.")
    for name in names:
        _input(form, name, form.draft.inputs.get(name, HttpInput()))


def _input(form: Form, name: str, entry: HttpInput) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(name)}**", width="stretch")
            st.selectbox(
                f"Type of {name}",
                list(_TYPES),
                index=list(_TYPES).index(entry.type),
                format_func=_TYPES.__getitem__,
                label_visibility="collapsed",
                width=150,
                **form.on_change(f"type_{name}", put_input(name, "type")),
            )
            st.toggle("Required", entry.required, **form.on_change(f"required_{name}", put_input(name, "required")))
        with st.grid(2, min_column_width=200, gap="small"):
            st.text_input(
                f"Description of {name}",
                entry.description,
                placeholder="What it is, for the model",
                label_visibility="collapsed",
                **form.on_change(f"description_{name}", put_input(name, "description")),
            )
            st.text_input(
                f"Only values of {name}",
                ", ".join(written(choice) for choice in entry.choices),
                placeholder="any value; else the only ones, with commas",
                label_visibility="collapsed",
                **form.on_change(f"choices_{name}", put_choices(name)),
            )


def put_input(name: str, field: str) -> Change:
    def change(draft: HttpDraft, value: Any) -> HttpDraft:
        entry = draft.inputs.get(name, HttpInput())
        changed = msgspec.structs.replace(entry, **{field: "" if value is None else value})
        return msgspec.structs.replace(draft, inputs={**draft.inputs, name: changed})

    return change


def put_choices(name: str) -> Change:
    """Numbers among the choices of a number are numbers."""

    def change(draft: HttpDraft, text: str | None) -> HttpDraft:
        is_text = draft.inputs.get(name, HttpInput()).type == "string"
        choices = tuple(part if is_text else _typed(part) for part in listed(text))
        return put_input(name, "choices")(draft, choices)

    return change


def _typed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def secrets(form: Form) -> None:
    section("Secrets", "By name; the model, the journal and the logs never see a value.")
    for place, secret in enumerate(form.draft.secrets):
        _secret(form, place, secret)
    st.button(
        "Add a secret",
        icon=":material/key:",
        key=form.key("add_secret"),
        on_click=form.edit,
        args=(lambda draft: msgspec.structs.replace(draft, secrets=(*draft.secrets, HttpSecret(secret=""))),),
    )


def _secret(form: Form, place: int, secret: HttpSecret) -> None:
    known = [one.name for one in form.app.secrets.names()]
    names = known if secret.secret in known or not secret.secret else [secret.secret, *known]
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Secret",
            names,
            index=names.index(secret.secret) if secret.secret else None,
            placeholder="choose, or type a new name",
            accept_new_options=True,
            width=220,
            **form.on_change(f"secret_{place}", put_secret(place, "secret")),
        )
        st.selectbox(
            "Sent as",
            list(_USES),
            index=list(_USES).index(secret.use),
            format_func=_USES.__getitem__,
            width=170,
            **form.on_change(f"use_{place}", put_secret(place, "use")),
        )
        if secret.use in _NAMED:
            _how(form, place, secret)
        st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            help="Remove this secret",
            key=form.key(f"drop_secret_{place}"),
            on_click=form.edit,
            args=(partial(without_secret, place=place),),
        )
    if secret.use == "basic":
        st.caption("The value of this secret is user:password.")


def _how(form: Form, place: int, secret: HttpSecret) -> None:
    for label, field, example in (("Named", "name", "X-Api-Key"), ("Begins with", "prefix", "nothing")):
        st.text_input(
            label,
            getattr(secret, field),
            placeholder=example,
            width=120,
            **form.on_change(f"{field}_secret_{place}", put_secret(place, field)),
        )


def put_secret(place: int, field: str) -> Change:
    def change(draft: HttpDraft, value: str | None) -> HttpDraft:
        rows = list(draft.secrets)
        rows[place] = msgspec.structs.replace(rows[place], **{field: value or ""})
        return msgspec.structs.replace(draft, secrets=tuple(rows))

    return change


def without_secret(draft: HttpDraft, place: int) -> HttpDraft:
    return msgspec.structs.replace(draft, secrets=draft.secrets[:place] + draft.secrets[place + 1 :])
