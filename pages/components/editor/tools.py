"""Which tools the model may use, and what a person decided about each."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
import streamlit as st

from core.domain.agent import AgentSpec
from core.domain.tool import Policy, ToolChoice, ToolSpec
from pages.components.editor.draft import Change, Draft
from pages.components.text import plain, short

_POLICIES: dict[Policy, str] = {"allow": "Allow", "ask": "Ask", "deny": "Deny"}

_MOST_OFFERED = 60


def tools(draft: Draft) -> None:
    catalogue = draft.app.tools.list()
    known = {tool.name: tool for tool in catalogue}
    st.caption("The model sees only what is chosen here. It decides; this server executes, and records it.")
    for choice in draft.spec.tools:
        _chosen(draft, choice, known.get(choice.name))
    rest = [tool for tool in catalogue if tool.name not in {choice.name for choice in draft.spec.tools}]
    _add(draft, rest)


def _chosen(draft: Draft, choice: ToolChoice, tool: ToolSpec | None) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(gap=None, width="stretch"):
                icon = ":material/edit:" if tool and tool.effect == "write" else ":material/visibility:"
                st.markdown(f":gray[{icon}] **{plain(choice.name)}**")
                st.caption(plain(short(tool.description, 110)) if tool else ":red[This tool does not exist any more.]")
            _policy(draft, choice)
            st.button(
                "",
                icon=":material/close:",
                type="tertiary",
                help=f"Remove {plain(choice.name)}",
                key=draft.key(f"drop_{choice.name}"),
                on_click=draft.edit,
                args=(partial(without, name=choice.name),),
            )
        if tool:
            _fixed(draft, choice, tool)


def _policy(draft: Draft, choice: ToolChoice) -> None:
    st.segmented_control(
        f"What the model may do with {choice.name}",
        list(_POLICIES),
        default=choice.policy,
        required=True,
        format_func=_POLICIES.__getitem__,
        label_visibility="collapsed",
        **draft.on_change(f"policy_{choice.name}", put_choice(choice.name, "policy")),
    )


def _fixed(draft: Draft, choice: ToolChoice, tool: ToolSpec) -> None:
    properties = tool.parameters.get("properties", {})
    if not properties:
        return
    label = f"Fixed inputs · {len(choice.fixed)}" if choice.fixed else "Fixed inputs"
    with st.expander(label, icon=":material/lock:", type="compact", key=draft.key(f"fixed_{choice.name}")):
        st.caption("What stands here is put in by you; the model neither sees it nor can change it.")
        with st.grid(2, min_column_width=160, gap="small"):
            for name, schema in properties.items():
                st.text_input(
                    name,
                    written(choice.fixed[name]) if name in choice.fixed else "",
                    placeholder="the model decides",
                    help=plain(str(schema.get("description", ""))) or None,
                    **draft.on_change(f"fixed_{choice.name}_{name}", put_fixed(choice.name, name, schema)),
                )


def _add(draft: Draft, rest: list[ToolSpec]) -> None:
    if not rest:
        return
    st.markdown("**Add a tool**")
    search = st.text_input(
        "Search tools",
        placeholder="Search tools",
        icon=":material/search:",
        label_visibility="collapsed",
        key=draft.key("tool_search"),
        live=True,
    )
    wanted = (search or "").lower()
    found = [tool for tool in rest if wanted in f"{tool.name} {tool.description}".lower()]
    for tool in found[:_MOST_OFFERED]:
        _offer(draft, tool)
    if len(found) > _MOST_OFFERED:
        st.caption(f"and {len(found) - _MOST_OFFERED:,} more: search for what you need")


def _offer(draft: Draft, tool: ToolSpec) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        with st.container(gap=None, width="stretch"):
            icon = ":material/edit:" if tool.effect == "write" else ":material/visibility:"
            st.markdown(f":gray[{icon}] {plain(tool.name)}")
            st.caption(plain(short(tool.description, 100)))
        st.button(
            "Add",
            icon=":material/add:",
            key=draft.key(f"add_{tool.name}"),
            on_click=draft.edit,
            args=(partial(with_tool, name=tool.name),),
        )


def with_tool(spec: AgentSpec, name: str) -> AgentSpec:
    return msgspec.structs.replace(without(spec, name), tools=(*without(spec, name).tools, ToolChoice(name)))


def without(spec: AgentSpec, name: str) -> AgentSpec:
    return msgspec.structs.replace(spec, tools=tuple(choice for choice in spec.tools if choice.name != name))


def put_choice(name: str, field: str) -> Change:
    def change(spec: AgentSpec, value: object) -> AgentSpec:
        chosen = tuple(
            msgspec.structs.replace(choice, **{field: value}) if choice.name == name else choice
            for choice in spec.tools
        )
        return msgspec.structs.replace(spec, tools=chosen)

    return change


def put_fixed(name: str, argument: str, schema: Mapping[str, Any]) -> Change:
    def change(spec: AgentSpec, text: str | None) -> AgentSpec:
        current = next((choice.fixed for choice in spec.tools if choice.name == name), {})
        fixed = {key: value for key, value in current.items() if key != argument}
        if text:
            fixed[argument] = typed(text, schema)
        return put_choice(name, "fixed")(spec, fixed)

    return change


def written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def typed(text: str, schema: Mapping[str, Any]) -> Any:
    """A typed text as its schema wants it; what does not fit stays text, and the tool's check will say so."""
    if schema.get("type") == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
