"""Which model is asked and where, what the tool is called, its limits."""

from collections.abc import Sequence

import msgspec
import streamlit as st

from core.domain.result import Err
from core.services.hub_tools import HubTask, Served, Task
from pages.components.drafting import listed, put, put_choice
from pages.components.frame import section
from pages.components.hub_form.draft import Form, TaskForm, put_own, put_provider
from pages.components.text import plain

_NO_SECRET = "none: nothing is sent along"


def model(form: TaskForm, task: Task) -> None:
    section("Model", "Any model of the Hub that does this task.")
    draft = form.draft
    if draft.address:
        st.caption(":material/dns: Your own server is asked, as it stands: model and provider do not count.")
    else:
        models = list(dict.fromkeys([*task.models, *([draft.model] if draft.model else [])]))
        st.selectbox(
            "Model",
            models,
            index=models.index(draft.model) if draft.model else None,
            accept_new_options=True,
            placeholder="owner/model",
            help="Choose one, or type the name of any other.",
            **form.on_change("model", put("model")),
        )
        _provider(form, task)
    with st.expander("Your own server, and what it is sent", icon=":material/dns:", key=f"hub_own_{form.name}"):
        _own(form)


def _provider(form: TaskForm, task: Task) -> None:
    draft, providers = form.draft, form.app.hub_tools.providers(task)
    names = providers if draft.provider in providers else (*providers, draft.provider)
    with st.grid(2, min_column_width=200, gap="small"):
        st.selectbox(
            "Provider",
            names,
            index=names.index(draft.provider),
            help="Who runs the model. It is kept with the tool: a call never goes to another one.",
            **form.on_change("provider", put_provider),
        )
        if draft.provider != providers[0] or draft.provider != "hf-inference":
            st.text_input(
                "Its name there",
                draft.provider_model,
                placeholder=draft.model or "the same",
                help="What this provider calls the model.",
                **form.on_change(f"provider_model_{draft.provider}", put("provider_model")),
            )
    st.button(
        "Who serves it?",
        icon=":material/travel_explore:",
        type="tertiary",
        help="Asks the Hub who serves this model for the task, and under which name.",
        disabled=not draft.model,
        key=form.key("look_up"),
        on_click=_look_up,
        args=(form, task),
    )
    _served(form, st.session_state.get(_served_key(form)))


def _look_up(form: TaskForm, task: Task) -> None:
    found = form.app.hub_tools.serving(form.draft.model)
    if not isinstance(found, Err):
        found_here = [one for one in found.value if one.task == task.name]
        st.session_state[_served_key(form)] = (form.draft.model, found_here)
    else:
        st.session_state[_served_key(form)] = (form.draft.model, found.message)


def _served(form: TaskForm, looked_up: tuple[str, Sequence[Served] | str] | None) -> None:
    """What the Hub said of the model that stands there now."""
    if looked_up is None or looked_up[0] != form.draft.model:
        return
    served = looked_up[1]
    if isinstance(served, str):
        st.caption(f":orange[:material/cloud_off:] {plain(served)}")
        return
    if not served:
        st.caption(":orange[:material/block:] Nobody serves this model for this task.")
    for one in served:
        st.button(
            f"{one.provider}" + ("" if one.is_live else " (not now)"),
            key=form.key(f"take_{one.provider}"),
            icon=":material/check:" if one.provider == form.draft.provider else None,
            help=f"Known there as {one.model}",
            on_click=form.edit,
            args=(lambda draft, one=one: _taken(draft, one),),
        )


def _taken(draft: HubTask, one: Served) -> HubTask:
    return msgspec.structs.replace(draft, provider=one.provider, provider_model=one.model)


def _served_key(form: TaskForm) -> str:
    return f"served_{form.name}"


def _own(form: TaskForm) -> None:
    draft = form.draft
    st.text_input(
        "Address of your own server",
        draft.address,
        placeholder="none, such as http://127.0.0.1:8080/embed",
        help="A Hugging Face endpoint, TEI or TGI of your own. The request goes exactly there.",
        **form.on_change("address", put_own),
    )
    reach(form)


def reach(form: Form) -> None:
    """Private hosts that it may reach, and the secret that goes along."""
    draft = form.draft
    st.text_input(
        "Allow these hosts although they are private",
        ", ".join(draft.allow_hosts),
        placeholder="none, such as 127.0.0.1:8080",
        help="Tools never reach private addresses unless you name them here.",
        **form.on_change("allow_hosts", lambda held, text: put_choice("allow_hosts")(held, listed(text))),
    )
    known = [one.name for one in form.app.secrets.names()]
    names = list(dict.fromkeys(["", "HUGGING_FACE_AUTH_TOKEN", *known, draft.secret]))
    st.selectbox(
        "Secret sent along",
        names,
        index=names.index(draft.secret),
        format_func=lambda name: name or _NO_SECRET,
        help="By name, as the header authorization. Its value is never shown.",
        # Another key with another server: the widget must not show the secret that was sent to the one before.
        **form.on_change(f"secret_{bool(draft.address)}", put("secret")),
    )


def about(form: Form) -> None:
    section("What the model is told")
    st.text_input(
        "Name",
        form.draft.name,
        max_chars=64,
        disabled=bool(form.name),
        help="Letters, digits, hyphens and underscores: the model calls the tool by it.",
        **form.on_change("name", put("name")),
    )
    st.text_area(
        "Description",
        form.draft.description,
        height=80,
        help="The model chooses the tool by this.",
        **form.on_change("description", put("description")),
    )


def limits(form: Form) -> None:
    draft = form.draft
    with st.expander("Limits and repetition", icon=":material/tune:", key=form.key("limits")):
        with st.grid(3, min_column_width=140, gap="small"):
            st.number_input(
                "Seconds", 1.0, 900.0, draft.seconds, 5.0, **form.on_change("seconds", put_choice("seconds"))
            )
            st.number_input(
                "Characters told",
                1,
                1_000_000,
                draft.answer_chars,
                1_000,
                **form.on_change("answer_chars", put_choice("answer_chars")),
            )
            st.number_input(
                "Bytes read",
                1,
                50_000_000,
                draft.answer_bytes,
                1_000_000,
                **form.on_change("answer_bytes", put_choice("answer_bytes")),
            )
        st.toggle(
            "Ask again by itself when an answer was lost",
            draft.again,
            help="Only after a crash of this server. A repetition may cost a second time; off: a person decides.",
            **form.on_change("again", put_choice("again")),
        )
