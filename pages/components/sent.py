"""A request as it went over the wire: by message, coloured by who wrote it, and byte for byte."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any, Literal

import msgspec
import streamlit as st

from core.domain.run import RunSpec
from core.services.runs import Sent
from pages.components.long_body import shortened_images
from pages.components.text import counted, plain, size

Origin = Literal["instructions", "variable", "you", "model", "tool"]

ORIGINS: dict[Origin, tuple[str, str]] = {
    "instructions": ("Instructions", "violet"),
    "variable": ("Variable", "orange"),
    "you": ("You", "blue"),
    "model": ("Model", "gray"),
    "tool": ("Tool", "green"),
}
_BY_ROLE: dict[str, Origin] = {"system": "instructions", "user": "you", "assistant": "model", "tool": "tool"}
_LONG_CHARS = 1_200


def sent(request: Sent, spec: RunSpec, key: str) -> None:
    body: dict[str, Any] = msgspec.json.decode(request.body)
    _verdict(request)
    for message in body.get("messages", ()):
        _message(message, spec)
    _rest(body)
    with st.popover("Byte for byte", type="tertiary", icon=":material/data_object:", key=f"bytes_{key}"):
        st.caption(f"SHA-256 `{request.sha256}`")
        shown, cut = shortened_images(request.body)
        if cut:
            st.caption(f"{counted(cut, 'image')} cut here to the first letters; the file below has every byte.")
            st.download_button(
                "Every byte",
                request.body,
                f"request-{key}.json",
                "application/json",
                on_click="ignore",
                key=f"every_{key}",
            )
        st.code(shown.decode(), language="json", wrap_lines=True, height=400)


def _verdict(request: Sent) -> None:
    """Whether what is shown is what was sent."""
    if request.verified:
        st.caption(
            f":green[:material/verified:] {size(len(request.body))}, the very bytes that were sent: "
            "their hash is the one in the journal. Nothing added."
        )
    else:
        st.warning(
            "These bytes do not have the hash in the journal, so this is not what was sent.",
            icon=":material/warning:",
        )
    if request.url:
        st.caption(f"to {plain(request.url)}")


def _message(message: Mapping[str, Any], spec: RunSpec) -> None:
    origin = _BY_ROLE.get(str(message.get("role")), "model")
    label, colour = ORIGINS[origin]
    content = message.get("content") or ""
    parts = content if isinstance(content, list) else []
    content = "\n".join(part["text"] for part in parts if "text" in part) if parts else content
    with st.container(border=True, gap="xsmall"):
        st.badge(label, color=colour)  # type: ignore[arg-type]
        if origin == "instructions" and content == spec.instructions:
            st.html(f'<div class="said">{"".join(_marked(content, spec))}</div>')
        elif content:
            st.text(content if len(content) <= _LONG_CHARS else f"{content[:_LONG_CHARS]} …")
        if images := [part["image_url"]["url"] for part in parts if "image_url" in part]:
            st.html(f'<div class="files">{"".join(map(_image, images))}</div>')
            st.caption(f"{counted(len(images), 'image')} inside the request, in base64")
        for call in message.get("tool_calls", ()):
            function = call.get("function", {})
            st.text(f"→ {function.get('name')} {function.get('arguments')}")


def _image(url: str) -> str:
    """An image of the request, shown from where it is stored: what it is, its hash says."""
    content = b64decode(url.partition(",")[2])
    return f'<img src="/api/attachments/{sha256(content).hexdigest()}" alt="">'


def _marked(text: str, spec: RunSpec) -> Iterator[str]:
    """The instructions, with what variables put in marked. Everything is escaped."""
    end = 0
    for span in spec.filled:
        yield escape(text[end : span.start])
        yield f'<mark title="{escape(span.name)}">{escape(text[span.start : span.end])}</mark>'
        end = span.end
    yield escape(text[end:])


def _rest(body: Mapping[str, Any]) -> None:
    """Everything else in the request: the model, the tools offered, the parameters that were set."""
    tools = [tool.get("function", {}).get("name", "") for tool in body.get("tools", ())]
    rows = {name: value for name, value in body.items() if name not in {"messages", "tools"}}
    with st.container(border=True, gap="xxsmall"):
        st.badge("Settings", color="gray")
        for name, value in rows.items():
            with st.container(horizontal=True, gap="small", wrap=False):
                st.caption(name.replace("_", r"\_"), width=130)
                st.text(value if isinstance(value, str) else msgspec.json.encode(value).decode(), width="stretch")
        if tools:
            with st.container(horizontal=True, gap="small", wrap=False):
                st.caption("tools offered", width=130)
                st.text(", ".join(tools), width="stretch")
