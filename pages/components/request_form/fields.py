"""What the tool does, its request, its answer."""

from functools import partial
from typing import get_args

import streamlit as st

from core.services.http_drafts import BodyType, Method
from pages.components.drafting import listed, put, put_choice
from pages.components.frame import section
from pages.components.request_form.draft import Form, put_pair, without_pair

_BODIES: dict[BodyType, str] = {"json": "JSON", "form": "Form fields", "text": "Text"}
_EFFECTS = {"": "As its method says", "read": "Only reads", "write": "Changes something"}
_BODY_EXAMPLES = {"json": '{\n  "title": "{title}"\n}', "text": "{note}"}
_BODYLESS = ("GET", "HEAD")


def about(form: Form) -> None:
    section("What it does")
    with st.grid(2, min_column_width=200, gap="small"):
        st.text_input(
            "Name",
            form.draft.name,
            max_chars=64,
            placeholder="search_issues",
            disabled=bool(form.name),
            help="Letters, digits, hyphens and underscores: the model calls the tool by it.",
            **form.on_change("name", put("name")),
        )
        st.selectbox(
            "Effect",
            list(_EFFECTS),
            index=list(_EFFECTS).index(form.draft.effect or ""),
            format_func=_EFFECTS.__getitem__,
            help="A call that changes something is never sent twice unasked.",
            **form.on_change("effect", lambda draft, effect: put_choice("effect")(draft, effect or None)),
        )
    st.text_area(
        "Description",
        form.draft.description,
        height=80,
        placeholder="Search the issues of a project by words in their title.",
        help="The model chooses the tool by this.",
        **form.on_change("description", put("description")),
    )


def request(form: Form) -> None:
    section("Request", "Write {name} where a value of the model goes.")
    method, url = st.columns((1, 4), gap="small")
    methods = get_args(Method)
    method.selectbox(
        "Method", methods, index=methods.index(form.draft.method), **form.on_change("method", put_choice("method"))
    )
    url.text_input(
        "Address",
        form.draft.url,
        placeholder="https://api.example.org/projects/{project}/issues",
        **form.on_change("url", put("url")),
    )
    _pairs(form, "query", "Query parameters", ("q", "{words}"))
    _pairs(form, "headers", "Headers", ("X-Source", "aryabhatta"))
    if form.draft.method not in _BODYLESS:
        _body(form)


def _body(form: Form) -> None:
    st.segmented_control(
        "Body",
        list(_BODIES),
        default=form.draft.body_type,
        required=True,
        format_func=_BODIES.__getitem__,
        **form.on_change("body_type", put_choice("body_type")),
    )
    if form.draft.body_type == "form":
        _pairs(form, "fields", "Fields", ("title", "{title}"))
        return
    st.text_area(
        "Body text",
        form.draft.body,
        height=140,
        label_visibility="collapsed",
        placeholder=_BODY_EXAMPLES[form.draft.body_type],
        **form.on_change("body", put("body")),
    )


def _pairs(form: Form, field: str, label: str, example: tuple[str, str]) -> None:
    """Names and values, a row each; the last row waits for the next one."""
    st.markdown(f"**{label}**")
    rows = getattr(form.draft, field)
    with st.container(gap="xsmall"):
        for place, pair in enumerate((*rows, ("", ""))):
            _pair(form, field, label, place, pair, example, is_last=place == len(rows))


def _pair(
    form: Form, field: str, label: str, place: int, pair: tuple[str, str], example: tuple[str, str], *, is_last: bool
) -> None:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", wrap=False):
        for part, words in enumerate(("name", "value")):
            st.text_input(
                f"{label}, {words} {place + 1}",
                pair[part],
                placeholder=example[part] if is_last else None,
                label_visibility="collapsed",
                **form.on_change(f"{field}_{place}_{part}", put_pair(field, place, part)),
            )
        st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            disabled=is_last,
            help="Remove this row",
            key=form.key(f"drop_{field}_{place}"),
            on_click=form.edit,
            args=(partial(without_pair, field=field, place=place),),
        )


def answer(form: Form) -> None:
    section("Answer")
    st.text_input(
        "What the model is told of it",
        form.draft.select,
        placeholder="everything; else JMESPath, such as items[].title",
        **form.on_change("select", put("select")),
    )
    with st.expander("When an answer is lost", icon=":material/help:", key=form.key("lost")):
        _lost_answers(form)
    with st.expander("Limits and private hosts", icon=":material/tune:", key=form.key("limits")):
        _limits(form)


def _lost_answers(form: Form) -> None:
    """How it is found out whether a call happened whose connection broke or whose worker died."""
    draft = form.draft
    st.caption(
        "A call that changes something is never sent again by guesswork: a person is asked what became of it, "
        "unless its server can tell."
    )
    st.text_input(
        "Header for the idempotency key",
        draft.idempotency_header,
        placeholder="none, such as Idempotency-Key",
        help="Where the server knows one, such a call is sent again with the same key.",
        **form.on_change("idempotency_header", put("idempotency_header")),
    )
    st.text_input(
        "Status check: a GET that finds the call",
        draft.check_url,
        placeholder="none, such as https://api.example.org/orders/{call_key}",
        help="Found: the call happened. 404 or 410: it did not, and is made once more. Anything else: a person is "
        "asked. {call_key} names the call: send it along in a header, the query or the body.",
        **form.on_change("check_url", put("check_url")),
    )
    if draft.check_url:
        _pairs(form, "check_query", "Query of the status check", ("reference", "{call_key}"))
        st.text_input(
            "Where its answer has the call",
            draft.check_select,
            placeholder="any good answer counts; else JMESPath, such as orders[0]",
            **form.on_change("check_select", put("check_select")),
        )


def _limits(form: Form) -> None:
    draft = form.draft
    with st.grid(3, min_column_width=140, gap="small"):
        for label, field, value, most, step in (
            ("Seconds", "seconds", draft.seconds, 600.0, 5.0),
            ("Characters told", "answer_chars", draft.answer_chars, 1_000_000, 1_000),
            ("Bytes read", "answer_bytes", draft.answer_bytes, 50_000_000, 100_000),
        ):
            low = 1.0 if isinstance(step, float) else 1
            st.number_input(label, low, most, value, step, **form.on_change(field, put_choice(field)))
    st.text_input(
        "Allow these hosts although they are private",
        ", ".join(draft.allow_hosts),
        placeholder="none, such as 127.0.0.1:9000",
        help="Tools never reach private addresses unless you name them here.",
        **form.on_change("allow_hosts", lambda held, text: put_choice("allow_hosts")(held, listed(text))),
    )
