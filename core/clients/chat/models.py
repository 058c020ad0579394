"""The list of models of an endpoint, in whatever form a server tells it.

Seen: the Hugging Face router, OpenRouter, Together, Groq, Mistral, DeepInfra, vLLM, SGLang, llama.cpp, LM Studio,
Ollama. A field that is missing or of another kind than expected is not known; it never costs the model its place.
"""

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from core.clients.chat import words
from core.domain.canonical import Json
from core.domain.model_info import ModelInfo, Price, Provider

Object = dict[str, Json]

_CONTEXT: Final = (
    "context_length",
    "max_model_len",
    "context_window",
    "max_context_length",
    "n_ctx",
    "max_input_tokens",
    "n_ctx_train",
)
_NAME_CHARS: Final = 300
_IMAGE: Final = frozenset({"image", "images", "vision", "multimodal"})
_TOOLS: Final = frozenset({"tools", "tool_use", "tool-use", "tool_call", "tool-calling", "function_calling"})
_SCHEMAS: Final = frozenset({"structured_outputs", "structured_output", "json_schema"})


def items_in(listed: Json) -> list[Json] | None:
    """The list in an answer: `data` of the protocol, `models` of some servers, or the document itself."""
    match listed:
        case list(items) | {"data": list(items)} | {"models": list(items)}:
            return items
        case _:
            return None


def models_in(items: Iterable[Json]) -> tuple[ModelInfo, ...]:
    """The models, in the server's order, each once."""
    models: dict[str, ModelInfo] = {}
    for model in _models(items):
        models.setdefault(model.name, model)
    return tuple(models.values())


def _models(items: Iterable[Json]) -> Iterator[ModelInfo]:
    for item in items:
        match item:
            case str(name) if _can_be_asked(name):
                yield ModelInfo(name=name)
            case {"id": str(name)} | {"name": str(name)} | {"model": str(name)} if _can_be_asked(name):
                yield _model(name, item)


def _can_be_asked(name: str) -> bool:
    """Whether a name can be shown and sent exactly as the server wrote it. One that was mended would be another's."""
    return bool(name) and name == words.bounded(name, _NAME_CHARS) and name.isprintable()


def _model(name: str, item: Object) -> ModelInfo:
    providers = tuple(_providers(item.get("providers")))
    abilities = _abilities(item)
    return ModelInfo(
        name=name,
        context_tokens=_context(item) or max((one.context_tokens or 0 for one in providers), default=0) or None,
        price=_price(_object(item.get("pricing")) or _object(_object(item.get("metadata")).get("pricing"))),
        supports_tools=_either(
            _ability(item, abilities, ("supports_tools", "supports_function_calling", "function_calling"), _TOOLS),
            [one.supports_tools for one in providers if one.is_live],
        ),
        supports_images=_ability(item, abilities, ("supports_image_input", "supports_vision", "vision"), _IMAGE),
        supports_schemas=_either(
            _ability(item, abilities, ("supports_structured_output", "supports_structured_outputs"), _SCHEMAS),
            [one.supports_schemas for one in providers if one.is_live],
        ),
        providers=providers,
    )


def _providers(given: Json) -> Iterator[Provider]:
    for item in given if isinstance(given, list) else ():
        match item:
            case {"provider": str(name)}:
                yield Provider(
                    name=words.bounded(name, 100),
                    is_live=item.get("status", "live") == "live",
                    context_tokens=_context(item),
                    price=_price(_object(item.get("pricing"))),
                    supports_tools=_flag(item.get("supports_tools")),
                    supports_schemas=_flag(item.get("supports_structured_output")),
                )


def _context(item: Object) -> int | None:
    """Tokens that fit, from the first place where servers write it."""
    places = (item, *(_object(item.get(name)) for name in ("top_provider", "meta", "metadata", "limits")))
    found = (_count(place.get(name)) for place in places for name in _CONTEXT)
    return next((count for count in found if count), None)


def _price(pricing: Object) -> Price | None:
    """Dollars for a million tokens. `prompt` and `completion` are for one token, by everybody who writes them."""
    for names, factor in (
        (("prompt", "completion"), 1e6),
        (("input", "output"), 1.0),
        (("input_tokens", "output_tokens"), 1.0),
    ):
        given, made = (_amount(pricing.get(name)) for name in names)
        if given is not None and made is not None:
            return Price(round(given * factor, 6), round(made * factor, 6))
    return None


def _abilities(item: Object) -> frozenset[str] | None:
    """What a model can do or take, as far as the server lists it; None where it lists nothing."""
    architecture, metadata = _object(item.get("architecture")), _object(item.get("metadata"))
    lists = (
        item.get("capabilities"),
        item.get("supported_parameters"),
        item.get("supported_features"),
        item.get("supported_input_modalities"),
        architecture.get("input_modalities"),
        metadata.get("tags"),
    )
    known = [one for one in lists if isinstance(one, list)]
    return frozenset(word for one in known for word in one if isinstance(word, str)) if known else None


def _ability(item: Object, listed: frozenset[str] | None, flags: tuple[str, ...], names: frozenset[str]) -> bool | None:
    """A flag of the model, or a word in one of its lists. That a list leaves it out says nothing certain of others."""
    places = (item, _object(item.get("capabilities")))
    for place in places:
        for flag in flags:
            if (told := _flag(place.get(flag))) is not None:
                return told
    if item.get("type") == "vlm" and names is _IMAGE:
        return True
    if listed is None:
        return None
    return True if listed & names else _denied(item, names)


def _denied(item: Object, names: frozenset[str]) -> bool | None:
    """False where the list that would hold it is there and does not."""
    architecture = _object(item.get("architecture"))
    inputs = architecture.get("input_modalities", item.get("supported_input_modalities"))
    holder = inputs if names is _IMAGE else item.get("supported_parameters")
    return False if isinstance(holder, list) else None


def _either(own: bool | None, of_providers: list[bool | None]) -> bool | None:
    if own is not None or not of_providers:
        return own
    return True if any(of_providers) else None if None in of_providers else False


def _object(value: Json) -> Object:
    return value if isinstance(value, dict) else {}


def _flag(value: Json) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: Json) -> int | None:
    amount = _amount(value)
    return int(amount) if amount is not None and amount < 2**53 else None


def _amount(value: Json) -> float | None:
    """A number that is none below zero, written as one or as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        amount = float(value)
    except (ValueError, OverflowError):
        return None
    return amount if 0 <= amount < math.inf else None
