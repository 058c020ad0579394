"""The tasks to choose from, a card each."""

from itertools import groupby

import streamlit as st

from core.services.hub_tools import TASKS, Task
from pages.components.frame import section
from pages.components.hub_form.draft import TaskForm

ICONS = {
    "text-to-image": "brush",
    "image-to-image": "photo_filter",
    "image-to-text": "image_search",
    "image-classification": "category",
    "zero-shot-image-classification": "sell",
    "object-detection": "center_focus_weak",
    "visual-question-answering": "help_center",
    "document-question-answering": "document_scanner",
    "text-to-video": "movie",
    "automatic-speech-recognition": "mic",
    "text-to-speech": "record_voice_over",
    "audio-classification": "graphic_eq",
    "translation": "translate",
    "summarization": "short_text",
    "text-classification": "mood",
    "zero-shot-classification": "label",
    "question-answering": "quiz",
    "token-classification": "person_search",
    "fill-mask": "edit_note",
    "feature-extraction": "scatter_plot",
    "sentence-similarity": "compare_arrows",
}


def icon(task: Task) -> str:
    return f":material/{ICONS.get(task.name, 'smart_toy')}:"


def choose(form: TaskForm) -> None:
    for group, tasks in groupby(TASKS, key=lambda task: task.group):
        section(group)
        with st.grid("auto", min_column_width=220, gap="small"):
            for task in tasks:
                _card(form, task)


def _card(form: TaskForm, task: Task) -> None:
    with st.container(border=True, gap="xsmall", height="stretch"):
        st.markdown(f"{icon(task)} **{task.title}**")
        st.caption(task.says)
        st.space("stretch")
        st.button(
            "Choose",
            key=f"choose_{task.name}",
            type="tertiary",
            icon=":material/arrow_forward:",
            help=f"Make a tool of the task {task.name}",
            on_click=form.edit,
            args=(lambda _: form.app.hub_tools.begin(task),),
        )
