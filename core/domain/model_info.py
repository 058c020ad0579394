"""What an endpoint tells about the models it serves. Nothing is assumed: what it does not tell is None."""

import msgspec


class Price(msgspec.Struct, frozen=True):
    """US dollars for a million tokens."""

    input_usd: float
    output_usd: float


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
