"""What comes of asking for room at an endpoint whose limits hold over all workers."""

import msgspec


class Place(msgspec.Struct, frozen=True):
    """A request may begin. `number`: which of the places that are there at once; 0 where there is no such limit."""

    name: str
    number: int


class Full(msgspec.Struct, frozen=True):
    """As many requests are under way as may be."""

    under_way: int


class Spent(msgspec.Struct, frozen=True):
    """As many requests began within a minute as may; `wait_s`: until the oldest of them counts no longer."""

    wait_s: float


class Yields(msgspec.Struct, frozen=True):
    """A run that a person waits for goes first."""


Entry = Place | Full | Spent | Yields
