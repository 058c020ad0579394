"""What a command says on its error output: the end of it is kept, to explain why a server did not start."""

import os
import threading
from types import TracebackType
from typing import Self, TextIO

KEPT_BYTES = 4_000


class StderrTail:
    """A file to give to a process as its error output. `text` is the end of what was written so far."""

    file: TextIO

    def __enter__(self) -> Self:
        self._read_fd, write_fd = os.pipe()
        self.file = os.fdopen(write_fd, "w")
        self._kept = b""
        threading.Thread(target=self._drain, name="mcp-stderr", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    @property
    def text(self) -> str:
        return self._kept.decode("utf-8", "replace").strip()

    def _drain(self) -> None:
        """Read to the end, which comes when the last process that has the file is gone."""
        with os.fdopen(self._read_fd, "rb", buffering=0) as pipe:
            while part := pipe.read(65_536):
                self._kept = (self._kept + part)[-KEPT_BYTES:]
