"""How another program asks a published agent, as code to be copied. The key is the name of a variable, never a value."""

import json
import shlex
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from core.domain.canonical import Json

KEY_VARIABLE: Final = "ARYABHATTA_KEY"


def call_examples(origin: str, agent_name: str, message: str, variables: Mapping[str, str]) -> dict[str, str]:
    """By the name of the tool or package. `variables`: what the agent's prompt needs, with sample values."""
    return {
        "curl": _curl(origin, agent_name, message, variables),
        "openai": _openai(origin, agent_name, message, variables),
        "huggingface_hub": _hub(origin, agent_name, message, variables),
        "run": _run(origin, agent_name, message, variables),
    }


def _curl(origin: str, agent_name: str, message: str, variables: Mapping[str, str]) -> str:
    more = {"variables": dict(variables)} if variables else {}
    body = {"model": agent_name, "messages": [{"role": "user", "content": message}]} | more
    return _posted(f"{origin}/v1/chat/completions", body)


def _run(origin: str, agent_name: str, message: str, variables: Mapping[str, str]) -> str:
    more = {"variables": dict(variables)} if variables else {}
    url = f"{origin}/api/agents/{quote(agent_name, safe='')}/runs"
    return _posted(url, {"input": message, "wait_s": 60} | more, '  --header "Idempotency-Key: order-1" \\')


def _posted(url: str, body: Mapping[str, Json], *headers: str) -> str:
    lines = [
        f"curl {shlex.quote(url)} \\",
        f'  --header "Authorization: Bearer ${KEY_VARIABLE}" \\',
        *headers,
        '  --header "Content-Type: application/json" \\',
        f"  --data {shlex.quote(json.dumps(body, ensure_ascii=False))}",
    ]
    return "\n".join(lines)


def _openai(origin: str, agent_name: str, message: str, variables: Mapping[str, str]) -> str:
    return _python(
        "from openai import OpenAI",
        f'client = OpenAI(base_url="{origin}/v1", api_key=os.environ["{KEY_VARIABLE}"])',
        "client.chat.completions.create",
        (f"model={agent_name!r},", _messages(message), *_extra(variables)),
    )


def _hub(origin: str, agent_name: str, message: str, variables: Mapping[str, str]) -> str:
    return _python(
        "from huggingface_hub import InferenceClient",
        f'client = InferenceClient(base_url="{origin}/v1", api_key=os.environ["{KEY_VARIABLE}"])',
        "client.chat_completion",
        (f"model={agent_name!r},", _messages(message), *_extra(variables)),
    )


def _python(package: str, client: str, method: str, arguments: tuple[str, ...]) -> str:
    asked = "\n".join(f"    {argument}" for argument in arguments)
    end = "print(answer.choices[0].message.content)"
    return f"import os\n\n{package}\n\n{client}\nanswer = {method}(\n{asked}\n)\n{end}"


def _messages(message: str) -> str:
    return f'messages=[{{"role": "user", "content": {message!r}}}],'


def _extra(variables: Mapping[str, str]) -> tuple[str, ...]:
    return (f"extra_body={ {'variables': dict(variables)}!r},",) if variables else ()
