"""Which model, and who serves it: chosen from what the endpoint tells, or typed."""

from functools import partial

import msgspec
import streamlit as st

from core.domain.agent import AgentSpec
from core.domain.endpoint import Endpoint
from core.domain.model_info import ModelInfo, ModelList
from pages.components.editor.draft import Draft, put
from pages.components.frame import quiet
from pages.components.model_table import list_line, model_table
from pages.components.model_words import model_facts, model_label, provider_label, with_typed
from pages.components.text import plain


def pick_model(draft: Draft, endpoint: Endpoint) -> None:
    picker = st.container(gap="small")
    told = list_line(draft.app, endpoint, draft.key("models"))
    with picker:
        _model(draft, endpoint, told.models)
        name = draft.spec.model or endpoint.model
        found = told.named(name.partition(":")[0] if endpoint.kind == "huggingface" else name)
        _facts(draft, name, found, told)
        if endpoint.kind == "huggingface":
            _provider(draft, name, found)
    if told.models:
        _compare(draft, told)


def _facts(draft: Draft, name: str, found: ModelInfo | None, told: ModelList) -> None:
    if found is None:
        if name and told.models:
            st.caption(
                f":orange[:material/info:] The endpoint does not list {plain(name)}. It is asked for all the same."
            )
        return
    quiet(*model_facts(found), small=True)
    if draft.spec.tools and found.supports_tools is False:
        st.caption(":orange[:material/warning:] This model cannot call tools, and the agent has some.")


def _model(draft: Draft, endpoint: Endpoint, models: tuple[ModelInfo, ...]) -> None:
    current = draft.spec.model
    labels = {model.name: model_label(model) for model in models}
    names = with_typed(current, labels)
    default = f": {endpoint.model}" if endpoint.model else ""
    st.selectbox(
        "Model",
        names,
        index=names.index(current) if current else None,
        format_func=lambda name: labels.get(name, name),
        placeholder=f"the endpoint's default{default}",
        accept_new_options=True,
        help="Choose one that the endpoint lists, or type any name.",
        **draft.on_change("model", put_model),
    )


def put_model(spec: AgentSpec, name: str | None) -> AgentSpec:
    """Another model has other providers: the one that was chosen for the last goes with it."""
    return msgspec.structs.replace(spec, model=name or "", provider=spec.provider if spec.model == (name or "") else "")


def _provider(draft: Draft, name: str, model: ModelInfo | None) -> None:
    """Who serves the model. Nobody chosen means that one is pinned, never that it may be anybody."""
    suffix = name.partition(":")[2]
    if suffix:
        st.caption(f":material/push_pin: The name says who serves it: {plain(suffix)}.")
        return
    current = draft.spec.provider
    providers = model.providers if model else ()
    labels = {provider.name: provider_label(provider) for provider in providers}
    names = with_typed(current, labels)
    pinned = model.first_choice if model else None
    st.selectbox(
        "Provider",
        names,
        index=names.index(current) if current else None,
        format_func=lambda one: labels.get(one, one),
        placeholder=f"pinned: {pinned.name}" if pinned else "whoever the router chooses: it does not tell who there is",
        accept_new_options=True,
        help="Who serves the model behind the Hugging Face router. Where you choose nobody, each run is pinned to one "
        "when it starts, so that its answers do not come from elsewhere unseen.",
        **draft.on_change(f"provider_{name}", put("provider")),
    )


def _compare(draft: Draft, told: ModelList) -> None:
    box = st.expander(
        "Compare models", icon=":material/table_rows:", type="compact", key=draft.key("compare"), on_change="rerun"
    )
    if not box.open:
        return
    with box:
        chosen = model_table(told, draft.key("all"))
        if chosen and chosen != draft.spec.model:
            use = partial(put_model, name=chosen)
            st.button(f"Use {plain(chosen)}", type="primary", on_click=draft.edit, args=(use,))
