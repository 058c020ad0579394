import msgspec
import pytest

from core.domain.model_call import Reply
from tests.support.scripted import ScriptedServer

KEY = "sk-of-the-tables/0123456789"


@pytest.fixture
def meet(ask):
    """Ask a server that has this answer, once, and compare what came of it with what the table says."""

    async def meet(shape, answer, timeout_s=2.0):
        seen = []
        with ScriptedServer(answer) as server:  # leaving it fails unless exactly one request came
            reply = await ask(server, key=KEY, on_delta=seen.append, timeout_s=timeout_s)
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
        kept = msgspec.json.encode(reply)
        assert msgspec.json.decode(kept, type=Reply) == reply
        assert KEY.encode() not in kept
        shape.check(reply, seen)
        return reply

    return meet
