"""Names that every provider takes, made from names that documents have."""

import re
from collections.abc import Iterable

_MAX = 64


class Names:
    """Hands out each legal tool name once."""

    def __init__(self, prefix: str = "", taken: Iterable[str] = ()) -> None:
        self._prefix = prefix
        self._taken = set(taken)

    def take(self, wanted: str) -> str:
        """The nearest legal name that is free: `[a-zA-Z0-9_-]{1,64}`."""
        legal = re.sub(r"[^a-zA-Z0-9_-]+", "_", f"{self._prefix}{wanted}").strip("_") or "operation"
        return unique(legal, self._taken)


def argument_name(name: str, place: str, taken: set[str]) -> str:
    """The nearest free name for an argument; parameters of one name in two places get the place added."""
    legal = re.sub(r"[^a-zA-Z0-9_.-]+", "_", name).rstrip("_") or place
    return unique(legal if legal not in taken else f"{legal}_{place}", taken)


def unique(wanted: str, taken: set[str]) -> str:
    """`wanted`, cut to 64 characters, with a number where it is taken; counts as taken from now on."""
    name, number = wanted[:_MAX], 1
    while name in taken:
        number += 1
        name = f"{wanted[: _MAX - len(str(number)) - 1]}_{number}"
    taken.add(name)
    return name
