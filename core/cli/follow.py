"""Following a run to its rest: entries for programs, text and tool calls for people, Ctrl-C for stopping."""

import signal
import sys
import threading
from typing import Any, Self
from uuid import UUID

from core.bootstrap import App
from core.cli.exits import Exit, exit_of, stop
from core.cli.journal import entry_object, error_of, has_answered, summary_object
from core.cli.printing import print_json, print_line, write
from core.cli.session import who
from core.cli.words import fault_line, progress_line
from core.domain.event import Event
from core.domain.frames import TextFrame
from core.domain.run import Run


class Painter:
    """Shows a run as it goes. With `as_json` stdout is for entries and people read stderr."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._stream = sys.stderr if as_json else sys.stdout
        self._place = ("", 0)
        self._painted = ""
        self._at_line_start = True

    def show(self, item: Event | TextFrame) -> None:
        if isinstance(item, TextFrame):
            self._paint(item)
        else:
            self._note(item)

    def finish(self, run: Run, events: list[Event]) -> None:
        """The last thing that is said about the run."""
        self._end_line()
        if (fault := error_of(events)) is not None:
            print_line(fault_line(fault), sys.stderr)
        if run.status == "cancelled":
            print_line("Cancelled.", sys.stderr)
        if run.status == "waiting":
            print_line(f"The run waits for a person. It is run {run.id}; decide on its page.", sys.stderr)
        if self._as_json:
            print_json(summary_object(run, events), pretty=False)

    def _note(self, event: Event) -> None:
        if self._as_json:
            print_json(entry_object(event), pretty=False)
        if line := progress_line(event):
            self._end_line()
            print_line(line, self._stream)

    def _paint(self, frame: TextFrame) -> None:
        """Append what is new; after a reset only what goes beyond what stands there already."""
        place = (frame.effect, frame.attempt)
        known = self._painted if place == self._place else ""
        whole = frame.text if frame.reset else known + frame.text
        if not whole.startswith(known):
            known = ""
        if not known:
            self._end_line()
        self._place, self._painted = place, whole
        self._write(whole[len(known) :])

    def _write(self, text: str) -> None:
        if text:
            write(text, self._stream)
            self._at_line_start = text.endswith("\n")

    def _end_line(self) -> None:
        if not self._at_line_start:
            print_line("", self._stream)
            self._at_line_start = True


def follow(app: App, run_id: UUID, *, as_json: bool, after: int = -1) -> Exit:
    """Show a run until it ends or waits; the exit code that it gives."""
    painter = Painter(as_json=as_json)
    for item in app.runs.stream(run_id, after):
        painter.show(item)
    run = app.runs.get(run_id)
    if run is None:
        stop(f"There is no run {run_id}.")
    events = app.runs.events(run_id)
    painter.finish(run, events)
    return exit_of(run, answered=has_answered(events))


class CtrlC:
    """The first Ctrl-C cancels the run, whose end is then still shown; the second ends the command at once.

    Nothing is interrupted by the first one: a thread of its own asks for the cancellation.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._pressed, self._over = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)
        self._over.set()
        self._pressed.set()
        if self._thread is not None:
            self._thread.join()

    def cancels(self, run_id: UUID) -> None:
        """From now on it is this run; one that was pressed before counts."""
        self._thread = threading.Thread(target=self._wait, args=(run_id,), name="ctrl-c", daemon=True)
        self._thread.start()

    def _press(self, *_: object) -> None:
        if self._pressed.is_set():
            raise KeyboardInterrupt
        self._pressed.set()

    def _wait(self, run_id: UUID) -> None:
        self._pressed.wait()
        if not self._over.is_set():
            self._app.runs.cancel(run_id, who(), "Ctrl-C")
