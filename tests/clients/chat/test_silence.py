"""How patient a client is with a silent server."""

from core.clients.chat.client import ChatClient
from core.domain.endpoint import Endpoint, EndpointLimits
from core.domain.model_call import ModelRequest
from tests.support.scripted import ScriptedServer, stall


async def test_how_long_a_server_may_be_silent_is_the_endpoints():
    client = ChatClient(lambda _: None, lambda e: e.base_url)
    with ScriptedServer(stall()) as server:
        endpoint = Endpoint(name="e", kind="openai", base_url=server.base_url, limits=EndpointLimits(silence_s=0.05))
        reply = await client.ask(ModelRequest(endpoint=endpoint, model="m", body=b"{}"), lambda _: None)
    await client.close()
    assert reply.fault.kind == "timeout"
    assert "0.05 seconds" in reply.fault.message
