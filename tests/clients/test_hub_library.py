"""What huggingface_hub must not do unasked. In a process of its own: it reads its settings when it is imported."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.hub import Hub
from tests.support.scripted import ScriptedServer, text

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import asyncio, sys
from core.clients.chat.client import ChatClient
from core.domain.endpoint import Endpoint
from core.domain.model_call import ModelRequest

async def main():
    client = ChatClient(lambda _: None, lambda _: sys.argv[1])
    body = b'{"model":"m","messages":[{"role":"user","content":"hello"}],"stream":true}'
    request = ModelRequest(endpoint=Endpoint(name="e", kind="openai"), model="m", body=body)
    print((await client.ask(request, lambda _: None)).text)
    await client.close()

asyncio.run(main())
"""


def test_a_model_step_is_one_request_and_none_to_the_hub(tmp_path):
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with Hub() as hub, ScriptedServer(text("Hello.")) as server:
        answer = subprocess.run(
            [sys.executable, "-c", PROGRAM, server.base_url],
            cwd=ROOT,
            env=environment | {"HF_ENDPOINT": hub.url},
            capture_output=True,
            check=True,
            timeout=60,
            text=True,
        )
        assert answer.stdout.strip() == "Hello."
        assert len(server.requests) == 1
        assert hub.asked == []
