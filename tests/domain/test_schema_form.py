"""A schema as a form and back: nothing is lost, and what the form cannot show is not shown in part."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.schema_check import schema_fault
from core.domain.schema_form import Field, Shape, added, changed, name_fault, schema_of, shape_of

_NAMES = st.text("abcdefgh_", min_size=1, max_size=6)
_TEXTS = st.text(max_size=10)


def _shapes(fields):
    return st.builds(
        Shape, st.lists(fields, max_size=4, unique_by=lambda field: field.name).map(tuple), is_closed=st.booleans()
    )


_LEAVES = st.builds(
    Field, _NAMES, st.sampled_from(["string", "integer", "number", "boolean"]), st.booleans(), st.booleans(), _TEXTS
) | st.builds(Field, _NAMES, st.just("choice"), choices=st.lists(_TEXTS, unique=True).map(tuple))
_SHAPES = st.recursive(
    _shapes(_LEAVES),
    lambda inner: _shapes(_LEAVES | st.builds(Field, _NAMES, st.just("object"), st.booleans(), inside=inner)),
    max_leaves=5,
)


@given(_SHAPES)
def test_there_and_back(shape):
    schema = schema_of(shape)
    assert shape_of(schema) == shape
    assert schema_fault(schema) == ""


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "object", "title": "Offer"},
        {"type": "object", "additionalProperties": True},
        {"type": "object", "properties": {"a": {"type": "string", "minLength": 1}}},
        {"type": "object", "properties": {"a": {"type": ["string", "null"]}}},
        {"type": "object", "properties": {"a": {"enum": ["x"]}}},
        {"type": "object", "properties": {"a": {"type": "string", "enum": [1]}}},
        {"type": "object", "properties": {"a": {"$ref": "#/x"}}},
        {"type": "object", "properties": {"a": {"type": "array"}}},
        {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "array", "items": {}}}}},
        {"type": "object", "properties": {"a": True}},
        {"type": "object", "properties": [], "required": []},
        {"type": "object", "required": ["gone"]},
        {"type": "object", "required": "a"},
        {"type": "object", "required": [{}]},
        {"type": "object", "properties": {"a": {"type": "string", "description": 1}}},
        {},
    ],
)
def test_what_the_form_cannot_show_is_left_to_the_json(schema):
    assert shape_of(schema) is None


PERSON = Shape((Field("name"), Field("home", "object", inside=Shape((Field("city"), Field("zip"))))))


def test_fields_are_changed_removed_and_added_at_any_depth():
    renamed = changed(PERSON, (1, 0), lambda one: msgspec.structs.replace(one, name="town"))
    assert [one.name for one in renamed.fields[1].inside.fields] == ["town", "zip"]
    removed = changed(PERSON, (1, 1), lambda _: None)
    assert [one.name for one in removed.fields[1].inside.fields] == ["city"]
    assert [one.name for one in added(PERSON).fields] == ["name", "home", "field_1"]
    assert [one.name for one in added(PERSON, (1,)).fields[1].inside.fields] == ["city", "zip", "field_1"]
    assert added(added(Shape())).fields[1].name == "field_2"


def test_a_name_stands_once_in_its_object():
    assert name_fault(PERSON, (0,), "home") == "Another field is named home already."
    assert name_fault(PERSON, (0,), " ") == "A field needs a name."
    assert name_fault(PERSON, (1, 0), "name") == ""
    assert name_fault(PERSON, (0,), "name") == ""
