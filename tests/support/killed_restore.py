"""Restores a backup and is killed on the way: `python -m tests.support.killed_restore URL HOME FILE PLACE`."""

import os
import signal
import sys
from pathlib import Path

from core.db.engine import create_engine
from core.repositories.workspace import WorkspaceRepository
from core.services import restoring


def main(url: str, home: str, file: str, place: str) -> None:
    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    copy_in = WorkspaceRepository.copy_in

    def copy_some(self: WorkspaceRepository, table: str, columns: object, source: object) -> int:
        return die() if table == "run_events" else copy_in(self, table, columns, source)

    if place == "erased":
        restoring.upgrade = die
    elif place == "half filled":
        WorkspaceRepository.copy_in = copy_some
    else:
        restoring._pause = die
    restoring.restore(create_engine(url), Path(home), Path(file), replace=True)


main(*sys.argv[1:])
