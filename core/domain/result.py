"""What a service or a repository hands back when a person's input may be at fault.

Programming errors are not results: they crash and are seen.
"""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
ErrKind = Literal["not_found", "conflict", "invalid", "refused", "unavailable"]


@dataclass(frozen=True, slots=True)
class Ok(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class Err:
    """`message` is a sentence for a person; `field` names the input it is about, or is empty."""

    kind: ErrKind
    message: str
    field: str = ""


Result = Ok[T] | Err
