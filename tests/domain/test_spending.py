import pytest

from core.domain.agent import Limits, Parameters, Retry
from core.domain.message import Usage
from core.domain.model_info import FREE, Price
from core.domain.run import RunSpec
from core.domain.spending import bound_usd, used_usd
from core.domain.tool import ToolSpec

PRICE = Price(input_usd=2.0, output_usd=10.0)
SHORT = Parameters(max_tokens=100)
TOOL = ToolSpec(name="t", description="", parameters={})
AGENT = ToolSpec(name="a", description="", parameters={}, kind="agent")


@pytest.mark.parametrize(
    ("spec", "context_tokens", "dollars"),
    [
        (RunSpec(parameters=SHORT), None, 1_000 * 2e-6 + 100 * 10e-6),
        (RunSpec(parameters=SHORT), 500, 500 * 2e-6 + 100 * 10e-6),
        (RunSpec(), None, None),
        (RunSpec(), 4_000, 1_000 * 2e-6 + 4_000 * 10e-6),
        (RunSpec(parameters=SHORT, retry=Retry(attempts=3)), None, 3 * (1_000 * 2e-6 + 100 * 10e-6)),
        (RunSpec(parameters=SHORT, tools=(TOOL,)), None, None),
        (RunSpec(parameters=SHORT, tools=(TOOL,), limits=Limits(steps=3)), 4_000, 0.003 + 2 * 0.009),
        (RunSpec(parameters=SHORT, tools=(TOOL,), limits=Limits(steps=99, cost_usd=0.01)), 4_000, 0.01 + 0.009),
        (RunSpec(parameters=SHORT, tools=(AGENT,)), 4_000, None),
    ],
)
def test_at_most_what_a_run_costs(spec, context_tokens, dollars):
    found = bound_usd(spec, PRICE, context_tokens, 1_000)

    assert found == (dollars if dollars is None else pytest.approx(dollars))


def test_what_nobody_bills_costs_nothing_and_what_nobody_tells_is_not_known():
    assert bound_usd(RunSpec(), FREE, None, 1_000) == 0
    assert bound_usd(RunSpec(parameters=SHORT), None, 4_000, 1_000) is None


def test_what_a_run_cost():
    used = Usage(prompt_tokens=1_000, completion_tokens=100, total_tokens=1_100)

    assert used_usd(Usage(cost_usd=0.5), PRICE, 9.0) == 0.5
    assert used_usd(used, PRICE, 9.0) == pytest.approx(0.003)
    assert used_usd(used, None, 9.0) == 9.0
    assert used_usd(None, PRICE, 9.0) == 9.0
