"""Answers that are asked for in the background: once, kept, and never waited for longer than one wants."""

import threading

import pytest

from core.services.latest import Known, Latest

LIMIT_S = 10.0


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


class Slow:
    """A question that is answered when the test says so."""

    def __init__(self):
        self.asked, self.prepared = 0, 0
        self.may_answer = threading.Event()

    def prepare(self):
        self.prepared += 1
        return self

    def __call__(self):
        assert self.may_answer.wait(LIMIT_S)
        self.asked += 1
        return f"answer {self.asked}"


@pytest.fixture
def slow():
    slow = Slow()
    yield slow
    slow.may_answer.set()


def for_ten_s(_):
    return 10.0


def test_who_looks_does_not_wait_and_who_looks_again_finds_it(slow):
    latest = Latest()
    assert latest.now("k", slow.prepare, for_ten_s, 0.0) == Known(None, True)
    assert latest.now("k", slow.prepare, for_ten_s, 0.0) == Known(None, True)
    slow.may_answer.set()
    assert latest.now("k", slow.prepare, for_ten_s, LIMIT_S) == Known("answer 1", False)
    assert (slow.asked, slow.prepared) == (1, 1)


def test_what_is_old_is_shown_while_it_is_asked_again(slow):
    clock = Clock()
    latest = Latest(clock)
    latest.keep("k", "old")
    clock.now_s = 9.9
    assert latest.now("k", slow.prepare, for_ten_s, 0.0) == Known("old", False)
    clock.now_s = 10.0
    assert latest.kept("k", for_ten_s) is None
    assert latest.now("k", slow.prepare, for_ten_s, 0.0) == Known("old", True)
    slow.may_answer.set()
    assert latest.now("k", slow.prepare, for_ten_s, LIMIT_S) == Known("answer 1", False)


def test_many_who_look_at_once_ask_once(slow):
    latest, found = Latest(), []

    def look():
        found.append(latest.now("k", slow.prepare, for_ten_s, LIMIT_S))

    threads = [threading.Thread(target=look) for _ in range(20)]
    for thread in threads:
        thread.start()
    slow.may_answer.set()
    for thread in threads:
        thread.join(LIMIT_S)
    assert {known.value for known in found} == {"answer 1"}
    assert slow.asked == 1


def test_a_question_that_fails_is_seen_and_asked_again(slow, monkeypatch):
    latest, seen = Latest(), threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _: seen.set())

    def failing():
        return lambda: 1 // 0

    assert latest.now("k", failing, for_ten_s, LIMIT_S) == Known(None, False)
    assert seen.wait(LIMIT_S)
    slow.may_answer.set()
    assert latest.now("k", slow.prepare, for_ten_s, LIMIT_S) == Known("answer 1", False)


def test_what_nobody_wants_any_more_is_not_kept_for_ever():
    latest = Latest()
    for number in range(2_000):
        latest.keep(number, "x")
    assert sum(latest.kept(number) is not None for number in range(2_000)) <= 500
