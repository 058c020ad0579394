"""Datasets: saved inputs with expectations, edited in a grid, carried as files, in versions."""

import re

import streamlit as st

from core.bootstrap import App
from core.domain.dataset import Dataset, NumberedItem
from core.domain.result import Err, Result
from core.services.datasets import DatasetSummary, Imported
from pages.components.dataset_grid import grid, read_only
from pages.components.frame import ask_once, empty_state, page_header, quiet
from pages.components.searching import search_field
from pages.components.session import get_app, int_param, say, show_said, uuid_param, value_or_say, who
from pages.components.text import counted, grouped, plain, short

PAGE = 1_000
"""Rows in one grid: more of them are a page further, so that an edit stays quick."""
PARAM = "dataset"
_NO_NAME = re.compile(r"[^\w-]+")
_VARIABLE = re.compile(r"[^\W\d]\w{0,63}")
EXAMPLE = "twenty questions of customers, each with the answer you want to see."


def open_dataset(dataset: Dataset) -> None:
    st.switch_page("datasets.py", query_params={PARAM: str(dataset.id)})


@st.dialog("New dataset")
def new_dataset(app: App) -> None:
    blank, file = st.tabs(["Blank", "Import a file"])
    with blank, st.form("new_dataset", border=False):
        name = st.text_input("Name", max_chars=100, placeholder="Questions of customers")
        description = st.text_input("In one line", placeholder="What people ask about prices")
        if st.form_submit_button("Create", type="primary"):
            created = app.datasets.create(name or "", who(), description or "")
            if isinstance(created, Err):
                st.error(plain(created.message), icon=":material/error:")
            else:
                open_dataset(created.value)
    with file:
        import_form(app, None)


def import_form(app: App, dataset: Dataset | None) -> None:
    st.caption("CSV, TSV or JSONL in UTF-8. `input` is needed; `expected` and `notes` are known; others are variables.")
    key = f"import_{dataset.id if dataset else 'new'}"
    file = st.file_uploader(
        "File", type=["csv", "tsv", "jsonl", "ndjson"], label_visibility="collapsed", key=key, max_upload_size=50
    )
    if file is None:
        return
    name = (
        dataset.name
        if dataset
        else st.text_input("Name", file.name.rpartition(".")[0], max_chars=100, key=f"{key}_name")
    )
    append = dataset is not None and st.toggle("Add to what is there", value=True, key=f"{key}_append")
    if not st.button("Import", type="primary", key=f"{key}_go"):
        return
    if dataset is None and app.datasets.by_name(name or ""):
        st.error("A dataset of this name exists already.", icon=":material/error:")
        return
    imported(app.datasets.import_file(name or "", file.name, file.getvalue(), who(), "append" if append else "replace"))


def imported(result: Result[Imported]) -> None:
    if isinstance(result, Err):
        st.error(plain(result.message), icon=":material/error:")
        return
    news = result.value
    say(f"Imported: {counted(news.items, 'item')}." if news.is_new else "Nothing in the file is new.")
    open_dataset(news.dataset)


@st.dialog("Import a file")
def import_into(app: App, dataset: Dataset) -> None:
    import_form(app, dataset)


def card(row: DatasetSummary) -> None:
    dataset = row.dataset
    with st.container(border=True, gap="small", height="stretch", key=f"row_dataset_{dataset.id}"):
        st.markdown(f":primary[:material/dataset:] **{plain(dataset.name)}**")
        st.caption(plain(short(dataset.description, 120)) or "No description yet.")
        quiet(counted(row.items, "item"), f"version {dataset.version}", ("changed", dataset.updated_at), small=True)
        st.space("stretch")
        with st.container(horizontal=True, gap="xsmall"):
            if st.button("Open", key=f"open_{dataset.id}", icon=":material/table_rows:"):
                open_dataset(dataset)
            if st.button("Evaluate", key=f"evaluate_{dataset.id}", icon=":material/rule:"):
                st.switch_page("evaluation_new.py", query_params={PARAM: dataset.name})


def listing(app: App) -> None:
    with page_header("Datasets", "Saved inputs with what you expect of them"):
        if st.button("New dataset", icon=":material/add:", type="primary"):
            new_dataset(app)
    show_said()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        search = search_field("datasets")
        archived = st.toggle("Archived", key="archived", bind="query-params")
    found = app.datasets.list(search, archived=archived)
    if not found and not search and not archived:
        if empty_state(
            ":material/dataset:",
            "Keep the inputs that matter, so that every change can be tried on all of them.",
            "Begin a dataset",
            EXAMPLE,
        ):
            new_dataset(app)
        return
    if not found:
        st.caption("Nothing found.")
    with st.grid("auto", min_column_width=300, gap="medium"):
        for row in found:
            card(row)


def head(app: App, dataset: Dataset, items: int) -> None:
    with page_header(
        dataset.name, counted(items, "item"), f"version {dataset.version}", ("changed", dataset.updated_at)
    ):
        if st.button("Import", icon=":material/upload:"):
            import_into(app, dataset)
        with st.popover("Export", icon=":material/download:"):
            export(app, dataset)
        with st.popover("More", icon=":material/more_horiz:"):
            details(app, dataset)
        if st.button("Evaluate", icon=":material/rule:", type="primary"):
            st.switch_page("evaluation_new.py", query_params={PARAM: dataset.name})


def export(app: App, dataset: Dataset) -> None:
    name = _NO_NAME.sub("-", dataset.name.lower()).strip("-")[:60] or "dataset"
    for label, form, mime in (("CSV", "csv", "text/csv"), ("JSONL", "jsonl", "application/jsonl")):
        st.download_button(
            f"Download {label}",
            lambda form=form: app.datasets.export(dataset.id, form),
            file_name=f"{name}.{form}",
            mime=mime,
            icon=":material/download:",
            on_click="ignore",
            key=f"export_{form}",
        )


def details(app: App, dataset: Dataset) -> None:
    with st.form("details", border=False):
        name = st.text_input("Name", dataset.name, max_chars=100)
        description = st.text_input("In one line", dataset.description)
        if st.form_submit_button("Save"):
            changed = app.datasets.update(dataset.id, name=name, description=description)
            if isinstance(changed, Err):
                st.error(plain(changed.message), icon=":material/error:")
            else:
                st.rerun()
    word = "Bring back" if dataset.archived else "Archive"
    if st.button(word, icon=":material/archive:", type="tertiary"):
        if dataset.archived:
            archive(app, dataset, archived=False)
            st.rerun()
        loss = "It leaves the list. Nothing is deleted; evaluations keep it, and it can be brought back."
        ask_once(f"Archive {dataset.name}?", loss, "Archive", lambda: archive(app, dataset, archived=True))


def archive(app: App, dataset: Dataset, *, archived: bool) -> None:
    if value_or_say(app.datasets.update(dataset.id, archived=archived)):
        say(f"{dataset.name} is {'archived' if archived else 'back'}.")


def chosen_version(app: App, dataset: Dataset) -> int:
    versions = app.datasets.versions(dataset.id)
    if len(versions) == 1:
        return dataset.version
    labels = {
        one.number: f"Version {one.number} · {counted(one.items, 'item')}{' · used' if one.frozen else ''}"
        for one in versions
    }
    return st.selectbox(
        "Version", list(labels), format_func=labels.__getitem__, label_visibility="collapsed", width=260, key="version"
    )


def names_in(items: list[NumberedItem], dataset: Dataset) -> list[str]:
    found = dict.fromkeys(name for one in items for name in one.item.variables)
    return list(found | dict.fromkeys(st.session_state.get(f"new_variables_{dataset.id}", ())))


def add_variable(dataset: Dataset, grid_key: str) -> None:
    name = str(st.session_state.get("variable_name") or "").strip()
    if not _VARIABLE.fullmatch(name):
        say("A variable's name has letters, digits and underscores, and begins with a letter.", failed=True)
        return
    names = st.session_state.setdefault(f"new_variables_{dataset.id}", [])
    if name not in names:
        names.append(name)
    st.session_state.pop(f"{grid_key}_shown", None)


def toolbar(app: App, dataset: Dataset) -> tuple[int, str, int]:
    """Which version, which rows."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        search = st.text_input(
            "Search",
            placeholder="Search items",
            icon=":material/search:",
            label_visibility="collapsed",
            width=260,
            key="items_q",
        )
        version = chosen_version(app, dataset)
        with st.popover("Add a variable", icon=":material/data_array:", type="tertiary"):
            st.text_input("Name", key="variable_name", placeholder="country")
            st.caption("It fills `{{country}}` in a prompt.")
            st.button("Add", on_click=add_variable, args=(dataset, f"grid_{dataset.id}"), key="variable_add")
    return version, search or "", int_param("after", 0)


def opened(app: App, dataset: Dataset) -> None:
    total = next((one.items for one in app.datasets.versions(dataset.id) if one.number == dataset.version), 0)
    head(app, dataset, total)
    show_said()
    version, search, after = toolbar(app, dataset)
    items = app.datasets.items(dataset.id, version, after, PAGE, search)
    names = names_in(items, dataset)
    if version != dataset.version:
        st.caption(":material/lock: An evaluation used this version; it stays as it is. Edit the newest one.")
        read_only(items, names)
        return
    grid(app, dataset.id, items, names, f"grid_{dataset.id}_{after}_{search}_{len(names)}")
    further(items, total, after)


def further(items: list[NumberedItem], total: int, after: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            "Every edit is kept at once. A version that an evaluation used stays; the next edit begins a new one."
        )
        if after or len(items) == PAGE:
            st.caption(f"{grouped(len(items))} of {grouped(total)} shown", width="content")
            st.button(
                "First", icon=":material/first_page:", type="tertiary", disabled=not after, on_click=go, args=(0,)
            )
            st.button(
                "Next",
                icon=":material/chevron_right:",
                type="tertiary",
                disabled=len(items) < PAGE,
                on_click=go,
                args=(items[-1].number if items else 0,),
            )


def go(after: int) -> None:
    st.query_params["after"] = str(after)


def main() -> None:
    app = get_app()
    dataset_id = uuid_param(PARAM)
    if dataset_id is None:
        listing(app)
        return
    dataset = app.datasets.get(dataset_id)
    if dataset is not None:
        opened(app, dataset)
    elif empty_state(":material/search_off:", "There is no such dataset here.", "See all datasets"):
        st.query_params.clear()
        st.rerun()


main()
