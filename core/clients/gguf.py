"""What a GGUF file says about itself, read without its weights.

The format is ggml's `docs/gguf.md`, versions 2 and 3: magic, version, two counts, then keys with typed values.
"""

import re
import struct
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from core.errors import Fault, FaultError

_MAGIC: Final = b"GGUF"
_VERSIONS: Final = frozenset({2, 3})
_STRING: Final = 8
_ARRAY: Final = 9
_SCALARS: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_COMMENTS_AND_QUOTES: Final = re.compile(r"\{#.*?#\}|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_TOOLS_IN_TAG: Final = re.compile(r"\{[{%](?:(?![%}]\}).)*?(?<![\w.])tools\b", re.DOTALL)

Value = str | int | float | bool


class ModelHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Empty and None: the file does not say."""

    name: str = ""
    licence: str = ""
    context_tokens: int | None = None
    """The longest context the model was trained on."""
    chat_template: str = ""


def check_is_gguf(path: Path) -> None:
    """Raises `FaultError` for a file that cannot be read or begins differently."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        raise FaultError(Fault("not_found", f"The model file {path} cannot be read: {error.strerror}")) from None
    if start != _MAGIC:
        raise FaultError(Fault("bad_request", f"{path.name} is no GGUF file."))


def read_header(path: Path) -> ModelHeader:
    """Raises `FaultError` for a file that is no GGUF, or ends before its header does."""
    check_is_gguf(path)
    try:
        with path.open("rb") as file:
            said = _pairs(file, path.stat().st_size)
    except (ValueError, OSError) as error:
        raise FaultError(Fault("bad_request", f"The header of {path.name} cannot be read: {error}")) from None
    context = said.get(f"{said.get('general.architecture', '')}.context_length")
    return ModelHeader(
        name=_text(said, "general.name"),
        licence=_text(said, "general.license"),
        context_tokens=context if isinstance(context, int) else None,
        chat_template=_text(said, "tokenizer.chat_template"),
    )


def takes_tools(chat_template: str) -> bool:
    """Whether a chat template (Jinja) uses the variable `tools`: one that does not leaves them out of the prompt."""
    return _TOOLS_IN_TAG.search(_COMMENTS_AND_QUOTES.sub("''", chat_template)) is not None


def _pairs(file: BinaryIO, size_bytes: int) -> dict[str, Value]:
    """The keys that have a single value; lists, mostly the vocabulary, are passed over."""
    file.seek(len(_MAGIC))
    reader = _Reader(file, size_bytes)
    version, _, count = reader.number("I"), reader.number("Q"), reader.number("Q")
    if version not in _VERSIONS:
        raise ValueError(f"version {version} is not known")
    pairs: dict[str, Value] = {}
    for _ in range(count):
        key, kind = reader.string(), reader.number("I")
        if kind == _ARRAY:
            reader.skip_list()
        else:
            pairs[key] = reader.string() if kind == _STRING else reader.number(_format(kind))
    return pairs


class _Reader:
    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file, self._size_bytes = file, size_bytes

    def number(self, form: str) -> int:
        """A value of one of struct's formats; floats and truth values are numbers to Python too."""
        (value,) = struct.unpack(f"<{form}", self._bytes(struct.calcsize(f"<{form}")))
        return value  # type: ignore[no-any-return]

    def string(self) -> str:
        return self._bytes(self._length()).decode("utf-8", "replace")

    def skip_list(self) -> None:
        kind, count = self.number("I"), self.number("Q")
        if kind == _STRING:
            for _ in range(count):
                self._file.seek(self._length(), 1)
        else:
            self._file.seek(self._within(count * struct.calcsize(f"<{_format(kind)}")), 1)

    def _bytes(self, length: int) -> bytes:
        read = self._file.read(length)
        if len(read) < length:
            raise ValueError("it ends too early")
        return read

    def _length(self) -> int:
        return self._within(self.number("Q"))

    def _within(self, length: int) -> int:
        # A broken length would otherwise be allocated, or send a loop through nothing for hours.
        if length > self._size_bytes:
            raise ValueError("it is damaged")
        return length


def _format(kind: int) -> str:
    if kind not in _SCALARS:
        raise ValueError(f"value type {kind} is not known")
    return _SCALARS[kind]


def _text(said: dict[str, Value], key: str) -> str:
    value = said.get(key, "")
    return value if isinstance(value, str) else ""
