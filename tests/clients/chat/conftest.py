import pytest

from core.clients.chat.client import ChatClient
from core.domain.endpoint import Endpoint
from core.domain.model_call import ModelRequest


@pytest.fixture
async def ask():
    """Ask a server through a client made for it: `await ask(server, key=…, body=…)`; one client per set of limits."""
    clients = {}

    async def ask(server, *, key=None, body=b'{"model":"m"}', on_delta=None, transport=None, limit_s=None, **limits):
        name = (id(transport), *sorted(limits.items()))
        if name not in clients:
            keys = {}
            clients[name] = ChatClient(lambda e: keys.get(e.name), lambda e: e.base_url, transport=transport, **limits)
            clients[name].keys = keys
        client = clients[name]
        base_url = server if isinstance(server, str) else server.base_url
        endpoint = Endpoint(name=f"e{len(client.keys)}", kind="openai", base_url=base_url)
        client.keys[endpoint.name] = key
        request = ModelRequest(endpoint=endpoint, model="m", body=body, key="run/1.m", time_limit_s=limit_s)
        return await client.ask(request, on_delta or (lambda _: None))

    yield ask
    for client in clients.values():
        await client.close()
