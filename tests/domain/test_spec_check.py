import pytest

from core.domain.agent import AgentSpec, Limits, Parameters, Retry, Variable
from core.domain.spec_check import problems
from core.domain.tool import ToolChoice


def test_nothing_is_wrong_with_a_plain_spec():
    variables = (Variable("tone", "choice", "calm", ("calm", "loud")), Variable("day", "date"))
    assert problems(AgentSpec(instructions="{{tone}} {{day}}", variables=variables)) == ()
    assert problems(AgentSpec()) == ()


@pytest.mark.parametrize(
    ("spec", "field", "words"),
    [
        (AgentSpec(instructions="Hi {{who}}"), "instructions", "{{who}}, which is not defined"),
        (AgentSpec(variables=(Variable("a"), Variable("a"))), "variables", "a is defined twice"),
        (AgentSpec(variables=(Variable("a-b"),)), "variables", "'a-b' is not a variable's name"),
        (AgentSpec(variables=(Variable("a", "choice"),)), "variables", "a has nothing to choose from"),
        (AgentSpec(variables=(Variable("a", "number", "x"),)), "variables", "The default of a: 'x' is not a number"),
        (AgentSpec(tools=(ToolChoice("x"), ToolChoice("x"))), "tools", "x is chosen twice"),
        (AgentSpec(tools=(ToolChoice("a b"),)), "tools", "'a b' is not a name"),
        (AgentSpec(parameters=Parameters(temperature=3)), "parameters", "The temperature lies between 0 and 2"),
        (AgentSpec(parameters=Parameters(temperature=float("nan"))), "parameters", "The temperature"),
        (AgentSpec(parameters=Parameters(top_p=-0.1)), "parameters", "Top-p"),
        (AgentSpec(parameters=Parameters(max_tokens=0)), "parameters", "at least 1 token"),
        (AgentSpec(parameters=Parameters(response_schema={"type": "x"})), "parameters", "The schema of the answer is"),
        (AgentSpec(parameters=Parameters(tool_choice="gone")), "parameters", "The tool gone, which every step"),
        (AgentSpec(limits=Limits(steps=0)), "limits", "The limit of steps"),
        (AgentSpec(limits=Limits(parallel=0)), "limits", "parallel"),
        (AgentSpec(limits=Limits(seconds=0)), "limits", "seconds"),
        (AgentSpec(limits=Limits(tokens=0)), "limits", "tokens"),
        (AgentSpec(limits=Limits(cost_usd=0)), "limits", "cost"),
        (AgentSpec(retry=Retry(0)), "retry", "attempts"),
        (AgentSpec(retry=Retry(2, -1)), "retry", "wait"),
    ],
)
def test_every_problem_is_a_sentence_about_a_field(spec, field, words):
    (problem,) = problems(spec)
    assert problem.field == field
    assert words in problem.message
