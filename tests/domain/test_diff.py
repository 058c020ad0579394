import time

from hypothesis import given
from hypothesis import strategies as st

from core.domain.agent import AgentSpec, Limits, Parameters, Retry, Variable
from core.domain.diff import Change, SpecDiff, WordChange, spec_diff, text_diff
from core.domain.tool import ToolChoice

texts = st.text(alphabet=st.sampled_from("ab .,\n\r\x85"), max_size=80)


@given(texts, texts)
def test_both_texts_can_be_read_back(before, after):
    words = text_diff(before, after)
    assert "".join(w.text for w in words if w.op != "insert") == before
    assert "".join(w.text for w in words if w.op != "delete") == after
    assert all(w.text for w in words)


@given(texts)
def test_a_text_equals_itself(text):
    assert text_diff(text, text) == ((WordChange("equal", text),) if text else ())


def test_only_the_changed_word_is_marked():
    assert text_diff("Be brief and kind.\nAlways.", "Be brief and exact.\nAlways.") == (
        WordChange("equal", "Be brief and "),
        WordChange("delete", "kind"),
        WordChange("insert", "exact"),
        WordChange("equal", ".\nAlways."),
    )


def test_a_long_text_costs_little():
    before = "\n".join(f"line {n} of the long prompt, with the same words again and again" for n in range(3000))
    after = before.replace("line 1500 of", "line 1500 from")
    started = time.perf_counter()
    words = text_diff(before, after)
    assert time.perf_counter() - started < 2
    assert [w.text for w in words if w.op != "equal"] == ["of", "from"]


def test_equal_specs_do_not_differ():
    spec = AgentSpec(instructions="Hello", tools=(ToolChoice("calculator"),))
    assert spec_diff(spec, spec).count == 0


def test_settings_are_told_in_words():
    before = AgentSpec(
        model="small",
        parameters=Parameters(temperature=0.2, stop=("END",)),
        tools=(ToolChoice("calculator"), ToolChoice("roll_dice", "ask")),
        variables=(Variable("tone", "choice", "calm", ("calm", "lively")),),
    )
    after = AgentSpec(
        parameters=Parameters(temperature=0.7, top_p=0.9),
        tools=(ToolChoice("calculator", fixed={"expression": "1+1"}), ToolChoice("current_time", "deny")),
        limits=Limits(steps=5, tokens=1000),
        retry=Retry(3, 0.5),
        starters=("Hi", "Ho"),
    )
    assert set(spec_diff(before, after).changes) == {
        Change("Model", "small", "the endpoint's default"),
        Change("Temperature", "0.2", "0.7"),
        Change("Stop", "END", "not sent"),
        Change("Top-p", "not sent", "0.9"),
        Change("Tool calculator", "allowed", "allowed, with expression = 1+1"),
        Change("Tool roll_dice", "asks first", "not chosen"),
        Change("Tool current_time", "not chosen", "denied"),
        Change("Variable tone", "choice of calm, lively, default calm", "not defined"),
        Change("Limit: steps", "20", "5"),
        Change("Limit: tokens", "none", "1000"),
        Change("Retries", "none", "3 attempts, 0.5 s apart"),
        Change("Starters", "none", "Hi · Ho"),
    }


def test_places_are_counted_not_words():
    before = AgentSpec(instructions="one two three four", model="a")
    after = AgentSpec(instructions="1 two 3 4 four", model="b")
    assert spec_diff(before, after).count == 3


def test_an_order_that_changes_what_is_sent_is_a_difference():
    before = AgentSpec(tools=(ToolChoice("calculator"), ToolChoice("roll_dice")))
    after = AgentSpec(tools=(ToolChoice("roll_dice"), ToolChoice("calculator")))
    assert spec_diff(before, after).changes == (
        Change("Order of the tools", "calculator, roll_dice", "roll_dice, calculator"),
    )


def test_nothing_is_nowhere():
    assert SpecDiff().count == 0
