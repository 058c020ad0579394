"""The fields of an answer's schema as a form; objects hold fields of their own."""

from collections.abc import Callable
from typing import Any

import msgspec
import streamlit as st

from core.domain.agent import AgentSpec
from core.domain.schema_form import (
    Field,
    FieldType,
    Path,
    Shape,
    added,
    changed,
    name_fault,
    schema_of,
    shape_of,
)
from pages.components.editor.draft import Change, Draft, put_parameter
from pages.components.text import plain

Kind = tuple[FieldType, bool]
"""A type, and whether it is a list of it."""
_KINDS: dict[Kind, str] = {
    ("string", False): "Text",
    ("integer", False): "Whole number",
    ("number", False): "Number",
    ("boolean", False): "Yes or no",
    ("choice", False): "Choice",
    ("object", False): "Object",
    ("string", True): "List of texts",
    ("integer", True): "List of whole numbers",
    ("number", True): "List of numbers",
    ("boolean", True): "List of yes or no",
    ("choice", True): "List of choices",
    ("object", True): "List of objects",
}
_DEEPEST = 4


def schema_fields(draft: Draft, shape: Shape) -> None:
    _fields(draft, shape, shape, ())


def _fields(draft: Draft, whole: Shape, here: Shape, path: Path) -> None:
    with st.container(gap="small"):
        for place, field in enumerate(here.fields):
            _field(draft, whole, field, (*path, place))
        st.button(
            "Add a field",
            icon=":material/add:",
            type="tertiary",
            key=_key(draft, path, "add"),
            on_click=draft.edit,
            args=(_edit(lambda shape: added(shape, path)),),
        )


def _field(draft: Draft, whole: Shape, field: Field, path: Path) -> None:
    with st.container(gap="xsmall", key=_key(draft, path, "box")):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _head(draft, field, path)
        _meaning(draft, field, path)
        typed = str(st.session_state.get(_key(draft, path, "name"), field.name))
        if problem := name_fault(whole, path, typed):
            st.caption(f":red[:material/error:] {plain(problem)} The draft keeps {plain(field.name)}.")
        if field.type == "object" and len(path) < _DEEPEST:
            with st.container(key=f"nested_{_key(draft, path, 'inside')}"):
                _fields(draft, whole, field.inside or Shape(), path)


def _head(draft: Draft, field: Field, path: Path) -> None:
    name = field.name
    st.text_input(
        f"Name of {name}",
        name,
        label_visibility="collapsed",
        placeholder="name",
        **_saving(draft, path, "name", _put_name(path)),
    )
    kinds = [kind for kind in _KINDS if kind[0] != "object" or len(path) < _DEEPEST or kind[0] == field.type]
    st.selectbox(
        f"Type of {name}",
        kinds,
        index=kinds.index((field.type, field.is_list)),
        format_func=_KINDS.__getitem__,
        label_visibility="collapsed",
        width=170,
        **_saving(draft, path, "kind", _put_field(path, _with_kind)),
    )
    st.checkbox(
        "Required",
        field.required,
        width="content",
        **_saving(draft, path, "required", _put_field(path, lambda one, on: _with(one, required=on))),
    )
    st.button(
        f"Remove {name}",
        icon=":material/close:",
        type="tertiary",
        help=f"Remove {plain(name)}",
        key=f"icon_{_key(draft, path, 'drop')}",
        on_click=draft.edit,
        args=(_edit(lambda shape: changed(shape, path, lambda _: None)),),
    )


def _meaning(draft: Draft, field: Field, path: Path) -> None:
    """Drawn below: choices first, since a choice without them is none."""
    if field.type == "choice":
        st.text_input(
            f"Choices of {field.name}",
            ", ".join(field.choices),
            placeholder="Choices, with commas between them",
            label_visibility="collapsed",
            **_saving(draft, path, "choices", _put_field(path, _with_choices)),
        )
        if not field.choices:
            st.caption(":orange[:material/info:] It needs something to choose from.")
    st.text_input(
        f"Meaning of {field.name}",
        field.description,
        placeholder="What it means, for the model",
        label_visibility="collapsed",
        **_saving(draft, path, "description", _put_field(path, lambda one, text: _with(one, description=text or ""))),
    )


def _key(draft: Draft, path: Path, what: str) -> str:
    return draft.key(f"schema_{'_'.join(map(str, path))}_{what}")


def _saving(draft: Draft, path: Path, what: str, change: Change) -> dict[str, Any]:
    return draft.on_change(f"schema_{'_'.join(map(str, path))}_{what}", change)


def _edit(change: Callable[[Shape], Shape]) -> Callable[[AgentSpec], AgentSpec]:
    """The same change of a draft; a schema that meanwhile is no form any more stays as it is."""

    def edit(spec: AgentSpec) -> AgentSpec:
        shape = shape_of(spec.parameters.response_schema or {})
        return spec if shape is None else put_parameter("response_schema")(spec, schema_of(change(shape)))

    return edit


def _put_field(path: Path, change: Callable[[Field, Any], Field]) -> Change:
    return lambda spec, value: _edit(lambda shape: changed(shape, path, lambda one: change(one, value)))(spec)


def _put_name(path: Path) -> Change:
    """A name that cannot be is not saved; the form says why."""

    def change(spec: AgentSpec, name: str | None) -> AgentSpec:
        def renamed(shape: Shape) -> Shape:
            if name_fault(shape, path, name or ""):
                return shape
            return changed(shape, path, lambda one: _with(one, name=(name or "").strip()))

        return _edit(renamed)(spec)

    return change


def _with(field: Field, **changes: object) -> Field:
    return msgspec.structs.replace(field, **changes)


def _with_kind(field: Field, kind: Kind) -> Field:
    return _with(field, type=kind[0], is_list=kind[1], inside=field.inside if kind[0] == "object" else None)


def _with_choices(field: Field, text: str | None) -> Field:
    return _with(field, choices=tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip())))
