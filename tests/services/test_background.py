"""Work in the background: woken, never doubled, gone on after a failure, closed at once."""

import threading

import pytest

from core.errors import Unavailable
from core.services.background import Background

LONGEST_S = 10.0


class Work:
    """Counts its turns; each waits for `gate`."""

    def __init__(self, *failures: Exception) -> None:
        self.turns, self.failures = threading.Semaphore(0), list(failures)
        self.gate = threading.Event()
        self.gate.set()
        self.at_once = self.most_at_once = 0

    def __call__(self) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.turns.release()
        self.gate.wait(LONGEST_S)
        self.at_once -= 1
        if self.failures:
            raise self.failures.pop(0)

    def was_done(self) -> bool:
        return self.turns.acquire(timeout=LONGEST_S)


def test_what_comes_while_it_works_is_done_afterwards_and_never_beside_it():
    work = Work()
    work.gate.clear()
    background = Background("test", work)
    background.wake()
    assert work.was_done()
    for _ in range(5):
        background.wake()
    work.gate.set()
    assert work.was_done()
    background.close()
    assert work.most_at_once == 1


def test_a_database_that_is_away_is_tried_again_when_woken():
    work = Work(Unavailable("away"))
    background = Background("test", work)
    for _ in range(2):
        background.wake()
        assert work.was_done()
    background.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_of_the_code_is_seen_and_does_not_end_everything(monkeypatch):
    seen = threading.Semaphore(0)
    monkeypatch.setattr(threading, "excepthook", lambda _: seen.release())
    work = Work(ZeroDivisionError())
    background = Background("test", work)
    background.wake()
    assert work.was_done()
    assert seen.acquire(timeout=LONGEST_S)
    background._thread.join(LONGEST_S)
    background.wake()
    assert work.was_done()
    background.close()


def test_closing_does_not_wait_for_a_piece_that_takes_long():
    work = Work()
    work.gate.clear()
    background = Background("test", work)
    background.wake()
    assert work.was_done()
    background.close()
    background.wake()
    work.gate.set()
    background._thread.join(LONGEST_S)
    assert not background._thread.is_alive()
    assert not work.turns.acquire(blocking=False)
