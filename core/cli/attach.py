"""Files that a command sends along."""

from pathlib import Path

import click

from core.domain.attachment import MOST_BYTES, Upload


def upload(file: Path) -> Upload:
    """One that is far too large is not read whole: it is refused by its size."""
    try:
        with file.open("rb") as content:
            return Upload(file.name, content.read(MOST_BYTES + 1))
    except OSError as error:
        raise click.BadParameter(f"{file} cannot be read: {error.strerror}.", param_hint="--attach") from error
