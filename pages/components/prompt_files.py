"""The library of prompts as files: in, and out again."""

import streamlit as st

from core.bootstrap import App
from core.domain.prompt import PromptKind
from core.domain.result import Err
from core.services.prompt_files import write_prompts
from core.services.prompts import ImportedPrompts
from pages.components.session import say, who
from pages.components.text import counted, plain

_ENDINGS = ["txt", "md", "yaml", "yml", "csv", "tsv", "json"]
_LEFT_OUT_SHOWN = 8


@st.dialog("Import prompts", width="large", on_dismiss="rerun")
def import_dialog(app: App, kind: PromptKind) -> None:
    st.caption(
        "A text or Markdown file is one prompt. YAML, CSV and JSON hold many: `name`, `text`, and if you like `kind`, "
        "`label` and `variables`. A request copied from an OpenAI program gives its messages."
    )
    file = st.file_uploader("File", type=_ENDINGS, max_upload_size=1, key="prompts_file")
    pasted = st.text_area("Or paste a text or JSON", height=140, key="prompts_pasted")
    if not st.button("Import", type="primary", icon=":material/upload:", disabled=not (file or (pasted or "").strip())):
        return
    try:
        content = file.getvalue().decode("utf-8-sig") if file else pasted or ""
    except UnicodeDecodeError:
        st.error("The file is not UTF-8. Save it as UTF-8 and try again.", icon=":material/error:")
        return
    imported = app.prompts.import_file(content, file.name if file else "", kind, who())
    if isinstance(imported, Err):
        st.error(plain(imported.message), icon=":material/error:")
        return
    _show(imported.value)


def _show(imported: ImportedPrompts) -> None:
    """Close and say it; what was left out is to be read first."""
    if not imported.left_out:
        say(_summary(imported))
        st.rerun()
    st.success(_summary(imported), icon=":material/check_circle:")
    st.warning(f"{counted(len(imported.left_out), 'part')} of the file stayed out:", icon=":material/info:")
    for reason in imported.left_out[:_LEFT_OUT_SHOWN]:
        st.text(reason)
    if (more := len(imported.left_out) - _LEFT_OUT_SHOWN) > 0:
        st.caption(f"and {more} more")


def _summary(imported: ImportedPrompts) -> str:
    saved = f"{counted(len(imported.saved), 'version')} saved" if imported.saved else "Nothing new"
    return f"{saved}, {imported.unchanged} in the library already." if imported.unchanged else f"{saved}."


@st.dialog("Export prompts")
def export_dialog(app: App, kind: PromptKind) -> None:
    prompts = app.prompts.list(kind)
    st.caption(f"The newest version of {counted(len(prompts), f'{kind} prompt')}, with its variables, as YAML.")
    st.download_button(
        "Download YAML",
        lambda: write_prompts(prompts),
        file_name=f"{kind}-prompts.yaml",
        mime="application/yaml",
        icon=":material/download:",
        on_click="ignore",
    )
