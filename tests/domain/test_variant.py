from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.agent import AgentSpec, Limits, Parameters, Variable
from core.domain.tool import ToolChoice
from core.domain.variant import (
    AdHocSpec,
    DraftSpec,
    Overrides,
    ParameterChanges,
    SavedSpec,
    Variant,
    changes_between,
    settings_difference,
    variant_spec,
)

AGENT = UUID("01890000-0000-7000-8000-000000000001")
SOURCE = AgentSpec(
    instructions="Be brief.\n\nBe kind.",
    endpoint="local",
    model="small",
    parameters=Parameters(temperature=0.2, seed=7),
    tools=(ToolChoice("calculator"),),
    starters=("Hello",),
)

specs = st.builds(
    AgentSpec,
    instructions=st.sampled_from(["", "Be brief.", "Be kind.\n\nAlways."]),
    endpoint=st.sampled_from(["", "local", "router"]),
    model=st.sampled_from(["", "small", "large"]),
    provider=st.sampled_from(["", "fast"]),
    parameters=st.builds(
        Parameters,
        temperature=st.none() | st.floats(0, 2),
        max_tokens=st.none() | st.integers(1, 9),
        stop=st.sampled_from([(), ("END",)]),
    ),
    tools=st.sampled_from([(), (ToolChoice("calculator"),), (ToolChoice("calculator", "ask"),)]),
    variables=st.sampled_from([(), (Variable("tone"),)]),
    limits=st.builds(Limits, steps=st.integers(1, 9)),
)


def test_a_variant_without_changes_is_its_source():
    assert variant_spec(SOURCE, Overrides()) == SOURCE


@given(specs, specs)
def test_the_changes_between_two_specs_lead_from_one_to_the_other(source, wanted):
    assert variant_spec(source, changes_between(source, wanted)) == wanted


def test_only_what_is_changed_is_kept_of_a_change():
    wanted = msgspec.structs.replace(SOURCE, parameters=Parameters(temperature=0.9, seed=7))
    assert changes_between(SOURCE, wanted) == Overrides(parameters=ParameterChanges(temperature=0.9))


def test_a_parameter_can_be_changed_to_not_sent():
    changed = variant_spec(SOURCE, Overrides(parameters=ParameterChanges(temperature=None)))
    assert changed.parameters == Parameters(seed=7)


def test_another_endpoint_has_a_model_of_its_own():
    assert variant_spec(SOURCE, Overrides(endpoint="router")).model == ""
    assert variant_spec(SOURCE, Overrides(endpoint="router", model="large")).model == "large"
    assert variant_spec(SOURCE, Overrides(endpoint="local")).model == "small"


def test_every_parameter_can_be_changed():
    assert ParameterChanges.__struct_fields__ == Parameters.__struct_fields__


@pytest.mark.parametrize("source", [SavedSpec(agent_id=AGENT, revision=3), DraftSpec(agent_id=AGENT), AdHocSpec()])
def test_a_variant_survives_being_written_down(source):
    changes = Overrides(model="large", parameters=ParameterChanges(temperature=None, stop=("END",)))
    variant = Variant(source=source, changes=changes, name="The large one")
    assert msgspec.json.decode(msgspec.json.encode(variant), type=Variant) == variant


def other(**changes):
    return msgspec.structs.replace(SOURCE, **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "The settings are the same."),
        ({"starters": ("Something else",)}, "The settings are the same."),
        ({"model": "large"}, "Only the model differs."),
        ({"instructions": "Be brief.\n\nBe exact."}, "Only one paragraph of the prompt differs."),
        ({"instructions": "Sing."}, "Only the prompt differs."),
        (
            {"parameters": Parameters(temperature=0.9, seed=7), "instructions": "Be brief.\n\nBe exact."},
            "Only temperature and one paragraph of the prompt differ.",
        ),
        ({"tools": ()}, "Only the tool calculator differs."),
        ({"limits": Limits(steps=3)}, "Only the limit of steps differs."),
        (
            {"endpoint": "", "model": "", "provider": "x", "parameters": Parameters()},
            "The endpoint, the model, the provider and 2 other settings differ.",
        ),
    ],
)
def test_a_difference_is_said_in_words(changes, words):
    assert settings_difference([SOURCE, other(**changes)]).words == words


def test_several_specs_are_laid_side_by_side():
    hot, cold = (other(parameters=Parameters(temperature=value, seed=7)) for value in (0.9, 0.0))
    difference = settings_difference([SOURCE, hot, cold])
    assert [(row.what, row.values) for row in difference.rows] == [("Temperature", ("0.2", "0.9", "0"))]


def test_nothing_to_compare_differs_in_nothing():
    assert settings_difference([]).words == settings_difference([SOURCE]).words == "The settings are the same."
