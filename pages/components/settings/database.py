"""Where everything is kept, how much it is, and its backups."""

import streamlit as st

from core.bootstrap import App
from core.domain.backup import MadeBackup
from core.services.backup_desk import BackupFile
from core.services.bench import Progress
from core.services.operation import TableSize
from pages.components.frame import ask_once, quiet, section
from pages.components.metrics import metric_pairs
from pages.components.session import say, value_or_say, who
from pages.components.text import counted, grouped, plain, size

_PULSE_S = 1.0
_PASSPHRASE = "backup_passphrase"


def database(app: App) -> None:
    facts = app.operation.database()
    section("Database")
    with st.container(border=True, width=640):
        metric_pairs(
            [
                ("Kept", "by its own PostgreSQL, on this machine" if facts.is_embedded else "on a server of yours"),
                ("Where", plain(facts.where)),
                ("PostgreSQL", plain(facts.version)),
                ("Schema", plain(facts.revision)),
                ("Size", size(facts.size_bytes)),
            ],
            "database_pairs",
        )
        with st.expander("Largest tables", icon=":material/table_rows:", type="compact"):
            metric_pairs([_table(one) for one in facts.tables], "table_pairs")
    st.space("small")
    _backups(app)
    st.space("small")
    _restoring()


def _table(table: TableSize) -> tuple[str, str]:
    return table.name, f"{size(table.size_bytes)} :gray[· about {counted(table.about_rows, 'row')}]"


def _backups(app: App) -> None:
    was_running = app.backup_desk.progress().is_running

    def live() -> None:
        if app.backup_desk.progress().is_running != was_running:
            st.rerun()
        _desk(app)

    st.fragment(live, run_every=_PULSE_S if was_running else None, key="backups_live")()


def _desk(app: App) -> None:
    section("Backup")
    st.caption(
        "Everything in the database in one file, of one moment, made while everything goes on: agents, runs with their "
        "journals, datasets, attachments. Downloaded models and the log are not in it."
    )
    progress = app.backup_desk.progress()
    _begin(app, is_running=progress.is_running)
    _state(app, progress)
    for file in app.backup_desk.files():
        _file(app, file)


def _begin(app: App, *, is_running: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Passphrase for the key of the secrets, if it shall be in the backup",
            type="password",
            key=_PASSPHRASE,
            placeholder="none: the key stays out",
            help="Without the key, secrets in the backup can only be opened where the file secrets.key still lies.",
            width=420,
        )
        st.button(
            "Make a backup",
            icon=":material/archive:",
            on_click=_make,
            args=(app,),
            disabled=is_running,
            key="make_backup",
        )


def _make(app: App) -> None:
    passphrase = str(st.session_state.get(_PASSPHRASE) or "")
    st.session_state[_PASSPHRASE] = ""  # it stays in no session
    value_or_say(app.backup_desk.begin(who(), passphrase or None))


def _state(app: App, progress: Progress[MadeBackup]) -> None:
    last = app.backups.last()
    if progress.is_running:
        st.markdown(":primary[:material/hourglass_top: Writing…]")
    elif progress.trouble:
        st.error(plain(progress.trouble), icon=":material/error:")
    elif last is None:
        st.markdown(":orange[:material/info:] No backup was made yet.")
    else:
        key = "with the key of the secrets" if last.has_key else "without the key of the secrets"
        rows = f"{grouped(last.rows)} rows, {counted(last.runs, 'run')} among them"
        st.markdown(f":green[:material/check_circle:] **The last backup** :gray[· {rows}, {key}]")
        quiet(("made", last.made_at), f"by {last.made_by}" if last.made_by else "", last.file, small=True)


def _file(app: App, file: BackupFile) -> None:
    with (
        st.container(border=True, key=f"row_backup_{file.name}"),
        st.container(horizontal=True, vertical_alignment="center", gap="small"),
    ):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{plain(file.name)}**")
            quiet(size(file.size_bytes), file.made_at, small=True)
        st.link_button("Download", f"/api/backups/{file.name}", icon=":material/download:")
        if st.button("", icon=":material/delete:", type="tertiary", help="Delete", key=f"delete_{file.name}"):
            ask_once(
                f"Delete {file.name}?",
                "The file is deleted from this machine. Copies that were downloaded stay.",
                "Delete",
                lambda: _delete(app, file.name),
            )


def _delete(app: App, name: str) -> None:
    if value_or_say(app.backup_desk.delete(name, who())) is None:
        say(f"{name} is deleted.")


def _restoring() -> None:
    section("Restore")
    st.caption(
        "A restore replaces everything, so it is not done under an app that runs. Stop the app and its workers, then run "
        "this where they ran; it is done wholly or not at all."
    )
    st.code(
        "python -m core restore FILE            # into a new workspace\npython -m core restore FILE --replace  # in place of this one",
        language="sh",
    )
