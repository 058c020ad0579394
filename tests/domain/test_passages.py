"""Cutting documents: nothing lost, order kept, bounded, the same each time; places that a person can find."""

import itertools
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.blocks import NotReadableError, clean, markdown_blocks, table_blocks, text_blocks
from core.domain.knowledge import Place, Term, fused, marked, telling
from core.domain.passages import OVERLAP_CHARS, PASSAGE_CHARS, Block, Reading, named, passages, pieces

DOCUMENT = UUID(int=7)
_words = st.text(st.sampled_from("ab .!\n\t。é\u00a0"), max_size=4_000)
_blocks = st.builds(Block, text=_words, level=st.sampled_from([0, 0, 0, 1, 2, 3]), at=st.integers(0, 50))
_readings = st.builds(
    Reading, blocks=st.lists(_blocks, max_size=12).map(tuple), unit=st.sampled_from(["", "page", "row", "line"])
)


def bare(texts) -> str:
    """Without white space, which cutting may change."""
    return "".join("".join(texts).split())


@given(_readings)
def test_nothing_is_lost_and_the_order_stays(reading):
    cut = list(passages(reading))
    assert bare(one.text[one.overlap :] for one in cut) == bare(block.text for block in reading.blocks)


@given(_readings)
def test_every_passage_is_bounded_and_says_something_new(reading):
    for one in passages(reading):
        assert len(one.text) <= PASSAGE_CHARS
        assert one.overlap <= OVERLAP_CHARS + 2
        assert one.text[one.overlap :].strip()


@given(_readings)
def test_what_is_repeated_stands_at_the_end_of_the_passage_before(reading):
    cut = list(passages(reading))
    for before, one in itertools.pairwise(cut):
        assert before.text.rstrip().endswith(one.text[: one.overlap].rstrip())


@given(_readings)
def test_the_same_text_is_cut_the_same_way(reading):
    first, again = list(passages(reading)), list(passages(reading))
    assert first == again
    ids = list(named(DOCUMENT, [one.text for one in first]))
    assert len(set(ids)) == len(ids)


@given(st.text(max_size=3_000), st.integers(1, 500))
def test_pieces_lose_only_white_space(text, most):
    cut = list(pieces(text, most))
    assert bare(cut) == bare([text])
    assert all(0 < len(piece) <= most for piece in cut)


@given(st.text())
def test_any_text_can_be_read_as_anything(text):
    for blocks in (text_blocks, markdown_blocks, table_blocks):
        try:
            reading = blocks(text)
        except NotReadableError:
            continue
        places = [block.at for block in reading.blocks]
        assert places == sorted(places)


@given(st.text(st.characters(codec="utf-8")))
def test_plain_text_keeps_every_word(text):
    assert bare(block.text for block in text_blocks(text).blocks) == bare([clean(text)])


def test_a_long_paragraph_is_cut_after_sentences_and_repeats_a_little():
    sentence = "The quick brown fox jumps over the lazy dog and sleeps. "
    cut = list(passages(text_blocks(sentence * 100)))
    assert len(cut) > 3
    assert all(one.text.endswith("sleeps.") for one in cut)
    assert all(one.text.startswith("The quick") for one in cut)
    assert [one.overlap > 0 for one in cut] == [False] + [True] * (len(cut) - 1)


def test_headings_lead_to_a_passage():
    text = "Intro.\n\n# Returns\n\nKeep it.\n\n## Refunds\n\nIn 14 days.\n\n```\n# no heading\n```\n\n# Other\nEnd.\n"
    found = [(one.place.in_words(), one.text) for one in passages(markdown_blocks(text))]
    assert found == [
        ("line 1", "Intro."),
        ("Returns · lines 3–5", "Returns\n\nKeep it."),
        ("Returns › Refunds · lines 7–11", "Refunds\n\nIn 14 days.\n\n```\n# no heading\n```"),
        ("Other · lines 15–16", "Other\n\nEnd."),
    ]


def test_underlined_headings_are_headings():
    blocks = markdown_blocks("Title\n=====\n\ntext\nPart\n---\nmore\n\n---\n").blocks
    assert [(block.text, block.level, block.at) for block in blocks] == [
        ("Title", 1, 2),
        ("text", 0, 4),
        ("Part", 2, 6),
        ("more", 0, 7),
        ("---", 0, 9),
    ]


def test_a_table_says_its_columns_in_every_row():
    blocks = table_blocks('name;price\n"Blue; large";12\n\nRed;;extra\n').blocks
    assert [(block.text, block.at) for block in blocks] == [
        ("name, price", 1),
        ("name: Blue; large; price: 12", 2),
        ("name: Red; extra", 4),
    ]
    (passage,) = passages(table_blocks("a,b\n1,2\n"))
    assert passage.place == Place(unit="row", first=1, last=2)


def test_a_broken_table_says_where():
    with pytest.raises(NotReadableError, match="line 2"):
        table_blocks('a,b\n"1,2\n')


def test_ids_stay_with_the_words():
    before = list(named(DOCUMENT, ["one", "two", "two", "three"]))
    after = list(named(DOCUMENT, ["zero", "one", "two", "two"]))
    assert after[1:] == before[:3]
    assert before[0] not in list(named(UUID(int=8), ["one"]))


@pytest.mark.parametrize(
    ("counts", "total", "has_stop_words", "chosen"),
    [
        ({"the": 90, "refund": 3, "nowhere": 0}, 100, False, ["refund"]),
        ({"the": 90, "a": 80}, 100, False, ["a"]),
        ({"topic": 90, "refund": 3}, 100, True, ["topic", "refund"]),
        ({"topic": 9_000, "refund": 3}, 10_000, True, ["refund"]),
        ({"nowhere": 0}, 100, True, []),
        ({"all": 3, "rare": 1}, 3, False, ["all", "rare"]),
    ],
)
def test_what_stands_everywhere_is_not_searched_for(counts, total, has_stop_words, chosen):
    terms = [Term(lexeme, passages) for lexeme, passages in counts.items()]
    assert [term.lexeme for term in telling(terms, total, has_stop_words=has_stop_words)] == chosen


def test_rarer_words_weigh_more():
    weights = [Term("x", passages).weight(100) for passages in (1, 10, 50, 100, 200)]
    assert weights == sorted(weights, reverse=True)
    assert min(weights) > 0


def test_marks_are_places_in_the_text():
    assert marked("a \x02refund\x03 of \x02two\x03") == ("a refund of two", ((2, 8), (12, 15)))
    assert marked("nothing") == ("nothing", ())


def test_rankings_are_fused():
    a, b, c, d = (UUID(int=number) for number in range(4))
    assert [one for one, _ in fused([a, b, c], [b, d])] == [b, a, d, c]
    assert fused([a], [b])[0] == (a, 1 / 61)
    assert fused() == []
