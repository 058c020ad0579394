import msgspec
import pytest

from core.domain.arguments import BadArguments, check_arguments, visible_parameters
from core.domain.schema_check import schema_fault
from core.domain.tool import ToolSpec

CITY = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 1, "maxLength": 9},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
        "units": {"enum": ["metric", "imperial"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "place": {
            "type": "object",
            "properties": {"lat": {"type": "number"}, "lon": {"type": "number"}},
            "required": ["lat"],
            "additionalProperties": False,
        },
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2, "uniqueItems": True},
        "code": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "on": {"type": "boolean"},
        "ratio": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "step": {"type": "integer", "multipleOf": 5},
    },
    "required": ["city"],
    "additionalProperties": False,
}
OPEN = {"type": "object", "properties": {}}


def tool(parameters=None, **fixed):
    return ToolSpec(name="weather", description="", parameters=CITY if parameters is None else parameters, fixed=fixed)


@pytest.mark.parametrize("raw", ["", " ", "\n\t", "null", " null ", "{}", " { } "])
def test_nothing_given_is_an_empty_object(raw):
    assert check_arguments(tool(OPEN), raw) == {}


@pytest.mark.parametrize("raw", ["", "null", "{}"])
def test_an_empty_object_still_has_to_fit(raw):
    assert check_arguments(tool(), raw) == BadArguments("The arguments must have `city`.")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ('{"city":"Oslo"}', {"city": "Oslo"}),
        ('{"city":"Oslo","days":3}', {"city": "Oslo", "days": 3}),
        ('{"city":"Oslo","days":3.0}', {"city": "Oslo", "days": 3.0}),
        ('{"city":"東京"}', {"city": "東京"}),
        (r'{"city":"\ud83d\ude00"}', {"city": "😀"}),
        ('{"city":"Oslo","note":null}', {"city": "Oslo", "note": None}),
        ('{"city":"Oslo","place":{"lat":1,"lon":-0.5}}', {"city": "Oslo", "place": {"lat": 1, "lon": -0.5}}),
        (' \n{"city":"Oslo"}\t ', {"city": "Oslo"}),
        ('{"city":"a\\u0000b"}', {"city": "a\x00b"}),
    ],
)
def test_what_fits_is_taken_as_it_is(raw, value):
    assert check_arguments(tool(), raw) == value


@pytest.mark.parametrize("digits", ["9007199254740993", "18446744073709551616", "-" + "7" * 400])
def test_integers_keep_every_digit(digits):
    given = check_arguments(tool({"type": "object"}), f'{{"n":{digits}}}')
    assert given == {"n": int(digits)}
    assert msgspec.json.encode(given).decode() == f'{{"n":{digits}}}'


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ('{"city":"Oslo",}', "not valid JSON"),
        ("{'city':'Oslo'}", "not valid JSON"),
        ('```json\n{"city":"Oslo"}\n```', "not valid JSON"),
        ('{"city":"Oslo"} {"city":"Bergen"}', "extra data"),
        ('{"city":"Oslo"}}', "extra data"),
        ('{"city":"Oslo"', "not valid JSON"),
        ('{"city":"Oslo"} // comment', "extra data"),
        ('{city:"Oslo"}', "not valid JSON"),
        ('{"city":NaN}', "NaN is not a JSON number"),
        ('{"city":-Infinity}', "-Infinity is not a JSON number"),
        ('{"ratio":1e999}', "1e999 is too large"),
        ('{"days":' + "1" * 5000 + "}", "too many digits"),
        ('{"city":"a","city":"b"}', "`city`|'city' stands there twice"),
        ('{"place":{"lat":1,"lat":2}}', "'lat' stands there twice"),
        (r'{"city":"\ud83d"}', "half a character"),
        (r'{"\udc00":1}', "half a character"),
        ('{"city":"line\nbreak"}', "not valid JSON"),
        ('{"a":' * 70 + "1" + "}" * 70, "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
        ("\ufeff{}", "not valid JSON"),
        ("True", "not valid JSON"),
        ('"{\\"city\\":\\"Oslo\\"}"', "must not be wrapped in quotes"),
        ('[{"city":"Oslo"}]', "not a list"),
        ("true", "not true or false"),
        ("7", "not a number"),
    ],
)
def test_what_is_not_one_json_object_is_refused(raw, reason):
    result = check_arguments(tool(), raw)
    assert isinstance(result, BadArguments)
    assert any(part in result.reason for part in reason.split("|"))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ('{"city":7}', "`city` must be text, not 7."),
        ('{"city":true}', "`city` must be text, not true."),
        ('{"city":""}', '`city` must be 1 or more characters long, not "".'),
        ('{"city":"0123456789"}', '`city` must be 9 or fewer characters long, not "0123456789".'),
        ('{"city":"a","days":"3"}', '`days` must be a whole number, not "3".'),
        ('{"city":"a","days":true}', "`days` must be a whole number, not true."),
        ('{"city":"a","days":2.5}', "`days` must be a whole number, not 2.5."),
        ('{"city":"a","days":0}', "`days` must be 1 or more, not 0."),
        ('{"city":"a","days":8}', "`days` must be 7 or less, not 8."),
        ('{"city":"a","units":"kelvin"}', '`units` must be one of "metric", "imperial", not "kelvin".'),
        ('{"city":"a","on":1}', "`on` must be true or false, not 1."),
        ('{"city":"a","ratio":0}', "`ratio` must be more than 0, not 0."),
        ('{"city":"a","ratio":1}', "`ratio` must be less than 1, not 1."),
        ('{"city":"a","step":3}', "`step` must be a multiple of 5, not 3."),
        ('{"city":"a","code":"no"}', '`code` must be text that matches ^[A-Z]{2}$, not "no".'),
        ('{"city":"a","place":{}}', "`place` must have `lat`."),
        ('{"city":"a","place":{"lat":"x"}}', '`place.lat` must be a number, not "x".'),
        ('{"city":"a","place":{"lat":1,"z":2}}', "`place` cannot have `z`; known are `lat`, `lon`."),
        ('{"city":"a","place":[1]}', "`place` must be an object."),
        ('{"city":"a","tags":["x",1]}', "`tags[1]` must be text, not 1."),
        ('{"city":"a","tags":["x","x"]}', "`tags` must be a list without repetitions."),
        ('{"city":"a","tags":["x","y","z"]}', "`tags` must be a list of 2 or fewer items."),
        (
            '{"city":"a","note":5}',
            "`note` must fit one of several forms: `note` must be text, not 5. Or: `note` must be null, not 5.",
        ),
    ],
)
def test_the_reason_says_which_field_what_and_what_is_allowed(raw, reason):
    assert check_arguments(tool(), raw) == BadArguments(reason)


def test_unknown_fields_are_refused_naming_the_known_ones():
    result = check_arguments(
        tool({"type": "object", "properties": {"a": {}, "b": {}}, "additionalProperties": False}), '{"c":1}'
    )
    assert result == BadArguments("The arguments cannot have `c`; known are `a`, `b`.")


def test_unknown_fields_pass_where_the_schema_lets_them():
    assert check_arguments(tool(OPEN), '{"x":1}') == {"x": 1}


def test_only_the_first_few_faults_are_told():
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in "abcdef"}}
    result = check_arguments(tool(schema), '{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}')
    assert result.reason.count("must be text") == 3


def test_fixed_inputs_are_merged_in():
    assert check_arguments(tool(units="metric"), '{"city":"Oslo"}') == {"city": "Oslo", "units": "metric"}


def test_the_model_may_not_set_a_fixed_input():
    result = check_arguments(tool(units="metric"), '{"city":"Oslo","units":"metric"}')
    assert result == BadArguments("Leave out `units`: it is not for you to set.")


@pytest.mark.parametrize(
    ("fixed", "raw"),
    [
        ({"units": "s3cret"}, '{"city":"Oslo"}'),
        ({"units": "metric", "place": {"lat": "s3cret"}}, '{"city":"Oslo"}'),
        ({"place": {"lat": 1, "s3cret": 2}}, '{"city":"Oslo"}'),
    ],
)
def test_a_fixed_value_that_does_not_fit_is_not_shown_to_the_model(fixed, raw):
    result = check_arguments(tool(**fixed), raw)
    assert "only a person can change that" in result.reason
    assert "s3cret" not in result.reason
    assert "units" not in result.reason
    assert "place" not in result.reason


def test_fixed_names_are_not_among_the_known_ones():
    result = check_arguments(tool(units="metric"), '{"city":"Oslo","x":1}')
    assert "`x`" in result.reason
    assert "units" not in result.reason


def test_rules_over_the_whole_object_do_not_repeat_its_values():
    schema = {"type": "object", "not": {"required": ["city"]}}
    result = check_arguments(
        ToolSpec(name="t", description="", parameters=schema, fixed={"key": "s3cret"}), '{"city":1}'
    )
    assert result == BadArguments("The arguments must be such that it fits the schema's rule `not`.")


def test_forms_of_the_whole_object():
    schema = {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    result = check_arguments(tool(schema), "{}")
    assert result == BadArguments(
        "The arguments must fit one of several forms: The arguments must have `a`. Or: The arguments must have `b`."
    )


def test_visible_parameters_hide_fixed_inputs():
    shown = visible_parameters(tool(city="Oslo", units="metric"))
    assert "city" not in shown["properties"]
    assert "units" not in shown["properties"]
    assert "days" in shown["properties"]
    assert "required" not in shown
    assert shown["additionalProperties"] is False


def test_visible_parameters_are_always_an_object_schema():
    assert visible_parameters(tool({})) == {"type": "object", "properties": {}}


def test_visible_parameters_leave_the_tool_alone():
    before = msgspec.json.encode(CITY)
    visible_parameters(tool(city="Oslo"))
    assert msgspec.json.encode(CITY) == before


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "banana"},
        {"properties": {"a": {"pattern": "(open"}}},
        {"properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}},
        {"properties": {"a": {"$ref": "file:///etc/passwd"}}},
        {"properties": {"a": {"$ref": "#/$defs/missing"}}},
    ],
)
def test_a_faulty_schema_is_a_reason_not_a_crash(schema):
    assert schema_fault(schema)
    result = check_arguments(tool(schema), "{}")
    assert result.reason.startswith("This tool cannot be called, its own schema is faulty")


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"allOf": [{"$ref": "#"}]}])
def test_endless_references_end(schema):
    assert check_arguments(tool(schema), '{"a":1}') == {"a": 1}


@pytest.mark.timeout(5)
@pytest.mark.parametrize("pattern", ["^(a+)+$", r"^(a|aa)+\1(a|a)*b$", "^(?=(a+)+b).*$"])
def test_patterns_that_explode_are_bounded(pattern):
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": pattern}}}
    result = check_arguments(tool(schema), '{"a":"' + "a" * 5000 + '!"}')
    assert isinstance(result, BadArguments)


def test_patterns_are_read_as_json_schema_has_them():
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": r"^\p{L}(?!x)\d$"}}}
    assert check_arguments(tool(schema), '{"a":"é1"}') == {"a": "é1"}
