"""A request as code, for another program: the same body, with the key read from the environment."""

import re
import shlex
from pprint import pformat
from typing import Any

import msgspec

from core.domain.endpoint import Endpoint

_ROUTE = "/chat/completions"
_WIDTH = 96
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAMED = frozenset(
    {
        "model",
        "messages",
        "stream",
        "frequency_penalty",
        "max_tokens",
        "presence_penalty",
        "response_format",
        "seed",
        "stop",
        "stream_options",
        "temperature",
        "tools",
        "top_p",
    }
)
"""Parameters that `InferenceClient.chat_completion` takes by name; the others go into its `extra_body`."""


def key_variable(endpoint: Endpoint) -> str:
    """The environment variable that the code reads the key from; empty: no key is sent."""
    if endpoint.kind == "local":
        return "LOCAL_MODEL_KEY"
    if not endpoint.secret:
        return ""
    return endpoint.secret if _VARIABLE.fullmatch(endpoint.secret) else "API_KEY"


def as_curl(body: bytes, url: str, key: str) -> str:
    """A shell command that sends exactly these bytes. `key`: the variable of the key, or empty."""
    lines = [
        f"printf '%s' {shlex.quote(body.decode())} |",
        f"  curl --no-buffer {shlex.quote(url)} \\",
        "    --header 'Content-Type: application/json' \\",
        *([f'    --header "Authorization: Bearer ${key}" \\'] if key else []),
        "    --data-binary @-",
    ]
    return "\n".join(lines)


def as_python(body: bytes, url: str, key: str) -> str:
    """A script that asks the same with the hub's `InferenceClient` and prints the answer as it comes."""
    given: dict[str, Any] = msgspec.json.decode(body)
    extra = {name: value for name, value in given.items() if name not in _NAMED}
    named = {name: value for name, value in given.items() if name in _NAMED} | ({"extra_body": extra} if extra else {})
    # Without a key of its own the hub's client would send the person's Hugging Face token there.
    credential = f'api_key=os.environ["{key}"]' if key else 'api_key="none"'
    lines = [
        *(["import os", ""] if key else []),
        "from huggingface_hub import InferenceClient",
        "",
        f"client = InferenceClient(base_url={url.removesuffix(_ROUTE)!r}, {credential})",
        "answer = client.chat_completion(",
        *(f"    {name}={_literal(value, len(name))}," for name, value in named.items()),
        ")",
        *(_STREAMED if given.get("stream") else _WHOLE),
    ]
    return "\n".join(lines) + "\n"


_STREAMED = (
    "for chunk in answer:",
    "    if chunk.choices:",
    "        delta = chunk.choices[0].delta",
    '        print(delta.tool_calls or delta.content or "", end="", flush=True)',
)
_WHOLE = (
    "message = answer.choices[0].message",
    "print(message.tool_calls or message.content)",
)


def _literal(value: Any, name_chars: int) -> str:
    """A value as Python writes it, its further lines below its first."""
    indent = " " * (name_chars + 5)
    return pformat(value, width=_WIDTH - name_chars, sort_dicts=False).replace("\n", "\n" + indent)
