"""The Hugging Face tool under edit, a task or a Space: what its widgets change in the draft."""

from typing import Any

import msgspec

from core.services.hub_desk import HubTool
from core.services.hub_tools import HubTask
from pages.components import drafting

Form = drafting.Form[HubTool]
TaskForm = drafting.Form[HubTask]
Change = drafting.Change[HubTool]
TASK, SPACE = "hub", "space"

WAYS = {"model": "The model", "fixed": "Fixed", "none": "Not sent"}
"""Who sets an argument."""


def way_of(draft: HubTool, name: str, *, is_needed: bool) -> str:
    if name in draft.fixed:
        return "fixed"
    return "model" if is_needed or name in draft.offered else "none"


def put_way(name: str, empty: Any) -> Change:
    """The change that lets somebody else set an argument; a fixed one begins with `empty`."""

    def change(draft: HubTool, way: str) -> HubTool:
        fixed = {key: value for key, value in draft.fixed.items() if key != name}
        offered = tuple(one for one in draft.offered if one != name)
        if way == "fixed":
            fixed[name] = draft.fixed.get(name, empty)
        elif way == "model":
            offered = (*offered, name)
        return msgspec.structs.replace(draft, fixed=fixed, offered=offered)

    return change


def put_fixed(name: str) -> Change:
    return lambda draft, value: msgspec.structs.replace(draft, fixed={**draft.fixed, name: value})


def put_provider(draft: HubTask, provider: str | None) -> HubTask:
    """Another provider has another name for the model."""
    return msgspec.structs.replace(draft, provider=provider or draft.provider, provider_model="")


def put_own(draft: HubTask, address: str | None) -> HubTask:
    """A server of one's own gets no Hugging Face token unless a person says so."""
    return msgspec.structs.replace(draft, address=(address or "").strip(), secret="" if address else draft.secret)
