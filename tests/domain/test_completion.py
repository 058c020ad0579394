"""What of a growing answer is told, and that nothing told is taken back unsaid."""

from core.domain.completion import Telling
from core.domain.frames import TextFrame


def frame(effect: str, text: str, attempt: int = 1, *, reset: bool = False) -> TextFrame:
    return TextFrame(effect=effect, attempt=attempt, text=text, reset=reset)


def told(*frames: TextFrame) -> list[str | None]:
    telling = Telling()
    return [telling.hear(one) for one in frames]


def test_steps_are_separated_by_an_empty_line():
    assert told(
        frame("1.m", "Let ", reset=True), frame("1.m", "me."), frame("2.m", "", reset=True), frame("2.m", "5.")
    ) == ["Let ", "me.", "", "\n\n5."]


def test_a_step_without_words_leaves_no_gap():
    assert told(frame("1.m", "", reset=True), frame("2.m", "5.", reset=True)) == ["", "5."]


def test_an_attempt_that_says_the_same_again_goes_on_where_it_was():
    assert told(
        frame("1.m", "The key", reset=True),
        frame("1.m", "The", 2, reset=True),
        frame("1.m", " key is", 2),
    ) == ["The key", "", " is"]


def test_an_attempt_with_other_words_is_noticed():
    assert told(frame("1.m", "The key", reset=True), frame("1.m", "A lock", 2, reset=True))[-1] is None


def test_the_rest_is_what_was_not_told():
    telling = Telling()
    telling.hear(frame("1.m", "The key", reset=True))
    assert telling.rest("The key is here.") == " is here."
    assert telling.rest("Something else.") is None
