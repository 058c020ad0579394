"""YAML for files that people write: plain values, read strictly, written for people."""

import re
from collections.abc import Hashable
from typing import Any

import yaml

from core.domain.canonical import Json
from core.domain.result import Err, Ok, Result

SIZE_LIMIT_CHARS = 500_000
DEPTH_LIMIT = 40
_PLAIN = {
    "tag:yaml.org,2002:null": (r"~|null|", ["~", "n", ""]),
    "tag:yaml.org,2002:bool": (r"true|false", list("tf")),
    "tag:yaml.org,2002:int": (r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    "tag:yaml.org,2002:float": (
        r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+",
        list("-+.0123456789"),
    ),
}
"""Words without quotes that are no text. YAML's older rules also turn dates, `no` and `1:30` into something else."""

_TEXT = "tag:yaml.org,2002:str"
_TAGS = {*_PLAIN, _TEXT, "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}


def read_yaml(text: str) -> Result[Json]:
    """The one value of a file; `invalid` says in words where its first fault is."""
    if len(text) > SIZE_LIMIT_CHARS:
        return Err("invalid", f"The file is longer than {SIZE_LIMIT_CHARS:,} characters.")
    try:
        return Ok(yaml.load(text, Loader=_Loader))  # noqa: S506 (it allows less than the safe one)
    except yaml.YAMLError as error:
        return Err("invalid", _in_words(error))


def write_yaml(value: Json) -> str:
    """The same value always gives the same text."""
    written: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return written


class _Loader(yaml.SafeLoader):
    """Plain values only: no aliases (a short file could stand for gigabytes), no doubled names, no depth."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 (PyYAML reads it from the class)
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise _fault(parent, f"values are nested deeper than {DEPTH_LIMIT} levels")
        if self.check_event(yaml.AliasEvent):
            raise _fault(parent, "references (*name) are not allowed")
        node = super().compose_node(parent, index)
        if node is not None and node.tag not in _TAGS:
            raise _fault(node, f"the tag {node.tag} is not allowed")
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != _TEXT:
                raise _fault(key, "a name has to be text; put quotes around it")
            if key.value in seen:
                raise _fault(key, f"{key.value!r} stands here twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _fault(node: yaml.Node | None, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark if node else None)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks; lists set in below their name."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(_TEXT, text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)
for _tag, (_pattern, _first) in _PLAIN.items():
    _Loader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), _first)
    _Dumper.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), _first)


def _in_words(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"Line {mark.line + 1}: " if mark else ""
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "this is not YAML"
    return f"{place}{reason}."
