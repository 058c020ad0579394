from typing import Annotated, Any, Literal

import msgspec
import pytest

from core.domain.schema_check import schema_fault
from core.tools.builtin.catalogue import catalogue
from core.tools.schema import signature_of


def order(
    context: object,
    dish: Annotated[str, "What to cook."],
    count: Annotated[int, msgspec.Meta(ge=1), "How many."] = 1,
    spice: Literal["mild", "hot"] = "mild",
    notes: list[str] | None = None,
    extra: Annotated[dict[str, Any], "More."] = msgspec.UNSET,
) -> None:
    """Order a dish.

    It is brought later.
    """


def test_a_signature_becomes_a_schema():
    signature = signature_of(order, hidden=frozenset({"context", "extra"}))
    assert signature.name == "order"
    assert signature.description == "Order a dish.\n\nIt is brought later."
    assert signature.parameters == {
        "type": "object",
        "properties": {
            "dish": {"type": "string", "description": "What to cook."},
            "count": {"type": "integer", "minimum": 1, "description": "How many.", "default": 1},
            "spice": {"enum": ["hot", "mild"], "default": "mild"},
            "notes": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}], "default": None},
        },
        "required": ["dish"],
        "additionalProperties": False,
    }


def test_binding_fills_defaults_and_types():
    signature = signature_of(order, hidden=frozenset({"context", "extra"}))
    bound = signature.bind({"dish": "soup", "count": 2.0})
    assert bound == {"dish": "soup", "count": 2, "spice": "mild", "notes": None}
    assert isinstance(bound["count"], int)


@pytest.mark.parametrize("name", catalogue())
def test_every_built_in_tool_is_told_to_the_model_in_full(name):
    spec = catalogue()[name].spec()
    assert schema_fault(spec.parameters) == ""
    assert spec.parameters["additionalProperties"] is False
    assert spec.description
    assert len(spec.description) < 1000
    assert all("description" in part or "default" in part for part in spec.parameters["properties"].values())
    assert "context" not in spec.parameters["properties"]


def test_the_names_and_parameters_are_the_agreed_ones():
    agreed = {
        "calculator": ["expression"],
        "current_time": ["zone"],
        "date_add": ["date", "years", "months", "weeks", "days"],
        "date_difference": ["start", "end"],
        "convert_units": ["value", "from_unit", "to_unit"],
        "random_number": ["low", "high", "count"],
        "roll_dice": ["notation"],
        "text_statistics": ["text"],
        "query_json": ["data", "expression"],
        "query_table": ["table", "sql"],
        "read_web_page": ["url"],
        "run_python": ["code"],
        "notebook_write": ["notebook", "text", "title"],
        "notebook_read": ["notebook", "search"],
    }
    assert {name: list(tool.signature.parameters["properties"]) for name, tool in catalogue().items()} == agreed


def test_only_the_notebook_writes():
    writing = {name: tool.repeat for name, tool in catalogue().items() if tool.effect == "write"}
    assert writing == {"notebook_write": "key"}
    assert {tool.repeat for tool in catalogue().values() if tool.effect == "read"} == {"safe"}
