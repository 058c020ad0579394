"""Whether an answer fits, in lines that begin with the place."""

import pytest

from core.domain.agent import Parameters
from core.domain.answer import MAX_MISFITS, Fit, fit

OFFER = {
    "type": "object",
    "properties": {
        "price": {"type": "string"},
        "count": {"type": "integer", "minimum": 1},
        "colour": {"enum": ["red", "blue"]},
        "places": {"type": "array", "items": {"type": "object", "properties": {"city": {"type": "string"}}}},
        "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["price"],
    "additionalProperties": False,
}


def misfits(text, schema=OFFER):
    return fit(Parameters(response_schema=schema), text).misfits


def test_nothing_is_said_where_nothing_was_asked():
    assert fit(Parameters(), "anything") is None


@pytest.mark.parametrize("text", ['{"price": "12"}', ' {"price":"12","count":3}\n', '{"price":"1","either":null}'])
def test_an_answer_that_fits(text):
    assert misfits(text) == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"price": 12}', "answer.price: 12 is not a string"),
        ("{}", "answer: price is missing"),
        ("[]", "answer: a list is not an object"),
        ('{"price":"1","count":0}', "answer.count: must be 1 or more, not 0"),
        ('{"price":"1","count":"2"}', 'answer.count: "2" is not a whole number'),
        ('{"price":"1","colour":"green"}', 'answer.colour: must be one of "red", "blue", not "green"'),
        ('{"price":"1","size":1}', "answer: cannot have `size`; known are"),
        ('{"price":"1","places":[{"city":"Oslo"},{"city":{}}]}', "answer.places[1].city: an object is not a string"),
        (
            '{"price":"1","either":1}',
            "answer.either: must fit one of several forms: answer.either: 1 is not a string Or:",
        ),
        ("It is 12.", "answer: not JSON: expecting value at character 1"),
        ('```json\n{"price":"1"}\n```', "answer: not JSON: "),
        ('{"price":"1"} so', "answer: not JSON: extra data"),
        ('{"price":NaN}', "answer: not JSON: NaN is not a JSON number"),
        ("", "answer: not JSON: "),
    ],
)
def test_a_misfit_names_its_place(text, line):
    (found,) = misfits(text)
    assert found.startswith(line)


def test_any_object_is_asked_for_without_a_schema():
    given = Parameters(json_object=True)
    assert fit(given, '{"a": 1}') == Fit()
    assert fit(given, "[1]").misfits == ("answer: a list is not an object",)


def test_a_faulty_schema_is_named_as_such():
    (found,) = misfits("{}", {"type": "objekt"})
    assert "the schema itself is faulty" in found


def test_a_flood_of_misfits_is_cut():
    many = {"type": "array", "items": {"type": "string"}}
    assert len(misfits(str(list(range(100))), many)) == MAX_MISFITS
