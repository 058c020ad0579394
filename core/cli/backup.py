"""`backup` and `restore`: the whole workspace as one file."""

import getpass
import sys
from pathlib import Path

import click
import msgspec

from core.cli.exits import Exit, stop, value_of
from core.cli.printing import moment, print_json, print_line
from core.cli.session import opened, settings, who
from core.db.engine import create_engine, database_url
from core.domain.backup import MadeBackup, Restored
from core.services.restoring import restore as restore_workspace

_WITHOUT_KEY = (
    "The key of the secrets is not in it. Secrets stay encrypted, and only {home}/secrets.key opens them: keep a copy of "
    "that file elsewhere, or use --with-key."
)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-key", is_flag=True, help="Add the key of the secrets, under a passphrase (asked, or on stdin).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backup(file: Path, with_key: bool, as_json: bool) -> int:
    """Write the whole workspace into one file, while the app runs.

    It is of one moment. Everything in the database is in it; downloaded models and logs are not. The file appears when it is whole, in
    place of an older one of that name.
    """
    passphrase = _passphrase(confirm=True) if with_key else None
    with opened() as app:
        made = value_of(app.backups.make(file.absolute(), who(), passphrase))
        home = app.settings.home
    _tell(made, file, home, as_json=as_json)
    return Exit.DONE


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Also where somebody worked already. What is there now is lost.")
@click.option(
    "--with-key", is_flag=True, help="Take the key of the secrets out of the backup (passphrase as in backup)."
)
@click.option(
    "--go-on", is_flag=True, help="Runs that were under way go on by themselves. Never while the original lives."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def restore(file: Path, replace: bool, with_key: bool, go_on: bool, as_json: bool) -> int:
    """Make the workspace what it was when a backup was made.

    Wholly or not at all. Stop the app and its workers first. A backup of an older version is brought to the newest
    schema. Runs that were under way stand still until `runs resume`: what they were at may have happened since.
    """
    passphrase = _passphrase(confirm=False) if with_key else None
    loaded = settings()
    engine = create_engine(database_url(loaded))
    try:
        done = value_of(
            restore_workspace(engine, loaded.home, file, replace=replace, go_on=go_on, passphrase=passphrase)
        )
    finally:
        engine.dispose()
    if as_json:
        print_json({**_numbers(done), "made_at": done.manifest.made_at, "revision": done.revision})
    else:
        _tell_restored(done)
    return Exit.DONE


def _passphrase(*, confirm: bool) -> str:
    """Typed unseen, or the first line on stdin."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    given = getpass.getpass("Passphrase: ")
    if confirm and getpass.getpass("Once more: ") != given:
        stop("The two passphrases differ.")
    return given


def _tell(made: MadeBackup, file: Path, home: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(made))
        return
    print_line(f"{file}: {made.rows:,} rows, {made.runs:,} runs among them, {made.size_bytes:,} bytes.")
    print_line(
        "The key of the secrets is in it, under the passphrase." if made.has_key else _WITHOUT_KEY.format(home=home)
    )


def _numbers(done: Restored) -> dict[str, int | bool]:
    return {
        "rows": done.manifest.rows,
        "runs": done.manifest.rows_of("runs"),
        "held_runs": done.held_runs,
        "waiting_runs": done.waiting_runs,
        "paused_evaluations": done.paused_evaluations,
        "secrets": done.secrets,
        "secrets_readable": done.secrets_readable,
    }


def _tell_restored(done: Restored) -> None:
    manifest = done.manifest
    moved = (
        "" if manifest.revision == done.revision else f", brought from schema {manifest.revision} to {done.revision}"
    )
    print_line(f"Restored what was saved on {moment(manifest.made_at)}: {manifest.rows:,} rows{moved}.")
    if done.waiting_runs:
        print_line(f"Waiting for a person, as they did: {done.waiting_runs:,} runs.")
    if done.held_runs:
        print_line(
            f"Under way then, and standing still now: {done.held_runs:,} runs. Each goes on with: runs resume ID"
        )
    if done.paused_evaluations:
        print_line(f"Paused: {done.paused_evaluations:,} evaluations.")
    if done.secrets and not done.secrets_readable:
        print_line(
            f"The key in this home does not open the {done.secrets:,} secrets. Put the secrets.key of the original "
            "there, restore again with --with-key, or set them anew."
        )
    print_line("Prove it with: python -m core audit verify")
