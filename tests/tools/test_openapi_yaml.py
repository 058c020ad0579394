import pytest

from core.tools.openapi import yaml_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("[1, -2, +3, 0x1F, 0o17, 007]", [1, -2, 3, 31, 15, 7]),
        ("[1.5, .5, 1e3, -1.5e-3, 1.]", [1.5, 0.5, 1000.0, -0.0015, 1.0]),
        ("[true, True, FALSE, yes, No, on, OFF]", [True, True, False, "yes", "No", "on", "OFF"]),
        ("[null, ~, Null, '', \"\", ]", [None, None, None, "", ""]),
        ("[2024-01-31, 12:30:00, 1_000, .inf, .nan, '-']", ["2024-01-31", "12:30:00", "1_000", ".inf", ".nan", "-"]),
        ("['1', \"true\", !!str 5]", ["1", "true", "5"]),
        ("9007199254740993", 9007199254740993),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("a: >\n  x\n  y\n", {"a": "x y\n"}),
        ("1: a\ntrue: b\nnull: c\n1.5: d\nno: e", {"1": "a", "true": "b", "null": "c", "1.5": "d", "no": "e"}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}", {"a": {"b": 1, "c": 2}, "d": {"c": 3, "b": 1}}),
        ("- &x {b: 1}\n- &y {b: 2, f: 3}\n- {<<: [*x, *y]}", [{"b": 1}, {"b": 2, "f": 3}, {"b": 1, "f": 3}]),
        ("- a\n- - b\n  - c", ["a", ["b", "c"]]),
        ("# only a comment", None),
        ("", None),
    ],
)
def test_values(text, value):
    assert yaml_text.read(text) == value


def test_aliases_share_what_they_name():
    value = yaml_text.read("a: &x {b: 1}\nc: *x")
    assert value["a"] is value["c"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "expected"),
        ("a: b: c", "mapping values"),
        ("a: *nothing", "names nothing"),
        ("a: &x [*x]", "inside of what it names"),
        ("--- 1\n--- 2", "more than one document"),
        ("{[a]: 1}", "a key is not a text"),
        ("!!python/object/apply:os.system ['id']", "tag"),
        ("a: !secret x", "tag"),
        ("[" * 201, "nested too deeply"),
        ("[" * 300_000, "nested too deeply"),
        ("- " * 300_000, "nested too deeply"),
        ("a: \x00", "unacceptable character"),
        ("a: {<<: 5}", "can be merged"),
    ],
)
def test_what_is_not_plain_data_is_refused(text, reason):
    with pytest.raises(yaml_text.NotYamlError, match=reason):
        yaml_text.read(text)
