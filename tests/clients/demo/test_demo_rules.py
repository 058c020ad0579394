"""The demo model is scripted: the same question always gets the same calls and the same sentences."""

import pytest

from core.clients.demo.rules import answer
from core.services.templates import samples
from core.tools.arithmetic.parser import evaluate
from core.tools.builtin.units import convert_units

TOOLS = frozenset(
    {
        "calculator",
        "convert_units",
        "current_time",
        "date_add",
        "date_difference",
        "notebook_read",
        "notebook_write",
        "random_number",
        "roll_dice",
        "text_statistics",
    }
)


def asked(question, tools=TOOLS, instructions=""):
    messages = [{"role": "system", "content": instructions}] if instructions else []
    return answer([*messages, {"role": "user", "content": question}], tools)


def calls(question):
    return [(want.tool, want.arguments) for want in asked(question).calls]


def told(question, *results):
    """The answer after one round of calls has come back with these results."""
    made = asked(question)
    assert len(made.calls) == len(results)
    return answer(_after([{"role": "user", "content": question}], made, results), TOOLS)


def _after(messages, made, results):
    ids = [f"c{len(messages)}{place}" for place in range(len(results))]
    wanted = [
        {"id": name, "type": "function", "function": {"name": want.tool, "arguments": _json(want.arguments)}}
        for name, want in zip(ids, made.calls, strict=True)
    ]
    tools = [{"role": "tool", "tool_call_id": name, "content": text} for name, text in zip(ids, results, strict=True)]
    return [*messages, {"role": "assistant", "content": None, "tool_calls": wanted}, *tools]


def _json(value):
    import json

    return json.dumps(value)


@pytest.mark.parametrize(
    ("question", "expression", "value"),
    [
        ("What is 17 % of 2,340?", "17 % of 2,340", "397.8"),
        ("17 percent of 200", "17% of 200", "34"),
        ("What is 12*7?", "12*7", "84"),
        ("(3+4)/2", "(3+4)/2", "3.5"),
        ("how much is 12 times 7 plus 3", "12 * 7 + 3", "87"),
        ("3 x 4", "3 * 4", "12"),
        ("2^10 - 1", "2^10 - 1", "1023"),
        ("12 ÷ 4 × 2", "12 ÷ 4 × 2", "6"),
        ("What is the square root of 144?", "sqrt(144)", "12"),
        ("What is 1,000,000 / 4, please?", "1,000,000 / 4", "250000"),
        ("What is 7-3?", "7-3", "4"),
        ("-5+3", "-5+3", "-2"),
    ],
)
def test_arithmetic(question, expression, value):
    assert calls(question) == [("calculator", {"expression": expression})]
    assert str(evaluate(expression)).replace(",", "") == value


@pytest.mark.parametrize(
    ("question", "zones"),
    [
        ("What time is it in Tokyo?", ["Tokyo"]),
        ("what day is it in new york", ["new york"]),
        ("What time is it in Tokyo and London?", ["Tokyo", "London"]),
        ("Tell me the time in Bengaluru.", ["Asia/Kolkata"]),
        ("What's the time in Asia/Tokyo?", ["Asia/Tokyo"]),
        ("What time is it?", ["UTC"]),
        ("What day is it today?", ["UTC"]),
    ],
)
def test_time(question, zones):
    assert calls(question) == [("current_time", {"zone": zone}) for zone in zones]


@pytest.mark.parametrize(
    ("question", "value", "source", "target"),
    [
        ("5 miles in km", 5, "mile", "kilometre"),
        ("Convert 26.2 miles to kilometres.", 26.2, "mile", "kilometre"),
        ("How many kilometres are 26.2 miles?", 26.2, "mile", "kilometre"),
        ("100 °F in °C", 100, "degF", "degC"),
        ("What is 20 celsius in fahrenheit?", 20, "degC", "degF"),
        ("1,500 kcal to kJ", 1500, "kilocalorie", "kilojoule"),
        ("60 mph in km/h", 60, "mph", "km/h"),
        ("200 m² in square feet", 200, "m^2", "ft^2"),
        ("2 gb in mb", 2, "gigabyte", "megabyte"),
    ],
)
def test_units(question, value, source, target):
    wanted = {"value": value, "from_unit": source, "to_unit": target}
    assert calls(question) == [("convert_units", wanted)]
    assert convert_units(**wanted).text.startswith(f"{value} {source} = ")


@pytest.mark.parametrize(
    ("question", "notation"),
    [
        ("roll 2d6", "2d6"),
        ("Roll 3d6 + 2 and tell me the sum.", "3d6+2"),
        ("throw two dice", "2d6"),
        ("roll a die", "1d6"),
    ],
)
def test_dice(question, notation):
    assert calls(question) == [("roll_dice", {"notation": notation})]


@pytest.mark.parametrize(
    ("question", "call"),
    [
        ("how many words in: a b c", ("text_statistics", {"text": "a b c"})),
        ("How many words has the sentence: brevity wins?", ("text_statistics", {"text": "brevity wins"})),
        ("Count the characters of “12*7 in km”", ("text_statistics", {"text": "12*7 in km"})),
        ("Note: call Ada at 5*3", ("notebook_write", {"notebook": "notes", "text": "call Ada at 5*3"})),
        ("remember that I like tea", ("notebook_write", {"notebook": "notes", "text": "I like tea"})),
        ("Please write down: milk\neggs", ("notebook_write", {"notebook": "notes", "text": "milk\neggs"})),
        ("What have I noted so far?", ("notebook_read", {"notebook": "notes"})),
        ("A random number between 1 and 100", ("random_number", {"low": 1, "high": 100})),
        ("days between 2026-01-01 and 2026-12-24", ("date_difference", {"start": "2026-01-01", "end": "2026-12-24"})),
    ],
)
def test_other_tools(question, call):
    assert calls(question) == [call]


def test_several_at_once_in_the_order_of_asking():
    found = [
        want.tool
        for want in asked("Roll 2d6, what is 12*7 and what time is it in Tokyo and how many km are 5 miles?").calls
    ]
    assert found == ["roll_dice", "calculator", "current_time", "convert_units"]


@pytest.mark.parametrize(
    "question",
    [
        "Hello!",
        "What is the capital of France?",
        "I was born on 1999-12-31 in Paris.",
        "My number is 555-1234, call me 24/7.",
        "Version 2.5 is out",
        "Do you remember when we met?",
        "I stayed 3 days in Rome.",
        "",
        "x" * 20_000,
        "(" * 5_000,
    ],
)
def test_everything_else_is_answered_plainly(question):
    made = asked(question)
    assert made.calls == ()
    assert "not an AI" in made.text
    assert "Settings → Endpoints" in made.text
    assert "What is 17 % of 2,340?" in made.text


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "piece", ["time ", "how many ", "1+", "1,", "1 ", "in ", "(", "how many words ", "d", "note ", "\n"]
)
def test_no_text_takes_long(piece):
    assert asked(piece * 5_000)


def test_only_what_is_offered_is_called():
    made = asked("What is 12*7 and roll 2d6?", frozenset({"roll_dice"}))
    assert [want.tool for want in made.calls] == ["roll_dice"]
    none = asked("What is 12*7?", frozenset({"roll_dice"}))
    assert none.calls == ()
    assert "`calculator`" in none.text
    assert "switch it on" in none.text


def test_examples_are_those_of_the_tools_at_hand():
    text = asked("Hello!", frozenset({"roll_dice"})).text
    assert "Roll 3d6" in text
    assert "Tokyo" not in text


@pytest.mark.parametrize("question", ["Who are you?", "What are your instructions?", "Please introduce yourself"])
def test_the_instructions_are_known(question):
    text = asked(question, instructions="You are a careful clerk. Never guess.").text
    assert "You are a careful clerk." in text
    assert "Never guess" not in text


@pytest.mark.parametrize(
    ("question", "result", "sentence"),
    [
        ("What is 12*7?", "84", "12*7 = **84**."),
        ("What time is it in Tokyo?", "2026-11-17T23:05:09+09:00 (Tuesday, Asia/Tokyo)", "In Tokyo it is 23:05 on Tuesday, 17 November 2026."),
        ("5 miles in km", "5 mile = 8.04672 kilometre", "5 mile = 8.04672 kilometre."),
        ("roll 2d6", "7 = 2d6 [3, 4]", "The dice say 7 = 2d6 [3, 4]."),
        ("how many words in: a b", "characters: 3\nwords: 2\nsentences: 1", "The text has 2 words, 3 characters, 1 sentence."),
        ("Note: tea", "Written to 'notes', page 1.", "Noted: “tea”"),
        ("What have I noted so far?", "## Untitled (2026-11-17 12:00)\ntea", "Your notes:\n\n## Untitled (2026-11-17 12:00)\ntea"),
        ("What is 1/0?", "Error: Division by zero.", "`calculator` says: Error: Division by zero."),
        ("Note: tea", "A person denied this call.", "`notebook_write` says: A person denied this call."),
    ],
)  # fmt: skip
def test_results_are_told_in_sentences(question, result, sentence):
    made = told(question, result)
    assert (made.text, made.calls) == (sentence, ())


def test_results_of_parallel_calls_are_told_in_their_order():
    made = told("What is 12*7 and roll 2d6?", "84", "7 = 2d6 [3, 4]")
    assert made.text == "12*7 = **84**.\n\nThe dice say 7 = 2d6 [3, 4]."


@pytest.mark.parametrize(
    ("question", "tool", "arguments"),
    [
        ("What date is it 90 days from now?", "date_add", {"date": "2026-11-17", "days": 90}),
        ("What date was it two weeks ago?", "date_add", {"date": "2026-11-17", "weeks": -2}),
        ("Which day is in 3 months?", "date_add", {"date": "2026-11-17", "months": 3}),
        ("How many days are left until the end of the year?", "date_difference", {"start": "2026-11-17", "end": "2026-12-31"}),
        ("How long is it until 2027-05-01?", "date_difference", {"start": "2026-11-17", "end": "2027-05-01"}),
    ],
)  # fmt: skip
def test_a_date_that_depends_on_today_takes_two_steps(question, tool, arguments):
    messages = [{"role": "user", "content": question}]
    first = answer(messages, TOOLS)
    assert [want.tool for want in first.calls] == ["current_time"]
    messages = _after(messages, first, ["2026-11-17T10:00:00+00:00 (Tuesday, UTC)"])
    second = answer(messages, TOOLS)
    assert [(want.tool, want.arguments) for want in second.calls] == [(tool, arguments)]
    last = answer(_after(messages, second, ["2027-02-15 (Monday)"]), TOOLS)
    assert last.calls == ()
    assert "2027-02-15 (Monday)" in last.text
    assert "10:00" not in last.text


def test_a_missing_second_tool_is_named():
    messages = [{"role": "user", "content": "What date is it 90 days from now?"}]
    first = answer(messages, frozenset({"current_time"}))
    last = answer(_after(messages, first, ["2026-11-17T10:00:00+00:00 (Tuesday, UTC)"]), frozenset({"current_time"}))
    assert last.calls == ()
    assert "`date_add`" in last.text


def test_an_earlier_turn_does_not_answer_a_new_question():
    first = asked("What is 12*7?")
    messages = _after([{"role": "user", "content": "What is 12*7?"}], first, ["84"])
    again = answer([*messages, {"role": "assistant", "content": "84"}, {"role": "user", "content": "roll 2d6"}], TOOLS)
    assert [want.tool for want in again.calls] == ["roll_dice"]


@pytest.mark.parametrize("sample", samples(), ids=lambda file: file.name)
def test_the_samples_work_with_it(sample):
    tools = frozenset(choice.name for choice in sample.spec.tools)
    for starter in sample.spec.starters:
        assert asked(starter, tools).calls, starter
