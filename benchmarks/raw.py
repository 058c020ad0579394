"""What is compared with: loops as people write them, which keep nothing and forget everything when they end."""

import json
from collections.abc import Callable
from typing import Any, Self

import httpx2
from huggingface_hub import AsyncInferenceClient, set_async_client_factory

PROMPT = "You add numbers. Use the tool."
QUESTION = "Please add some numbers for me."
PARAMETERS = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}
TOOL = {"type": "function", "function": {"name": "add", "description": "Add two numbers.", "parameters": PARAMETERS}}
LIMITS = httpx2.Limits(max_connections=2000, max_keepalive_connections=2000)

OnToken = Callable[[str], None]
Calls = dict[int, dict[str, str]]


class RawLoop:
    """The loop itself; `answer` is what differs."""

    async def run(self, on_token: OnToken) -> None:
        messages: list[dict[str, Any]] = [
            {"role": "system", "content": PROMPT},
            {"role": "user", "content": QUESTION},
        ]
        while calls := await self.answer(messages, on_token):
            messages.append(
                {"role": "assistant", "content": None, "tool_calls": [wire(call) for call in calls.values()]}
            )
            for call in calls.values():
                given = json.loads(call["arguments"])
                content = str(given["a"] + given["b"])
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": content})

    async def answer(self, messages: list[dict[str, Any]], on_token: OnToken) -> Calls:
        raise NotImplementedError


def wire(call: dict[str, str]) -> dict[str, Any]:
    function = {"name": call["name"], "arguments": call["arguments"]}
    return {"id": call["id"], "type": "function", "function": function}


class HttpxLoop(RawLoop):
    """A while loop over httpx2."""

    async def __aenter__(self) -> Self:
        self.client = httpx2.AsyncClient(timeout=60, limits=LIMITS)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    def point(self, base_url: str) -> None:
        self.url = f"{base_url}/chat/completions"

    async def answer(self, messages: list[dict[str, Any]], on_token: OnToken) -> Calls:
        calls: Calls = {}
        body = {"model": "scripted", "messages": messages, "tools": [TOOL], "stream": True}
        async with self.client.stream("POST", self.url, json=body) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                if line.startswith("data:") and line != "data: [DONE]":
                    self.take(json.loads(line[5:])["choices"], calls, on_token)
        return calls

    @staticmethod
    def take(choices: list[dict[str, Any]], calls: Calls, on_token: OnToken) -> None:
        if not choices:
            return
        delta = choices[0]["delta"]
        if content := delta.get("content"):
            on_token(content)
        for piece in delta.get("tool_calls") or ():
            call = calls.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
            call["id"] = piece.get("id") or call["id"]
            call["name"] = piece["function"].get("name") or call["name"]
            call["arguments"] += piece["function"].get("arguments") or ""


class HubLoop(RawLoop):
    """The same over one AsyncInferenceClient."""

    async def __aenter__(self) -> Self:
        set_async_client_factory(lambda: httpx2.AsyncClient(follow_redirects=True, timeout=None, limits=LIMITS))
        self.client: AsyncInferenceClient | None = None
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.client:
            await self.client.close()

    def point(self, base_url: str) -> None:
        self.client = AsyncInferenceClient(base_url=base_url, api_key="none")

    async def answer(self, messages: list[dict[str, Any]], on_token: OnToken) -> Calls:
        calls: Calls = {}
        assert self.client
        async for part in await self.client.chat_completion(messages, model="scripted", tools=[TOOL], stream=True):
            if not part.choices:
                continue
            delta = part.choices[0].delta
            if delta.content:
                on_token(delta.content)
            for piece in delta.tool_calls or ():
                call = calls.setdefault(piece.index, {"id": "", "name": "", "arguments": ""})
                call["id"] = piece.id or call["id"]
                call["name"] = piece.function.name or call["name"]
                call["arguments"] += piece.function.arguments or ""
        return calls
