"""`migrate` and `doctor`: is everything there that the app needs?"""

import click
import msgspec

from core.cli.exits import Exit
from core.cli.printing import print_json, print_line
from core.cli.session import opened, settings
from core.db.engine import create_engine, database_url
from core.db.migrate import migrate as migrate_database
from core.domain.canonical import Json
from core.errors import ConfigurationError, Unavailable
from core.services.health import HealthLine, disk, no_database


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def migrate(as_json: bool) -> int:
    """Bring the database to the newest schema."""
    engine = create_engine(database_url(settings()))
    done = migrate_database(engine)
    engine.dispose()
    if as_json:
        print_json({"from": done.before or None, "to": done.after})
    else:
        print_line(f"{done.before or 'empty'} → {done.after}")
    return Exit.DONE


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> int:
    """Check that everything the app needs answers.

    Exit 1 if something that it cannot do without is broken.
    """
    lines = _lines()
    is_well = all(line.ok for line in lines if line.required)
    if as_json:
        print_json({"ok": is_well, "checks": [_object(line) for line in lines]})
    else:
        for line in lines:
            _print(line)
    return Exit.DONE if is_well else Exit.FAILED


def _lines() -> list[HealthLine]:
    loaded = settings()
    try:
        with opened() as app:
            return app.health.check()
    except (Unavailable, ConfigurationError) as error:
        return [no_database(error), disk(loaded)]


def _object(line: HealthLine) -> dict[str, Json]:
    """Nothing is still being checked when a command prints."""
    return {name: value for name, value in msgspec.structs.asdict(line).items() if name != "is_checking"}


def _print(line: HealthLine) -> None:
    mark = "ok  " if line.ok else "FAIL" if line.required else "warn"
    print_line(f"{mark}  {line.name}: {line.detail}")
    if line.advice:
        print_line(f"      {line.advice}")
