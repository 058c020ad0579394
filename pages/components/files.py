"""Files beside a message: given in a composer, shown with what was said."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, NamedTuple

import streamlit as st

from core.bootstrap import App
from core.domain.agent import AgentSpec
from core.domain.attachment import LIMITS, MOST_BYTES, Attachment, Upload
from core.services.endpoints import Choice
from pages.components.text import counted, grouped, plain, size

_TYPES = (
    *("png", "jpg", "jpeg", "webp", "gif", "pdf", "csv", "tsv", "txt", "md", "json", "yaml", "yml", "xml", "html"),
    *("wav", "mp3", "ogg", "flac", "m4a"),
    *("log", "py", "js", "ts", "sql", "toml", "ini", "tex", "srt"),
)
_ICONS = {"application/pdf": "PDF", "text/csv": "CSV"}


class Typed(NamedTuple):
    """What a person sends: words, files, or both."""

    text: str
    files: tuple[Upload, ...] = ()


def accepting() -> dict[str, Any]:
    """The keyword arguments that let a chat input take files. What does not fit is refused before it is sent."""
    return {"accept_file": "multiple", "file_type": _TYPES, "max_upload_size": MOST_BYTES // 1_000_000}


def typed(key: str) -> Typed:
    """What the chat input under `key` holds, with the files that an earlier try gave back."""
    value = st.session_state[key]
    uploads = tuple(Upload(file.name, file.getvalue()) for file in value.files)
    return Typed(value.text, (*st.session_state.pop(_kept_key(key), ()), *uploads))


def give_back(key: str, what: Typed) -> None:
    """Nothing that was typed or chosen is lost when it is refused."""
    st.session_state[key] = what.text
    if what.files:
        st.session_state[_kept_key(key)] = what.files


def kept(key: str) -> None:
    """The files that go along with the next message, and what may be attached at all."""
    if files := st.session_state.get(_kept_key(key), ()):
        names = plain(", ".join(file.name for file in files))
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"dense_kept_{key}"):
            st.caption(f":material/attach_file: Goes along with the next message: {names}", width="content")
            st.button("Leave out", type="tertiary", key=f"drop_{key}", on_click=_forget, args=(key,))


def limits_hint(*, is_blind: bool = False) -> None:
    """Said before anything is chosen; of a model that is known not to see, that as well."""
    what, first = ("PDF, CSV, text", "This model cannot see images. ") if is_blind else ("Images, PDF, CSV, text", "")
    st.caption(f":material/attach_file: {what}", width="content", help=first + LIMITS)


def is_blind(app: App, choice: Choice, spec: AgentSpec) -> bool:
    """Whether the model that would answer is known not to see. Asks for nothing that takes time."""
    endpoint = choice.endpoint
    model = endpoint.model if endpoint.kind == "demo" else spec.model or endpoint.model
    return app.endpoints.supports_images(endpoint, model, patience_s=0.0) is False


def _kept_key(key: str) -> str:
    return f"kept_files_{key}"


def _forget(key: str) -> None:
    st.session_state.pop(_kept_key(key), None)


def shown_files(attachments: Sequence[Attachment]) -> None:
    """Images as images, everything else by its name. The names are a person's text: escaped."""
    if attachments:
        st.html(f'<div class="files">{"".join(_pieces(attachments))}</div>')


def _pieces(attachments: Iterable[Attachment]) -> Iterable[str]:
    for one in attachments:
        address = f"/api/attachments/{one.sha256}"
        if one.is_picture:
            yield _link(one.sha256, f'<img src="{address}" alt="{escape(one.name)}">', facts(one))
        elif one.is_sound:
            yield f'<figure><audio controls preload="metadata" src="{address}"></audio>{_caption(one)}</figure>'
        elif one.media_type.startswith("video/"):
            yield f'<figure><video controls preload="metadata" src="{address}"></video>{_caption(one)}</figure>'
        else:
            kind = _ICONS.get(one.media_type, "TXT" if one.text_sha256 else "FILE")
            named = f"<b>{kind}</b> {escape(one.name)} <small>{escape(facts(one))}</small>"
            yield _link(one.given_sha256, named, "")


def _caption(one: Attachment) -> str:
    return f"<figcaption>{escape(one.name)} <small>{escape(facts(one))}</small></figcaption>"


def _link(sha256: str, inside: str, title: str) -> str:
    return f'<a href="/api/attachments/{sha256}" target="_blank" rel="noopener" title="{escape(title)}">{inside}</a>'


def facts(one: Attachment) -> str:
    """How large a file is, in the units of its kind."""
    parts = [size(one.size_bytes)]
    if one.width_px and one.height_px:
        parts.insert(0, f"{grouped(one.width_px)} × {grouped(one.height_px)} px")
    if one.pages:
        parts.insert(0, counted(one.pages, "page"))
    return " · ".join(parts)
