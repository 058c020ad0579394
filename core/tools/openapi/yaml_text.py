"""YAML as another spelling of JSON: the core schema of YAML 1.2, nothing that is not data.

Built from the parser's events: the library's own composer recurses in C and dies of deep nesting, reads
`no` as false and 2024-01-31 as a date, and knows tags that name Python objects.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from core.domain.canonical import Json

MAX_DEPTH = 200
_INTEGER = re.compile(r"[-+]?[0-9]{1,4000}")
_OTHER_BASE = re.compile(r"0o[0-7]{1,30}|0x[0-9a-fA-F]{1,30}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, Json] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_MERGE = "<<"


class NotYamlError(ValueError):
    """The text is not YAML, or more than data; the message says why."""


def read(text: str) -> Json:
    """The one value of a YAML text, with text for every key. Aliased parts are shared, not copied."""
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.YAMLError as error:
        raise NotYamlError(" ".join(str(error).split())[:300]) from None
    return builder.value


@dataclass(slots=True)
class _Frame:
    """A list or an object that is being filled."""

    container: list[Json] | dict[str, Json]
    key: str | None = None
    merged: list[Json] = field(default_factory=list)
    """What stands under `<<`: filled later than it is placed, so it is looked into at the end."""


class _Builder:
    def __init__(self) -> None:
        self.value: Json = None
        self._frames: list[_Frame] = []
        self._anchors: dict[str, Json] = {}
        self._documents = 0

    def take(self, event: Any) -> None:
        match event:
            case yaml.ScalarEvent():
                self._place(_scalar(event), event.anchor)
            case yaml.MappingStartEvent():
                self._open({}, event)
            case yaml.SequenceStartEvent():
                self._open([], event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close()
            case yaml.AliasEvent():
                self._place(self._aliased(event.anchor), None)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise NotYamlError("it holds more than one document")

    def _open(self, container: list[Json] | dict[str, Json], event: Any) -> None:
        if event.tag not in (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            raise NotYamlError(f"the tag {event.tag[:60]!r} is not known")
        if len(self._frames) == MAX_DEPTH:
            raise NotYamlError("it is nested too deeply")
        self._place(container, event.anchor)
        self._frames.append(_Frame(container))

    def _close(self) -> None:
        frame = self._frames.pop()
        for merged in frame.merged:
            for part in merged if isinstance(merged, list) else [merged]:
                _fill(frame.container, part)

    def _place(self, value: Json, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = value
        if not self._frames:
            self.value = value
            return
        frame = self._frames[-1]
        if isinstance(frame.container, list):
            frame.container.append(value)
        elif frame.key is None:
            frame.key = _key(value)
        else:
            if frame.key == _MERGE:
                frame.merged.append(value)
            else:
                frame.container[frame.key] = value
            frame.key = None

    def _aliased(self, anchor: str | None) -> Json:
        if anchor not in self._anchors:
            raise NotYamlError(f"the alias {str(anchor)[:60]!r} names nothing")
        value = self._anchors[anchor]
        if any(frame.container is value for frame in self._frames):
            raise NotYamlError(f"the alias {str(anchor)[:60]!r} stands inside of what it names")
        return value


def _fill(container: Json, part: Json) -> None:
    """Take over what an object does not have itself."""
    if not isinstance(part, dict):
        raise NotYamlError("only objects can be merged with <<")
    for key, value in part.items():
        container.setdefault(key, value)


def _key(value: Json) -> str:
    match value:
        case str():
            return value
        case list() | dict():
            raise NotYamlError("a key is not a text")
        case bool():
            return str(value).lower()
        case None:
            return "null"
        case _:
            return str(value)


def _scalar(event: Any) -> Json:
    if event.tag not in (None, "!") and not event.tag.startswith("tag:yaml.org,2002:"):
        raise NotYamlError(f"the tag {event.tag[:60]!r} is not known")
    if event.style or event.tag:
        text: str = event.value
        return text
    return _plain(event.value)


def _plain(text: str) -> Json:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text
