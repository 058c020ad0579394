import pytest

from core.domain.excerpt import excerpt

LONG = "The quick brown fox jumps over the lazy dog and then goes on to look for something else to jump over today"


@pytest.mark.parametrize(
    ("text", "search", "shown"),
    [
        ("VAT is 19 %", "vat", "VAT is 19 %"),
        ("one\n two  three", "two three", "one two three"),
        ("nothing", "else", ""),
        ("anything", " ", ""),
    ],
)
def test_the_words_around_a_find(text, search, shown):
    assert excerpt(text, search) == shown


def test_it_is_short_and_holds_what_was_looked_for():
    for word in LONG.split():
        found = excerpt(LONG, word, 40)
        assert word in found
        assert len(found) <= 42
