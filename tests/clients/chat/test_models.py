"""Lists of models as servers write them, and what is made of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clients.chat import lenient
from core.clients.chat.models import items_in, models_in
from core.domain.model_info import ModelInfo, Price, Provider

ROUTER = {
    "object": "list",
    "data": [
        {
            "id": "org/model",
            "object": "model",
            "owned_by": "org",
            "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
            "providers": [
                {"provider": "down", "status": "offline", "context_length": 262144, "supports_tools": True},
                {"provider": "plain", "status": "live", "context_length": 8192, "supports_tools": False},
                {
                    "provider": "able",
                    "status": "live",
                    "context_length": 131072,
                    "pricing": {"input": 0.05, "output": 0.2},
                    "supports_tools": True,
                    "supports_structured_output": False,
                },
            ],
        }
    ],
}


def models(listed):
    return models_in(items_in(lenient.parse(json.dumps(listed).encode())))


def only(listed):
    (model,) = models(listed)
    return model


def test_the_router_tells_who_serves_a_model():
    model = only(ROUTER)
    assert (model.name, model.context_tokens, model.supports_tools, model.supports_images) == (
        "org/model",
        262144,
        True,
        True,
    )
    assert model.supports_schemas is None
    assert model.providers[2] == Provider(
        name="able", context_tokens=131072, price=Price(0.05, 0.2), supports_tools=True, supports_schemas=False
    )
    assert model.first_choice.name == "able"


@pytest.mark.parametrize(
    ("providers", "name"),
    [
        ([("a", True, None), ("b", True, True)], "b"),
        ([("a", False, True), ("b", True, False)], "b"),
        ([("a", False, True)], None),
        ([], None),
    ],
)
def test_the_provider_to_pin(providers, name):
    made = tuple(Provider(name=n, is_live=live, supports_tools=tools) for n, live, tools in providers)
    choice = ModelInfo(name="m", providers=made).first_choice
    assert (choice and choice.name) == name


@pytest.mark.parametrize(
    ("item", "context", "price", "tools", "images", "schemas"),
    [
        # OpenRouter
        (
            {
                "id": "m",
                "context_length": 200000,
                "architecture": {"input_modalities": ["text"]},
                "pricing": {"prompt": "0.0000005", "completion": "0.0000015", "image": "0"},
                "supported_parameters": ["tools", "structured_outputs", "temperature"],
            },
            200000,
            Price(0.5, 1.5),
            True,
            False,
            True,
        ),
        ({"id": "m", "supported_parameters": ["temperature"]}, None, None, False, None, False),
        # vLLM, SGLang
        ({"id": "m", "object": "model", "owned_by": "vllm", "max_model_len": 4096}, 4096, None, None, None, None),
        # llama.cpp
        ({"id": "m", "meta": {"n_ctx_train": 131072, "n_params": 7}}, 131072, None, None, None, None),
        ({"name": "m", "capabilities": ["completion", "multimodal"]}, None, None, None, True, None),
        # LM Studio
        ({"id": "m", "type": "vlm", "max_context_length": 32768}, 32768, None, None, True, None),
        ({"id": "m", "type": "llm", "capabilities": ["tool_use"]}, None, None, True, None, None),
        # Ollama
        ({"id": "m", "object": "model", "owned_by": "library"}, None, None, None, None, None),
        # Together
        ({"id": "m", "context_length": 8192, "pricing": {"input": 0.2, "output": 0.3}}, 8192, Price(0.2, 0.3), None, None, None),
        # Groq
        ({"id": "m", "context_window": 131072, "max_completion_tokens": 8}, 131072, None, None, None, None),
        # Mistral
        (
            {"id": "m", "max_context_length": 32768, "capabilities": {"function_calling": True, "vision": False}},
            32768,
            None,
            True,
            False,
            None,
        ),
        # DeepInfra
        (
            {"id": "m", "metadata": {"context_length": 4096, "pricing": {"input_tokens": 0.1, "output_tokens": 0.2}}},
            4096,
            Price(0.1, 0.2),
            None,
            None,
            None,
        ),
        # Fireworks
        ({"id": "m", "supports_tools": False, "supports_image_input": True}, None, None, False, True, None),
        # free is a price
        ({"id": "m", "pricing": {"prompt": "0", "completion": "0"}}, None, Price(0.0, 0.0), None, None, None),
        # nonsense
        ({"id": "m", "context_length": "many", "pricing": [1]}, None, None, None, None, None),
        ({"id": "m", "context_length": -1, "pricing": {"input": -1, "output": 2}}, None, None, None, None, None),
        ({"id": "m", "context_length": True, "supports_tools": "yes"}, None, None, None, None, None),
        ({"id": "m", "pricing": {"prompt": "NaN", "completion": "1e999"}}, None, None, None, None, None),
        ({"id": "m", "providers": [7, {"x": 1}, None], "capabilities": [7, None]}, None, None, None, None, None),
    ],
)  # fmt: skip
def test_lists_of_many_servers(item, context, price, tools, images, schemas):
    model = only({"data": [item]})
    assert (model.context_tokens, model.price) == (context, price)
    assert (model.supports_tools, model.supports_images, model.supports_schemas) == (tools, images, schemas)


def test_each_model_once_in_the_servers_order():
    listed = [{"id": "a", "context_length": 1}, "b", {"name": "a"}, {"x": 1}, 7, {"model": "c"}]
    assert [(model.name, model.context_tokens) for model in models(listed)] == [("a", 1), ("b", None), ("c", None)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "context_length", "pricing", "prompt", "completion", "providers", "provider", "meta"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(json_values, max_size=4))
def test_no_list_breaks_the_reader(items):
    assert all(isinstance(model, ModelInfo) for model in models(items))


def test_a_name_that_cannot_be_sent_as_it_stands_is_no_choice():
    names = [
        "",
        "  ",
        "a\ud83d",
        "line\nbreak",
        "nul\0",
        "x" * 301,
        "bidi\u202e",
        "<b>*fine*</b>",
        "modèle 7B",
        "x" * 300,
    ]
    told = models_in([{"id": name} for name in names])
    assert [model.name for model in told] == ["<b>*fine*</b>", "modèle 7B", "x" * 300]
