"""A tool's result, drawn as what it is. Nothing of it is fetched, and no text of it is markup."""

from base64 import b64encode
from typing import Any, Literal, assert_never

import streamlit as st
from PIL import Image

from pages.components.passages import found_passages
from pages.components.text import plain
from pages.components.tool_rows import long_text, rows
from pages.components.tool_shape import Link, Media, Pairs, Passages, Shape, Table, Text, shapes

_TABLE_PX, _FEW_ROWS = 320, 8
_BEGINNINGS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")


def tool_result(text: str, data: Any, key: str) -> None:
    for place, shape in enumerate(shapes(text, data)):
        _drawn(shape, f"{key}_{place}")


def _drawn(shape: Shape, key: str) -> None:
    match shape:
        case Text(text):
            long_text(text, key)
        case Media(is_picture=True):
            _picture(shape)
        case Media(media_type=media_type, content=content):
            st.audio(content, format=media_type)
        case Link(label, url):
            st.markdown(f":material/link: [{plain(label)}]({url})")
        case Pairs(values):
            rows(values)
        case Table():
            _table(shape)
        case Passages(search):
            found_passages(search)
        case _:
            assert_never(shape)


def _picture(picture: Media) -> None:
    if not picture.content.startswith(_BEGINNINGS):
        st.caption(":orange[:material/broken_image:] A picture that cannot be read.")
        return
    try:
        st.image(picture.content)
    except (OSError, Image.DecompressionBombError):
        # Browsers show pictures with faults that are refused here.
        source = f"data:{picture.media_type};base64,{b64encode(picture.content).decode()}"
        st.html(f'<img src="{source}" alt="a picture" style="max-width:100%">')


def _table(table: Table) -> None:
    height: int | Literal["auto"] = _TABLE_PX if table.total > _FEW_ROWS else "auto"
    st.dataframe(table.columns, hide_index=True, width="stretch", height=height)
    left_out = table.total - len(next(iter(table.columns.values()), []))
    if left_out:
        st.caption(f"and {left_out:,} rows more, in the raw result")
