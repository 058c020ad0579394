"""What an endpoint tells about the models it serves. Nothing is assumed: what it does not tell is None."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec


class Price(msgspec.Struct, frozen=True):
    """US dollars for a million tokens."""

    input_usd: float
    output_usd: float


FREE: Final = Price(0.0, 0.0)


class Provider(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who serves a model behind a router."""

    name: str
    is_live: bool = True
    context_tokens: int | None = None
    price: Price | None = None
    supports_tools: bool | None = None
    supports_schemas: bool | None = None


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model of an endpoint."""

    name: str
    context_tokens: int | None = None
    price: Price | None = None
    supports_tools: bool | None = None
    supports_images: bool | None = None
    supports_schemas: bool | None = None
    providers: tuple[Provider, ...] = ()
    """Where the endpoint is a router: who serves the model, in the router's order."""

    @property
    def first_choice(self) -> Provider | None:
        """The provider to pin: the first live one that supports tools, else the first live one."""
        live = [provider for provider in self.providers if provider.is_live]
        return next((provider for provider in live if provider.supports_tools), live[0] if live else None)

    @property
    def shown_price(self) -> Price | None:
        """What it costs, or what its first choice among the providers takes."""
        return self.price or (self.first_choice.price if self.first_choice else None)


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    """The models of an endpoint as it told them at an instant."""

    models: tuple[ModelInfo, ...] = ()
    problem: str = ""
    """Why there are none, or why those of `at` could not be asked for again; a sentence."""
    at: datetime | None = None
    """None: nothing was told yet."""
    is_asked: bool = False
    """It is being asked right now: look again in a moment."""

    def named(self, name: str) -> ModelInfo | None:
        return named(self.models, name)


def named(models: Iterable[ModelInfo], name: str) -> ModelInfo | None:
    return next((model for model in models if model.name == name), None)


def found_in(models: Iterable[ModelInfo], search: str, *, tools_only: bool = False) -> tuple[ModelInfo, ...]:
    """The models whose name has every word of a search in it, in the endpoint's order."""
    words = search.lower().split()
    return tuple(
        model
        for model in models
        if all(word in model.name.lower() for word in words) and (model.supports_tools or not tools_only)
    )
