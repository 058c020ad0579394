"""Who serves a model behind the Hugging Face router: who is asked, and who answered."""

from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from core.domain.address import ROUTER_PATHS
from core.domain.endpoint import Endpoint
from core.domain.model_info import FREE, ModelInfo, ModelList, Price
from core.domain.run import RunSpec

CHOOSING = frozenset({"fastest", "cheapest", "preferred"})
"""Words in a provider's place that leave the choice to the router (Hugging Face, Inference Providers)."""


class Pin(NamedTuple):
    """Who is to serve a run's model. `note` says why it can be anybody, where it can."""

    provider: str
    note: str = ""


def is_router(endpoint: Endpoint) -> bool:
    """Whether somebody is chosen at this address. Another path at the router's host names who serves."""
    return endpoint.kind == "huggingface" and urlsplit(endpoint.base_url).path in ROUTER_PATHS


def pinned(endpoint: Endpoint, model: str, wanted: str, told: Callable[[], ModelList]) -> Pin:
    """The provider that a run names: the one that a person wants, else the first choice among those who serve it.

    `told` gives the router's list; it is only asked where nobody says who is wanted.
    """
    if not is_router(endpoint):
        return Pin("")
    named = wanted or model.partition(":")[2]
    if named in CHOOSING:
        return Pin(wanted, f"Anybody may serve this run: the router chooses who is {named}.")
    if named:
        return Pin(wanted)
    listed = told()
    found = listed.named(model)
    if found is not None and found.first_choice is not None:
        return Pin(found.first_choice.name)
    return Pin("", f"Anybody may serve this run, whom the router chooses. {_why(model, listed, found is not None)}")


def _why(model: str, listed: ModelList, is_listed: bool) -> str:
    if is_listed:
        return f"It lists nobody who serves {model} now."
    if listed.models:
        return f"It does not list {model}."
    return f"Its list of models is not there: {listed.problem or 'it did not answer in time.'}"


def asked_provider(spec: RunSpec) -> str:
    """Who was asked to serve a run; empty: nobody in particular."""
    if not is_router(spec.endpoint):
        return ""
    named = spec.provider or spec.model.partition(":")[2]
    return "" if named in CHOOSING else named


def price_of(spec: RunSpec, info: ModelInfo | None) -> Price | None:
    """At most what its model takes; where anybody may serve it, what the dearest takes. None: it is not told."""
    if spec.endpoint.kind in {"demo", "local"}:
        return FREE
    if info is None:
        return None
    asked = asked_provider(spec)
    may_serve = [one for one in info.providers if (one.name == asked if asked else one.is_live)]
    return _dearest([one.price for one in may_serve]) or info.price


def _dearest(prices: Sequence[Price | None]) -> Price | None:
    known = [price for price in prices if price is not None]
    if not known or len(known) < len(prices):
        return None
    return Price(max(price.input_usd for price in known), max(price.output_usd for price in known))


def served_elsewhere(spec: RunSpec, answered: str) -> str:
    """What a person must be told when somebody else answered than was asked; empty: nobody else did."""
    asked = asked_provider(spec)
    if not asked or not answered or _same(asked) == _same(answered):
        return ""
    return f"{asked} was asked, and {answered} answered."


def _same(name: str) -> str:
    """Names are written with hyphens by the router and with underscores by others."""
    return name.strip().casefold().replace("_", "-").replace(" ", "-")
