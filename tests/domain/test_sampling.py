import pytest

from core.domain.sampling import Interval, bootstrap, difference, difference_words, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published_by_newcombe_1998(successes, trials, low, high):
    """Statistics in Medicine 17:857, table I, method 3."""
    found = wilson(successes, trials)

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_no_trials_say_nothing():
    assert wilson(0, 0) == Interval(0.0, 1.0)


def test_the_bootstrap_as_published_by_efron_and_tibshirani_1993():
    """The seven treated mice of table 2.1: the mean's standard error over all resamples is 23.36 (table 2.2)."""
    _, error = bootstrap([94, 197, 16, 38, 99, 141, 23])

    assert error == pytest.approx(23.36, abs=0.3)


def test_the_bootstrap_of_few_values_is_the_one_that_can_be_counted_out():
    """Of the pairs of {0, 1} a quarter are 0, a half 0.5, a quarter 1: the standard error is the root of 1/8."""
    interval, error = bootstrap([0.0, 1.0])

    assert interval == Interval(0.0, 1.0)
    assert error == pytest.approx(0.125**0.5, abs=0.005)


def test_the_same_scores_always_give_the_same_interval():
    scores = [0.0, 0.25, 1.0, 1.0, 0.5, 0.75, 0.0, 1.0]

    assert bootstrap(scores) == bootstrap(scores)


def test_a_clear_gain_is_told_from_noise():
    first = [0.0] * 20 + [1.0] * 20
    better = difference(first, [1.0] * 38 + [0.0] * 2)
    noise = difference(first, [1.0] + [0.0] * 19 + [1.0] * 20)
    worse = difference([1.0] * 40, first)

    assert (better.says, better.wins, better.losses) == ("better", 20, 2)
    assert noise.says == "noise"
    assert worse.says == "worse"


def test_few_pairs_tell_nothing_even_where_they_agree():
    assert difference([0.0] * 5, [1.0] * 5).says == "too_few"
    assert difference([], []).says == "too_few"


def test_whether_it_is_noise_stands_in_the_words():
    noise = difference_words(difference([0.0, 1.0] * 10, [1.0, 0.0] * 10), "A", "B")
    better = difference_words(difference([0.0] * 10, [1.0] * 10), "A", "B")

    assert "may be noise" in noise
    assert better.startswith("B is better than A by 100.0 points")
