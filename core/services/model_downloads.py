"""Downloads under way in this process. A page looks at them; leaving it changes nothing."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from core.clients.model_files import DownloadFailed, DownloadStopped, Watch
from core.clients.model_folder import ModelFolder
from core.domain.local_model import CatalogueModel, Download, FileState

Fetch = Callable[[CatalogueModel, ModelFolder, Watch, threading.Event], Path]
_WINDOW_S: Final = 5.0
_SAMPLES_A_S: Final = 10
_STOP_LIMIT_S: Final = 15.0
"""Longer than the silence of a server that a download bears."""
_LEAVE_LIMIT_S: Final = 2.0
_log = logging.getLogger(__name__)


class Meter:
    """How far a download is and how fast it has been over the last seconds."""

    def __init__(self, total_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._total_bytes, self._clock = total_bytes, clock
        self._samples: deque[tuple[float, int]] = deque(maxlen=int(_WINDOW_S * _SAMPLES_A_S))
        self._done_bytes = 0
        self._breaks = 0
        self.is_receiving = False
        """False while what an earlier download left is checked."""

    def at(self, done_bytes: int) -> None:
        self._done_bytes = done_bytes
        now = self._clock()
        if not self._samples or now - self._samples[-1][0] >= 1 / _SAMPLES_A_S:
            self._samples.append((now, done_bytes))

    def receiving(self) -> None:
        self.is_receiving = True
        self._samples.clear()

    def broke(self) -> None:
        self._breaks += 1
        self._samples.clear()

    def read(self) -> Download:
        speed = self._bytes_per_s()
        left = (self._total_bytes - self._done_bytes) / speed if speed else None
        return Download(
            done_bytes=self._done_bytes,
            total_bytes=self._total_bytes,
            bytes_per_s=speed,
            left_s=left,
            breaks=self._breaks,
        )

    def _bytes_per_s(self) -> float | None:
        """None until a second has been measured, and when nothing has come for some seconds."""
        now = self._clock()
        recent = [sample for sample in tuple(self._samples) if now - sample[0] <= _WINDOW_S]
        if not recent or now - recent[0][0] < 1:
            return None
        came = self._done_bytes - recent[0][1]
        return came / (now - recent[0][0]) if came > 0 else None


class _Job:
    def __init__(self, model: CatalogueModel) -> None:
        self.model = model
        self.meter = Meter(model.size_bytes)
        self.stop = threading.Event()
        self.thread: threading.Thread


class Downloads:
    """At most one a model, each on its thread. Thread-safe."""

    def __init__(self, folder: ModelFolder, fetch: Fetch) -> None:
        self._folder, self._fetch = folder, fetch
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._failures: dict[str, str] = {}

    def start(self, model: CatalogueModel) -> None:
        """Nothing happens where one is under way."""
        with self._lock:
            if model.file in self._jobs:
                return
            self._failures.pop(model.file, None)
            job = self._jobs[model.file] = _Job(model)
            job.thread = threading.Thread(target=self._run, args=(job,), name=f"download {model.file}", daemon=True)
            job.thread.start()

    def cancel(self, file: str) -> None:
        """Returns at once; what had come is kept."""
        with self._lock:
            if job := self._jobs.get(file):
                job.stop.set()

    def end(self, file: str) -> None:
        """Cancel, and wait until nothing is written any more."""
        self.cancel(file)
        with self._lock:
            job = self._jobs.get(file)
        if job is not None:
            job.thread.join(_STOP_LIMIT_S)

    def progress(self, file: str) -> tuple[FileState, Download] | None:
        """None: no download is under way."""
        with self._lock:
            job = self._jobs.get(file)
        if job is None:
            return None
        found = msgspec.structs.replace(job.meter.read(), is_stopping=job.stop.is_set())
        return ("downloading" if job.meter.is_receiving else "checking"), found

    def failure(self, file: str) -> str:
        """Why the last download ended without the file; a sentence, or empty."""
        with self._lock:
            return self._failures.get(file, "")

    def forget_failure(self, file: str) -> None:
        with self._lock:
            self._failures.pop(file, None)

    def close(self) -> None:
        """End all of them; the next start goes on where they were. One that waits for its server is left to its end."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.stop.set()
        deadline = time.monotonic() + _LEAVE_LIMIT_S
        for job in jobs:
            job.thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self, job: _Job) -> None:
        failure = "The download ended by a fault of the program. It is written in the server's log."
        try:
            self._fetch(job.model, self._folder, job.meter, job.stop)
            failure = ""
        except DownloadStopped:
            failure = ""
        except DownloadFailed as error:
            failure = str(error)
            _log.warning("download of %s failed: %s", job.model.file, failure)
        finally:
            with self._lock:
                del self._jobs[job.model.file]
                if failure:
                    self._failures[job.model.file] = failure
