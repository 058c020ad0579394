"""The exact body of a model request, made from a spec and its transcript. Pure: the same input gives the same bytes.

What a person set is sent and nothing else. Where servers contradict each other, the endpoint's
`Compatibility` decides.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from typing import assert_never

import msgspec

from core.domain.agent import TOOL_CHOICES, Parameters
from core.domain.arguments import visible_parameters
from core.domain.attachment import NOTHING, Attachment, Contents, content_of
from core.domain.canonical import Json
from core.domain.endpoint import Compatibility
from core.domain.message import AssistantMessage, Message, SystemMessage, ToolCall, ToolMessage, UserMessage
from core.domain.run import RunSpec
from core.domain.tool import ToolSpec

_QUOTED = re.compile(r'["<>\x00-\x1f\x7f]')
_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]")


def request_body(spec: RunSpec, messages: Sequence[Message], contents: Contents = NOTHING) -> bytes:
    """The JSON text of one chat-completions request, UTF-8. `contents`: of the files that the messages name."""
    compatibility = spec.endpoint.compatibility
    return Envelope(spec).around([message_bytes(message, compatibility, contents) for message in messages])


def message_bytes(message: Message, compatibility: Compatibility, contents: Contents = NOTHING) -> bytes:
    """The JSON text of one message."""
    return msgspec.json.encode(wire_message(message, compatibility, contents))


class Envelope:
    """All of a request but its messages: the same for every step of a run, so encoded once."""

    def __init__(self, spec: RunSpec) -> None:
        model = f"{spec.model}:{spec.provider}" if spec.provider else spec.model
        self.before = b'{"model":%b,"messages":[' % msgspec.json.encode(model)
        rest = msgspec.json.encode(_beside_messages(spec))
        self.after = b"]}" if rest == b"{}" else b"],%b" % rest[1:]

    def around(self, messages: Sequence[bytes]) -> bytes:
        """The body with these messages, each as `message_bytes` wrote it."""
        return b"%b%b%b" % (self.before, b",".join(messages), self.after)


def _beside_messages(spec: RunSpec) -> dict[str, Json]:
    compatibility = spec.endpoint.compatibility
    body: dict[str, Json] = {}
    if offered := [tool for tool in spec.tools if tool.policy != "deny"]:
        body["tools"] = [_tool(tool, compatibility) for tool in offered]
        body |= _tool_choice(spec.parameters)
    body |= _parameters(spec)
    if compatibility.stream:
        body["stream"] = True
        if compatibility.stream_options:
            body["stream_options"] = {"include_usage": True}
    return body


def wire_message(message: Message, compatibility: Compatibility, contents: Contents = NOTHING) -> dict[str, Json]:
    """A message as the protocol has it: role, content, tool_calls and tool_call_id, nothing more."""
    match message:
        case SystemMessage(content=content):
            return {"role": "system", "content": content}
        case UserMessage(content=content, attachments=()):
            return {"role": "user", "content": content}
        case UserMessage():
            return {"role": "user", "content": _with_files(message, contents)}
        case AssistantMessage():
            return _assistant(message, compatibility)
        case ToolMessage(content=content, call_id=call_id, name=name):
            answer = {"role": "tool", "tool_call_id": call_id, "content": content}
            return answer | {"name": legal_name(name)} if compatibility.name_on_tool_messages else answer
        case _:
            assert_never(message)


def legal_name(name: str) -> str:
    """`name` as every provider accepts it; a model may have made up one that none does."""
    return _ILLEGAL.sub("_", name)[:64] or "unknown"


def _with_files(message: UserMessage, contents: Contents) -> Json:
    """Texts of files stand before what the person wrote about them; images make the content a list of parts."""
    files = [_file(one, contents) for one in message.attachments if not one.is_image]
    text = "\n\n".join([*files, *([message.content] if message.content else [])])
    images = [_image(one, contents) for one in message.attachments if one.is_image]
    if not images:
        return text
    return [*([{"type": "text", "text": text}] if text else []), *images]


def _file(attachment: Attachment, contents: Contents) -> str:
    text = content_of(attachment, contents).decode()
    return f'<file name="{_QUOTED.sub("_", attachment.name)}">\n{text}\n</file>'


def _image(attachment: Attachment, contents: Contents) -> Json:
    encoded = b64encode(content_of(attachment, contents)).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:{attachment.media_type};base64,{encoded}"}}


def _assistant(message: AssistantMessage, compatibility: Compatibility) -> dict[str, Json]:
    wire: dict[str, Json] = {"role": "assistant", "content": message.content}
    if message.calls:
        if not message.content:
            wire["content"] = None if compatibility.content_beside_calls == "null" else ""
        wire["tool_calls"] = [_call(call) for call in message.calls]
    if compatibility.reasoning_back and message.reasoning:
        wire["reasoning_content"] = message.reasoning
    return wire


def _call(call: ToolCall) -> dict[str, Json]:
    function = {"name": legal_name(call.name), "arguments": call.arguments}
    wire: dict[str, Json] = {"id": call.id, "type": "function", "function": function}
    return wire | {"extra_content": call.extra} if call.extra is not None else wire


def _tool(tool: ToolSpec, compatibility: Compatibility) -> dict[str, Json]:
    function: dict[str, Json] = {
        "name": tool.name,
        "description": tool.description,
        "parameters": visible_parameters(tool),
    }
    if compatibility.strict_schemas:
        function["strict"] = True
    return {"type": "function", "function": function}


def _parameters(spec: RunSpec) -> dict[str, Json]:
    given = spec.parameters
    wire: dict[str, Json] = {
        "temperature": given.temperature,
        "top_p": given.top_p,
        spec.endpoint.compatibility.token_field: given.max_tokens,
        "seed": given.seed,
        "stop": list(given.stop) or None,
        "frequency_penalty": given.frequency_penalty,
        "presence_penalty": given.presence_penalty,
        "reasoning_effort": given.reasoning_effort,
        "response_format": _response_format(given, spec.endpoint.compatibility),
    }
    return {name: value for name, value in wire.items() if value is not None}


def _response_format(given: Parameters, compatibility: Compatibility) -> Json:
    if given.response_schema is None:
        return {"type": "json_object"} if given.json_object else None
    schema: dict[str, Json] = {"name": "answer", "schema": given.response_schema}
    if compatibility.strict_schemas:
        schema["strict"] = True
    return {"type": "json_schema", "json_schema": schema}


def _tool_choice(given: Parameters) -> dict[str, Json]:
    """Servers refuse both where no tool is offered."""
    choice: Json = given.tool_choice
    if choice is not None and choice not in TOOL_CHOICES:
        choice = {"type": "function", "function": {"name": choice}}
    wire = {"tool_choice": choice, "parallel_tool_calls": given.parallel_tool_calls}
    return {name: value for name, value in wire.items() if value is not None}
