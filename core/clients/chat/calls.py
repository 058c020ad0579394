"""Tool calls put together from the pieces of a stream."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from core.clients.chat import lenient
from core.clients.chat.text import mended
from core.domain.canonical import Json
from core.domain.message import ToolCall
from core.domain.secrecy import in_texts

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class _Call:
    """A call while its pieces still come."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    extra: Json = None

    @property
    def is_nameless(self) -> bool:
        return not self.id and not self.name

    @property
    def is_blank(self) -> bool:
        return self.is_nameless and not any(self.arguments)

    def take(self, call_id: str, function: dict[str, Json], extra: Json) -> None:
        self.id = self.id or call_id
        self._take_name(_text(function.get("name")))
        if self.extra is None and extra is not None:
            self.extra = in_texts(lenient.plain(extra), mended)
        match function.get("arguments"):
            case None | "":
                pass
            case str(piece):
                self.arguments.append(piece)
            case value:
                self.arguments.append(lenient.write(value))

    def _take_name(self, name: str) -> None:
        if not self.name or (name.startswith(self.name) and not self.arguments):
            self.name = name or self.name
        elif name != self.name and not self.arguments:
            self.name += name  # a name in pieces


class CallBook:
    """All calls of one message, in the order in which they began."""

    __slots__ = ("_by_index", "_calls", "_last", "_legacy")

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._legacy = _Call()
        self._by_index: dict[int, _Call] = {}
        self._last: _Call | None = None

    def __bool__(self) -> bool:
        return bool(self._said())

    def add(self, given: Json) -> None:
        """Take the `tool_calls` of one delta, a list or (against the protocol) one object."""
        for item in _items(given):
            self._take(item, self._place(item))

    def add_whole(self, given: Json) -> None:
        """Take the `tool_calls` of a whole message: every entry is a call of its own, whatever its id says."""
        for item in _items(given):
            self._take(item, self._begin())

    def add_legacy(self, function: Json) -> None:
        """Take a `function_call`, the only call of a message in the protocol's first form."""
        if isinstance(function, dict):
            self._legacy.take("", function, None)

    def finished(self, seed: str) -> tuple[ToolCall, ...]:
        """The calls. Ids that are missing or doubled are made from `seed` and the place, always the same."""
        calls = _with_strays(self._said())
        taken = {call.id for call in calls}
        seen: set[str] = set()
        finished = []
        for place, call in enumerate(calls):
            has_own = bool(call.id) and call.id not in seen
            call_id = call.id if has_own else _made_id(seed, place, taken)
            seen.add(call_id)
            finished.append(_finished(call, call_id, made_id=not has_own))
        return tuple(finished)

    def _said(self) -> list[_Call]:
        """The calls that say anything. Servers that know both forms say the same one twice: the old counts alone."""
        modern = [call for call in self._calls if not call.is_blank]
        return modern or [call for call in (self._legacy,) if not call.is_blank]

    def _take(self, item: dict[str, Json], call: _Call) -> None:
        call.take(_id(item), _function(item), item.get("extra_content"))
        self._last = call

    def _begin(self) -> _Call:
        call = _Call()
        self._calls.append(call)
        return call

    def _place(self, item: dict[str, Json]) -> _Call:
        """The call that a piece belongs to."""
        index, call_id, name = _index(item), _id(item), _text(_function(item).get("name"))
        if index is not None:
            call = self._by_index.get(index)
            if call is None or _is_another(call, call_id, name):
                call = self._by_index[index] = self._begin()
            return call
        for call in self._calls:
            if call_id and call.id == call_id:
                return call
        if self._last is None or ((call_id or name) and not self._last.is_nameless):
            return self._begin()
        return self._last


def _with_strays(calls: list[_Call]) -> list[_Call]:
    """Some servers count wrong and send the arguments of a call under an index of their own, without id or name.

    They belong to the call before them where they make its arguments whole.
    """
    kept: list[_Call] = []
    for call in calls:
        joined = [*kept[-1].arguments, *call.arguments] if kept and call.is_nameless else []
        if joined and _is_object("".join(joined)):
            kept[-1].arguments = joined
        else:
            kept.append(call)
    return kept


def _index(item: dict[str, Json]) -> int | None:
    match item.get("index"):
        case bool():
            return None
        case int(index):
            return index
        case str(index) if index.isdecimal():
            return int(index)
        case _:
            return None


def _is_another(call: _Call, call_id: str, name: str) -> bool:
    """Whether a piece at the index of `call` begins a new one: some servers give every call the same index."""
    if not name or call_id == call.id != "":
        return False
    if call_id and call.id:
        return True
    return name != call.name != "" and _is_object("".join(call.arguments))


def _is_object(arguments: str) -> bool:
    try:
        return isinstance(lenient.parse(arguments.encode("utf-8", "surrogatepass")), dict)
    except ValueError:
        return False


def _items(given: Json) -> Iterable[dict[str, Json]]:
    items = given if isinstance(given, list) else [given]
    return (item for item in items if isinstance(item, dict))


def _function(item: dict[str, Json]) -> dict[str, Json]:
    """What is called: in `function`, or (Cloudflare's own form) in the call itself."""
    function = item.get("function", item)
    return function if isinstance(function, dict) else {}


def _id(item: dict[str, Json]) -> str:
    """Its id: in the call, or (llama.cpp until May 2025) in its function."""
    return _text(item.get("id")) or _text(_function(item).get("id"))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _finished(call: _Call, call_id: str, *, made_id: bool) -> ToolCall:
    arguments = mended("".join(call.arguments))
    return ToolCall(mended(call_id), mended(call.name), arguments, made_id=made_id, extra=call.extra)


def _made_id(seed: str, place: int, taken: set[str]) -> str:
    """Nine letters and digits: the strictest form any provider asks for."""
    salt = 0
    while True:
        number = int.from_bytes(hashlib.sha256(f"{seed}/{place}/{salt}".encode()).digest())
        made = "".join(_ALPHABET[number // 62**position % 62] for position in range(9))
        if made not in taken:
            taken.add(made)
            return made
        salt += 1
