"""What an endpoint tells of a model, in words. What it does not tell is left out."""

from collections.abc import Iterable

from core.domain.model_info import ModelInfo, Price, Provider
from pages.components.text import grouped

_ABILITIES = (
    ("supports_tools", "calls tools", "cannot call tools"),
    ("supports_images", "sees images", ""),
    ("supports_schemas", "keeps to a schema", ""),
)


def model_facts(model: ModelInfo) -> list[str]:
    """Context, price and abilities, each as a few words."""
    told = [(getattr(model, field), yes, no) for field, yes, no in _ABILITIES]
    return [
        context(model.context_tokens),
        price(model.shown_price),
        *(yes if able else no for able, yes, no in told if able is not None),
    ]


def model_label(model: ModelInfo) -> str:
    """The line of a model in a list to choose from."""
    tools = {True: "tools", False: "no tools", None: ""}[model.supports_tools]
    facts = (tokens(model.context_tokens), dollars(model.shown_price), tools)
    return " · ".join([model.name, *(fact for fact in facts if fact)])


def provider_label(provider: Provider) -> str:
    tools = {True: "tools", False: "no tools", None: ""}[provider.supports_tools]
    away = "" if provider.is_live else "not live now"
    facts = (tokens(provider.context_tokens), dollars(provider.price), tools, away)
    return " · ".join([provider.name, *(fact for fact in facts if fact)])


def with_typed(current: str, listed: Iterable[str]) -> list[str]:
    """What can be chosen: what is listed, and a name that was typed and is not."""
    names = list(listed)
    return names if not current or current in names else [current, *names]


def context(count: int | None) -> str:
    return f"{grouped(count)} tokens of context" if count else ""


def price(of: Price | None) -> str:
    return f"{_usd(of.input_usd)} in, {_usd(of.output_usd)} out for a million tokens" if of else ""


def _usd(amount: float) -> str:
    """$0.20, $12.50, $0.004: below a cent the digits that count."""
    return f"${amount:,.2f}" if amount >= 0.01 or amount == 0 else f"${amount:.2g}"


def tokens(count: int | None) -> str:
    """131072 → 131k."""
    if not count:
        return ""
    return f"{count / 1e6:.3g}M" if count >= 1_000_000 else f"{count // 1_000}k" if count >= 1_000 else str(count)


def dollars(of: Price | None) -> str:
    return f"{_usd(of.input_usd)} / {_usd(of.output_usd)}" if of else ""
