"""Models on this machine: fetch one, start and stop it, see who uses it, let it go."""

from pathlib import PurePath

import streamlit as st

from core.bootstrap import App
from core.domain.local_model import CatalogueEntry, ModelFile
from core.domain.result import Err
from pages.components.frame import ask_once, quiet, section
from pages.components.session import say, value_or_say, who
from pages.components.settings.local_server import Facts, given, is_moving, server
from pages.components.text import duration, plain, size

_OFTEN_S, _SELDOM_S = 1.0, 5.0
_DELETE = "local_model_to_delete"


def local_model(app: App) -> None:
    section("Local model")
    st.caption(
        "A model that runs on this machine: no account, and nothing that you write leaves it. Small models are slower "
        "and more often wrong than those of the router."
    )
    if missing := app.local_models.unavailable():
        st.warning(plain(missing), icon=":material/error:")
    pulse_s = _pulse_s(app)
    st.fragment(_models, run_every=pulse_s, key="local_models")(app, _facts(app), pulse_s)
    _ask_before_deleting(app)


def _pulse_s(app: App) -> float | None:
    """How often the screen looks again: never, where nothing can change by itself."""
    is_loading = any(entry.download for entry in app.local_models.catalogue())
    states = [app.local_models.status(file.name).state for file in app.local_models.files()]
    if is_loading or "starting" in states:
        return _OFTEN_S
    return _SELDOM_S if any(map(is_moving, states)) else None


def _facts(app: App) -> Facts:
    """What changes only by what a person does on a whole page."""
    choice = app.endpoints.choose().endpoint
    return Facts(
        answering=choice.model if choice.kind == "local" else "",
        users={file.name: app.local_models.used_by(file.name) for file in app.local_models.files()},
    )


def _models(app: App, facts: Facts, pulse_s: float | None) -> None:
    if _pulse_s(app) != pulse_s:
        st.rerun()  # something began or ended: the page is drawn anew, with another rhythm
    files = {file.name: file for file in app.local_models.files()}
    for entry in app.local_models.catalogue():
        _entry(app, entry, files.get(entry.model.file), facts)
    st.space("small")
    _own_files(app, facts)


def _entry(app: App, entry: CatalogueEntry, file: ModelFile | None, facts: Facts) -> None:
    model = entry.model
    with st.container(border=True, gap="small", key=f"row_local_{_key(model.file)}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(gap=None, width="stretch"):
                st.markdown(f"**{plain(model.title)}**")
                quiet(
                    f"{size(model.size_bytes)} download",
                    f"about {model.memory_bytes / 1e9:g} GB of memory",
                    model.licence,
                    model.repository,
                    small=True,
                )
            _entry_actions(app, entry)
        st.markdown(plain(model.for_whom))
        if entry.message:
            st.markdown(f":red[:material/error:] {plain(entry.message)}")
        if entry.download:
            _progress(entry)
        if file is not None and entry.state == "ready":
            server(app, file, facts)


def _entry_actions(app: App, entry: CatalogueEntry) -> None:
    """What can be done with it as a download; as a file that is here, `server` says."""
    name, models = entry.model.file, app.local_models
    match entry.state:
        case "downloading" | "checking":
            stopping = entry.download is not None and entry.download.is_stopping
            if st.button("Stopping…" if stopping else "Cancel", key=f"cancel_{name}", disabled=stopping):
                models.cancel(name, who())
                st.rerun()
        case "absent":
            label = f"Resume at {size(entry.kept_bytes)}" if entry.kept_bytes else "Download"
            missing = bool(models.unavailable())
            if st.button(label, icon=":material/download:", key=f"download_{name}", disabled=missing):
                given(models.download(name, who()))
            if entry.kept_bytes:
                _delete_button(name)
        case "broken":
            if st.button("Download again", icon=":material/refresh:", key=f"again_{name}"):
                models.delete(name, who())
                given(models.download(name, who()))
            _delete_button(name)
        case "ready":
            _delete_button(name)


def _progress(entry: CatalogueEntry) -> None:
    """How much is there, how fast it comes, how long it takes."""
    found = entry.download
    assert found is not None
    done = f"{size(found.done_bytes)} of {size(found.total_bytes)}"
    if entry.state == "checking":
        text = f"Checking what is here already: {done}"
    else:
        speed = f"{size(round(found.bytes_per_s))}/s" if found.bytes_per_s else ""
        left = f"{_rest(found.left_s)} left" if found.left_s else ""
        breaks = f"went on after {found.breaks} broken connection{'s' * (found.breaks > 1)}" if found.breaks else ""
        text = " · ".join(part for part in (done, speed or "waiting for the hub", left, breaks) if part)
    st.progress(min(1.0, found.done_bytes / found.total_bytes), text)


def _rest(seconds: float) -> str:
    """Whole seconds: it is an estimate."""
    return f"{seconds:.0f} s" if seconds < 60 else duration(seconds)


def _own_files(app: App, facts: Facts) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Your own files", anchor=False, width="stretch")
        with st.popover("Add a file", icon=":material/add:"):
            _add(app)
    st.caption(f"Any GGUF file: put it into `{app.local_models.folder}`, or add it where it is.")
    for file in app.local_models.own_files():
        with st.container(border=True, gap="small", key=f"row_local_{_key(file.name)}"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                with st.container(gap=None, width="stretch"):
                    st.markdown(f"**{plain(file.title or file.name)}**")
                    place = file.path if file.is_elsewhere else file.name
                    quiet(place, size(file.size_bytes), file.licence, _context(file), small=True)
                _delete_button(file.name)
            if file.problem:
                st.markdown(f":red[:material/error:] {plain(file.problem)}")
            else:
                server(app, file, facts)


def _context(file: ModelFile) -> str:
    return f"{file.context_tokens:,} tokens of context" if file.context_tokens else ""


def _add(app: App) -> None:
    with st.form("add_model_file", border=False):
        path = st.text_input("Path of the file", placeholder="/data/models/mine.gguf", width=360)
        if not st.form_submit_button("Add", type="primary"):
            return
    added = app.local_models.add_file(path or "", who())
    if isinstance(added, Err):
        st.error(plain(added.message), icon=":material/error:")
        return
    say(f"{added.value} is added. It stays where it is.")
    st.rerun()


def _delete_button(name: str) -> None:
    # The question stands outside of the part that is drawn anew every second, which would take it away.
    if st.button("", icon=":material/delete:", type="tertiary", help="Delete", key=f"delete_{name}"):
        st.session_state[_DELETE] = name
        st.rerun()


def _ask_before_deleting(app: App) -> None:
    name = st.session_state.pop(_DELETE, "")
    if not name:
        return
    file = app.local_models.file(name)
    users = app.local_models.used_by(name)
    loss = (
        "The file itself stays where it is; this app forgets it."
        if file is not None and file.is_elsewhere
        else f"{size(file.size_bytes)} are freed. To use it again it has to be fetched again."
        if file is not None
        else "What was downloaded so far is deleted."
    )
    if users:
        loss += f" Then another model answers for {plain(', '.join(users))}, or none does."
    ask_once(f"Delete {PurePath(name).name}?", loss, "Delete", lambda: _delete(app, name))


def _delete(app: App, name: str) -> None:
    if value_or_say(app.local_models.delete(name, who())) is not None:
        say(f"{name} is deleted.")


def _key(name: str) -> str:
    """A name as part of a key: letters and digits only, since it becomes a CSS class."""
    return "".join(letter if letter.isalnum() else "_" for letter in name)
