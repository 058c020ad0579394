import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.agent import Variable
from core.domain.template import Span, check_value, render, undefined_in, variables_in


def test_values_take_the_place_of_their_names():
    rendered = render("Dear {{name}}, it is {{ day }}.", (), {"name": "Ada", "day": "Monday"})
    assert rendered.text == "Dear Ada, it is Monday."
    assert rendered.is_complete


def test_names_are_listed_once_in_order():
    assert variables_in("{{b}} {{a}} {{b}} {{ c }}") == ("b", "a", "c")


@pytest.mark.parametrize(
    "text",
    ["{name}", '{"a": {"b": 1}}', "{{}}", "{{1st}}", "{{a b}}", "{{a-b}}", "{ {a} }", "{{a}", r"\{a}", "{%x%}", r"\{{"],
)
def test_other_braces_are_left_alone(text):
    assert variables_in(text) == ()
    assert render(text, (), {"a": "x", "name": "x"}).text == text


def test_triple_braces_keep_the_outer_ones():
    assert render("{{{a}}}", (), {"a": "x"}).text == "{x}"


def test_escapes():
    values = {"a": "value"}
    assert render(r"\{{a}}", (), values).text == "{{a}}"
    assert render(r"\\{{a}}", (), values).text == r"\value"
    assert variables_in(r"\{{a}}") == ()
    assert variables_in(r"\\{{a}}") == ("a",)


def test_a_value_is_not_rendered_again():
    assert render("{{a}}", (), {"a": "{{b}}", "b": "no"}).text == "{{b}}"


def test_defaults_stand_in_for_what_is_not_given():
    variables = (Variable("tone", default="calm"), Variable("n", "number", default="3"))
    assert render("{{tone}} {{n}}", variables, {"n": ""}).text == "calm 3"


def test_an_empty_text_was_said_and_an_absent_one_was_not():
    assert render("[{{a}}]", (Variable("a"),), {"a": ""}).text == "[]"
    absent = render("[{{a}}]", (Variable("a"),), {})
    assert (absent.text, absent.missing) == ("[{{a}}]", ("a",))


def test_what_nobody_defined_is_missing_and_keeps_its_place():
    rendered = render("Hi {{who}} and {{whom}}", (), {"whom": "Bo"})
    assert rendered.text == "Hi {{who}} and Bo"
    assert rendered.missing == ("who",)
    assert rendered.spans[1] == Span(3, 10, "missing", "who")
    assert undefined_in("Hi {{who}} and {{whom}}", (Variable("whom"),)) == ("who",)


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        (Variable("v", "number"), " 1e3 ", "1e3"),
        (Variable("v", "number"), "-0.25", "-0.25"),
        (Variable("v", "choice", choices=("a", "b")), "b", "b"),
        (Variable("v", "yes_no"), "True", "yes"),
        (Variable("v", "yes_no"), "0", "no"),
        (Variable("v", "date"), "2026-02-28", "2026-02-28"),
    ],
)
def test_a_value_that_fits_its_type(variable, value, text):
    assert check_value(variable, value) == text


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        (Variable("v", "number"), "many", "'many' is not a number"),
        (Variable("v", "number"), "NaN", "'NaN' is not a number"),
        (Variable("v", "choice", choices=("a", "b")), "c", "not one of a, b"),
        (Variable("v", "yes_no"), "maybe", "neither yes nor no"),
        (Variable("v", "date"), "2026-02-30", "is not a date"),
    ],
)
def test_a_value_that_does_not_fit_is_reported_and_not_sent(variable, value, words):
    rendered = render("{{v}}", (variable,), {"v": value})
    assert rendered.text == "{{v}}"
    assert not rendered.is_complete
    assert words in rendered.bad[0].message


@given(st.text(alphabet=st.sampled_from("ab{}\\ \n1é"), max_size=60), st.text(max_size=8))
def test_spans_cover_the_text_without_a_gap(text, value):
    rendered = render(text, (), {"a": value})
    place = 0
    for span in rendered.spans:
        assert span.start == place < span.end
        place = span.end
    assert place == len(rendered.text)


@given(st.text())
def test_a_text_without_variables_is_untouched(text):
    if not variables_in(text) and "{{" not in text:
        assert render(text, (), {}).text == text


@given(st.text(), st.text(), st.text())
def test_what_stands_around_a_value_is_kept(before, value, after):
    before, after = before.replace("{", "").rstrip("\\"), after.replace("{", "")
    rendered = render(before + "{{name}}" + after, (), {"name": value})
    assert rendered.text == before + value + after
