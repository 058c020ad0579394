"""Proofs in the background: row by row, one at a time, found again by whoever looks."""

import threading

import pytest

from core.domain.result import Err, Ok
from core.errors import Unavailable
from core.services.proof_desk import ProofDesk
from tests.support.scripted import ScriptedServer, text
from tests.support.workspace import rested, started, workspace


class Steps:
    """A proof that goes one step for each that it is given, and tells when it has gone it."""

    def __init__(self, error=None):
        self.given, self.gone, self.error = threading.Semaphore(0), threading.Semaphore(0), error

    def __call__(self, *given):
        given[-1](3)
        for number in range(3):
            self.given.acquire()
            if self.error:
                raise self.error
            yield number
            self.gone.release()

    def go(self):
        self.given.release()
        assert self.gone.acquire(timeout=5)


def until_over(progress):
    for thread in threading.enumerate():
        if thread.name in {"crash-drill", "journal-check", "backup", "retention"}:
            thread.join(90)
    assert not progress().is_running
    return progress()


@pytest.fixture
def steps():
    return Steps()


@pytest.fixture
def desk(steps):
    desk = ProofDesk(steps, steps)
    yield desk
    desk.stop_drill()
    for _ in range(10):
        steps.given.release()
    desk.close()


def test_who_looks_sees_how_far_it_is(desk, steps):
    assert desk.drill().began_at is None
    assert desk.begin_drill("few", "ada") == Ok(None)
    steps.go()
    assert (desk.drill().found, desk.drill().expected, desk.drill().is_running) == ((0,), 3, True)
    steps.go()
    steps.given.release()
    done = until_over(desk.drill)
    assert (done.found, done.is_stopped, done.trouble) == ((0, 1, 2), False, "")


def test_one_at_a_time(desk, steps):
    desk.begin_drill("few")
    assert isinstance(desk.begin_drill("all"), Err)


def test_it_stops_after_what_it_is_at(desk, steps):
    desk.begin_drill("few")
    steps.go()
    desk.stop_drill()
    steps.given.release()
    stopped = until_over(desk.drill)
    assert (stopped.found, stopped.is_stopped) == ((0, 1), True)
    assert desk.begin_drill("few") == Ok(None)


def test_what_fails_is_said_in_words():
    steps = Steps(Unavailable("The database does not answer."))
    desk = ProofDesk(steps, steps)
    desk.begin_check()
    steps.given.release()
    assert until_over(desk.check).trouble == "The database does not answer."


def test_every_journal_of_a_workspace_is_checked(settings):
    with ScriptedServer(text("a")) as server, workspace(settings, server) as app:
        app.proof_desk.begin_check()
        assert until_over(app.proof_desk.check).found[-1].runs == 0
        rested(app, started(app).id)
        app.proof_desk.begin_check()
        (audit,) = set(until_over(app.proof_desk.check).found)
        assert (audit.runs, audit.first_break) == (1, None)
        assert app.proofs.verify().value == audit
