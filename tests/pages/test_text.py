"""Words and numbers for the screen."""

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import Fault
from pages.components.editor.answer_format import text_problem
from pages.components.state import STATE_HEX, STATES
from pages.components.text import ago, compact, cost, counted, duration, plain, short, size
from pages.components.tool_text import parsed, shown
from pages.components.words import words

MISFIT = "The model produced output that does not match the expected peg-native format"


@pytest.mark.parametrize(
    ("seconds", "words_"),
    [(None, "–"), (0.012, "12 ms"), (0.9996, "1.0 s"), (8.41, "8.4 s"), (95, "1 min 35 s"), (3725, "1 h 2 min")],
)
def test_durations_have_units(seconds, words_):
    assert duration(seconds) == words_


def test_numbers_are_grouped_and_whole():
    assert [compact(1_204), compact(1_310_000), cost(0.0031), cost(3.1), cost(None)] == [
        "1,204",
        "1.31 M",
        "$0.0031",
        "$3.10",
        "–",
    ]
    assert [size(4_999_999), size(1_834_426_016)] == ["5.0 MB", "1.83 GB"]
    assert [size(412), size(4_120), counted(1, "run"), counted(2, "run")] == ["412 bytes", "4.1 kB", "1 run", "2 runs"]


@pytest.mark.parametrize("text", ["**a**", ":red[a]", ":material/check:", "[a](http://b)", "$a$ `b`", "<b>", "# a"])
def test_plain_text_is_never_read_as_markdown(text):
    escaped = plain(text)
    assert escaped != text
    assert not any(mark in escaped.replace("\\" + mark, "") for mark in "*[]`$<#")
    assert ":material/check:" not in escaped


def test_plain_text_keeps_its_words():
    assert plain("Net and VAT, 17 % of it") == "Net and VAT, 17 % of it"
    assert short("one\n  two " + "x" * 99, 10) == "one two x…"


def test_big_integers_keep_every_digit():
    raw = '{"id": 12345678901234567890123, "price": 0.10000000000000000555, "on": true}'
    values = parsed(raw)
    assert [shown(value) for value in values.values()] == ["12345678901234567890123", "0.10000000000000000555", "yes"]
    assert parsed("not json") is None
    assert parsed("[1]") is None


def test_times_are_relative():
    now = datetime.now(UTC)
    assert [ago(now), ago(now - timedelta(minutes=3)), ago(now - timedelta(hours=2))] == [
        "just now",
        "3 min ago",
        "2 h ago",
    ]


def test_a_fault_names_the_wait_it_was_told():
    assert "2.5 s" in words(Fault("rate_limited", "slow down", 429, retry_after_s=2.5)).do


def test_output_that_llama_cpp_cannot_read_is_called_what_it_is():
    said = words(Fault("server_error", MISFIT, 500))
    assert said.happened == "The model wrote something that is no answer"
    assert "on its side" not in said.means
    assert words(Fault("server_error", "out of memory", 500)).happened == "The endpoint failed"


def test_states_have_one_colour_in_both_themes():
    assert set(STATES) == set(STATE_HEX)


def test_only_an_object_is_a_schema():
    assert text_problem('{"type": "object"}') == ""
    assert text_problem("[]")
    assert text_problem("{")
