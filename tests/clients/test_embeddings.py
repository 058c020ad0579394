"""What is asked for vectors, and where."""

import asyncio

import pytest

from core.clients.chat.route import route_to
from core.clients.embeddings import _request
from core.domain.endpoint import Endpoint


def asked(endpoint: Endpoint, key: str):
    return asyncio.run(_request(route_to(endpoint, endpoint.base_url, key), "org/model", ["a", "b"]))


@pytest.mark.parametrize("base_url", ["http://host:1", "http://host:1/v1", "http://host:1/v1/chat/completions"])
def test_an_openai_compatible_server_is_asked_beside_its_chat(base_url):
    request = asked(Endpoint(name="e", kind="openai", base_url=base_url), "k")
    assert str(request.url) == "http://host:1/v1/embeddings"
    assert request.headers["authorization"] == "Bearer k"
    assert request.content == b'{"model":"org/model","input":["a","b"],"encoding_format":"float"}'


def test_the_router_is_asked_for_feature_extraction():
    request = asked(Endpoint(name="huggingface", kind="huggingface"), "hf_x")
    place = "https://router.huggingface.co/hf-inference/models/org/model/pipeline/feature-extraction"
    assert str(request.url) == place
    assert request.headers["authorization"] == "Bearer hf_x"
    assert b'"inputs":["a","b"]' in request.content.replace(b": ", b":").replace(b", ", b",")


def test_no_key_is_sent_where_there_is_none():
    assert "authorization" not in asked(Endpoint(name="e", kind="openai", base_url="http://h"), "").headers
