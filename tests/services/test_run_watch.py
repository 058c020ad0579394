"""The order in which a watcher is told things, whenever it looks."""

from datetime import UTC, datetime

from core.domain.event import Decision, Event, Started
from core.domain.frames import TextFrame
from core.domain.journal import Partial
from core.engine.feed import Feed
from core.ids import new_id
from core.services.run_watch import RunWatch

RUN = new_id()


def entry(seq, fact):
    return Event(run_id=RUN, seq=seq, epoch=1, at=datetime(2026, 11, 22, tzinfo=UTC), fact=fact)


STARTED_1 = entry(2, Started(effect="1.m", attempt=1))
DECISION_1 = entry(3, Decision(step=1, effect="1.m", attempt=1, text="One"))
STARTED_2 = entry(4, Started(effect="2.m", attempt=1))


def watch(events, partials):
    """A watch of a journal and of texts under way that the test changes between looks."""
    return RunWatch(
        RUN,
        -1,
        Feed(),
        lambda _: "running",
        lambda _, after: [event for event in events if event.seq > after],
        lambda _: partials[-1] if partials else None,
    )


def told(watch):
    news, _ = watch.look()
    return [(item.effect, item.text, item.reset) if isinstance(item, TextFrame) else item.seq for item in news]


def test_the_text_under_way_comes_behind_the_entries_before_it():
    news = told(watch([STARTED_1, DECISION_1, STARTED_2], [Partial(effect="2.m", attempt=1, text="Tw")]))
    assert news == [2, ("1.m", "One", True), 3, 4, ("2.m", "Tw", True)]


def test_a_text_that_is_whole_by_now_is_given_once():
    assert told(watch([STARTED_1, DECISION_1], [Partial(effect="1.m", attempt=1, text="On")])) == [
        2,
        ("1.m", "One", True),
        3,
    ]


def test_an_old_checkpoint_is_not_shown_again():
    events, partials = [STARTED_1], [Partial(effect="1.m", attempt=1, text="On")]
    seen = watch(events, partials)
    assert told(seen) == [2, ("1.m", "On", True)]
    events.append(DECISION_1)
    assert told(seen) == [("1.m", "e", False), 3]
    events.append(entry(4, Decision(step=2, effect="2.m", attempt=1, text="Two")))
    assert told(seen) == [("2.m", "Two", True), 4]
    assert told(seen) == []
