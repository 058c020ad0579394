"""Which endpoint answers where several could, and what to tell the person about it."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from core.domain.endpoint import Endpoint


class Choice(msgspec.Struct, frozen=True):
    """`why` and `better` are sentences for a person; `better` is empty where nothing better is to be had."""

    endpoint: Endpoint
    why: str
    better: str = ""


def choose_from(endpoints: Sequence[Endpoint], preferred: str, why: str = "It was chosen in Settings.") -> Choice:
    """The preferred one, else the first: `endpoints` stand in the order of choice and are never empty."""
    for endpoint in endpoints:
        if endpoint.name == preferred:
            return Choice(endpoint, f"{_nature(endpoint)}{why}", _better(endpoint))
    first = endpoints[0]
    lost = f"{preferred}, chosen in Settings, is not there now. " if preferred else ""
    return Choice(first, f"{_nature(first)}{lost}{_why(first)}", _better(first))


def unknown(name: str) -> Choice:
    """An endpoint that an agent names and nobody has: shown, never used."""
    return Choice(
        Endpoint(name=name, kind="openai"),
        f"There is no endpoint named {name}.",
        "Choose another one for this agent, or add it in Settings.",
    )


def _nature(endpoint: Endpoint) -> str:
    return "Scripted demo, not AI. " if endpoint.kind == "demo" else ""


def _why(endpoint: Endpoint) -> str:
    if endpoint.id is not None:
        return "It is the first endpoint that was added."
    match endpoint.kind:
        case "huggingface":
            return "A Hugging Face token is set."
        case "openai":
            return "HF_API_URL names it."
        case "local":
            return "A model file lies on this machine and nothing else is set up."
        case "demo":
            return "No model is set up yet."
        case _:
            assert_never(endpoint.kind)


def _better(endpoint: Endpoint) -> str:
    match endpoint.kind:
        case "demo":
            return "For a real model set a Hugging Face token, add an endpoint, or download a local model in Settings."
        case "local":
            return "A Hugging Face token or an endpoint of yours reaches larger models: see Settings."
        case "huggingface" | "openai":
            return ""
        case _:
            assert_never(endpoint.kind)
