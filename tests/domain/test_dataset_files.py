import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.dataset import Item
from core.domain.dataset_files import decoded, format_of, read_items, to_csv, to_jsonl
from core.domain.result import Err, Ok

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=30)
NAME = st.text(string.ascii_letters, min_size=1, max_size=8)
ITEMS = st.lists(
    st.builds(
        Item,
        input=TEXT.filter(str.strip),
        variables=st.dictionaries(NAME, TEXT.filter(bool), max_size=3),
        expected=TEXT,
        notes=TEXT,
    ),
    min_size=1,
    max_size=5,
)


@given(ITEMS)
def test_what_is_written_reads_back_the_same(items):
    assert read_items(to_csv(items), "csv") == Ok(tuple(items))
    assert read_items(to_jsonl(items), "jsonl") == Ok(tuple(items))


def test_every_other_column_is_a_variable():
    text = 'Question;Answer;country\n"What; is it?";42;Germany\n\nAnd now?;;\n'

    assert read_items(text, "csv") == Ok(
        (
            Item(input="What; is it?", expected="42", variables={"country": "Germany"}),
            Item(input="And now?"),
        )
    )


def test_values_that_are_no_text_are_written_as_json():
    line = '{"input": "x", "expected": {"a": [1]}, "variables": {"n": 3}, "yes": true, "none": null}'

    assert read_items(line, "jsonl") == Ok(
        (Item(input="x", expected='{"a": [1]}', variables={"n": "3", "yes": "true"}),)
    )


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        ("", "csv", "no items"),
        ("input\n", "csv", "no items"),
        ("other\nx\n", "csv", "Line 2: it has no input"),
        ("input\nx,y\n", "csv", "Line 2: it has 2 fields"),
        ("input,input\nx,y\n", "csv", "Line 1: every column"),
        ('input\n"open', "csv", "unexpected end"),
        ('{"input": "x"}\nnonsense', "jsonl", "Line 2:"),
        ("[1]", "jsonl", "Line 1: it is not an object"),
        ('{"input": "x", "variables": 3}', "jsonl", "variables"),
        (f"input\n{'x' * 100_001}\n", "csv", "longer than"),
    ],
)
def test_a_fault_names_its_line(text, form, said):
    refused = read_items(text, form)

    assert isinstance(refused, Err)
    assert said in refused.message


def test_a_byte_order_mark_is_no_text_and_other_encodings_are_refused():
    assert decoded(b"\xef\xbb\xbfinput\n") == Ok("input\n")
    refused = decoded(b"input\nx\n\xe4\n")

    assert isinstance(refused, Err)
    assert refused.message.startswith("Line 3")


def test_formats_go_by_the_ending():
    assert [format_of(name) for name in ("A.CSV", "a.tsv", "a.jsonl", "a.xlsx")] == ["csv", "csv", "jsonl", None]
