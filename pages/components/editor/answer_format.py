"""What an answer has to look like: free text, any JSON object, or JSON that fits a schema; the schema as form or JSON."""

import json
from typing import Literal

import msgspec
import streamlit as st

from core.domain.agent import AgentSpec, Parameters
from core.domain.canonical import Json
from core.domain.schema_check import schema_fault
from core.domain.schema_form import Field, Shape, schema_of, shape_of
from pages.components.editor.draft import Change, Draft
from pages.components.editor.schema_fields import schema_fields
from pages.components.text import plain

Format = Literal["text", "object", "schema"]
_FORMATS: dict[Format, str] = {"text": "Free text", "object": "Any JSON object", "schema": "JSON with a schema"}
_MEANING: dict[Format, str] = {
    "text": "Nothing is sent about it.",
    "object": "The server is asked for JSON. Say in the instructions which; some servers insist on the word JSON there.",
    "schema": "Sent with every request. The answer is checked against it and shown as a table where it fits.",
}
_VIEWS = ("Fields", "JSON")
_BEGINNING = schema_of(Shape((Field("answer"),)))


def answer_format(draft: Draft) -> None:
    chosen = format_of(draft.spec.parameters)
    st.segmented_control(
        "Answer",
        list(_FORMATS),
        default=chosen,
        required=True,
        format_func=_FORMATS.__getitem__,
        **draft.on_change("answer_format", _put_format(draft)),
    )
    st.caption(_MEANING[chosen])
    if chosen != "text" and _is_known_not_to(draft):
        st.caption(":orange[:material/info:] The endpoint says that this model does not keep to a form. It is checked.")
    if chosen == "schema":
        with st.container(border=True, gap="small", key=draft.key("schema_box")):
            _schema(draft)


def _is_known_not_to(draft: Draft) -> bool:
    """Whether the endpoint told that the model cannot be held to a schema. Asks for nothing that takes time."""
    endpoint = draft.app.endpoints.choose(draft.spec.endpoint).endpoint
    told = draft.app.endpoints.catalogue_now(endpoint).named(draft.spec.model or endpoint.model)
    return told is not None and told.supports_schemas is False


def format_of(given: Parameters) -> Format:
    if given.response_schema is not None:
        return "schema"
    return "object" if given.json_object else "text"


def _put_format(draft: Draft) -> Change:
    """Leaving the schema keeps it for this visit: coming back brings it back."""
    kept = f"last_schema_{draft.agent.id.hex}"

    def change(spec: AgentSpec, chosen: Format) -> AgentSpec:
        if spec.parameters.response_schema is not None:
            st.session_state[kept] = spec.parameters.response_schema
        schema = st.session_state.get(kept, _BEGINNING) if chosen == "schema" else None
        return _put(spec, schema, json_object=chosen == "object")

    return change


def _put(spec: AgentSpec, schema: dict[str, Json] | None, *, json_object: bool = False) -> AgentSpec:
    parameters = msgspec.structs.replace(spec.parameters, response_schema=schema, json_object=json_object)
    return msgspec.structs.replace(spec, parameters=parameters)


def _schema(draft: Draft) -> None:
    """One view at a time, each drawn from the draft: they are always in step."""
    schema = draft.spec.parameters.response_schema or {}
    shape = shape_of(schema)
    view = st.segmented_control(
        "Schema",
        _VIEWS,
        default="Fields" if shape else "JSON",
        required=True,
        label_visibility="collapsed",
        key=draft.key("schema_view"),
    )
    if view == "JSON":
        _as_json(draft, schema)
    elif shape is None:
        st.caption("This schema says more than the form can show. Edit it as JSON.")
    else:
        schema_fields(draft, shape)
    if fault := schema_fault(schema):
        st.caption(f":red[:material/error:] No answer can fit this schema. {plain(fault)}")


def _as_json(draft: Draft, schema: dict[str, Json]) -> None:
    """Text that is no JSON object is not saved, and says so."""
    current = json.dumps(schema, indent=2, ensure_ascii=False)
    st.text_area(
        "JSON Schema",
        current,
        height=320,
        label_visibility="collapsed",
        **draft.on_change("response_schema", put_schema),
    )
    if problem := text_problem(str(st.session_state.get(draft.key("response_schema"), current))):
        st.caption(f":red[:material/error:] {plain(problem)} The draft keeps what it had.")


def put_schema(spec: AgentSpec, text: str | None) -> AgentSpec:
    """Only what is a JSON object and a schema gets into the draft."""
    return spec if text_problem(text or "") else _put(spec, json.loads(text or ""))


def text_problem(text: str) -> str:
    """Why a text is not a schema; empty when it is one."""
    try:
        value = json.loads(text)
    except ValueError as error:
        return f"This is not a JSON object yet: {error}."
    if not isinstance(value, dict):
        return "This is not a JSON object yet."
    return schema_fault(value)
