"""What a person reads on a screen, from what Streamlit was told to draw."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def shown(test: AppTest) -> str:
    """Every text on the screen, in order."""
    assert not test.exception, [error.value for error in test.exception]
    kinds = (test.title, test.subheader, test.markdown, test.caption, test.text, test.error, test.get("html"))
    return "\n".join(str(_text(element)) for kind in kinds for element in kind)


def _text(element: Any) -> str:
    return getattr(element, "value", None) or getattr(element.proto, "body", "")


def answers(test: AppTest) -> list[dict[str, Any]]:
    """What the answer views were given: their script does not run here."""
    return [json.loads(view.proto.json) for view in test.get("bidi_component") if view.proto.json]


def button(test: AppTest, label: str) -> Any:
    """The first button with this label."""
    found = [one for one in test.button if one.label == label]
    assert found, f"no button {label!r} among {[one.label for one in test.button]}"
    return found[0]


def param(test: AppTest, name: str) -> str:
    """A parameter of the address."""
    value = test.query_params[name]
    return value if isinstance(value, str) else value[0]
