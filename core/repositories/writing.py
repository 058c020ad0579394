"""Writes that a person's input may break: each in a savepoint, so that the unit of work survives a refusal."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.db.base import Base
from core.domain.result import Err, Ok, Result

T = TypeVar("T")


def guarded(session: Session, act: Callable[[], T], refusals: Mapping[str, Err], *given: object) -> Result[T]:
    """Do one write. A broken constraint becomes the refusal of its name; `given` is what a person wrote."""
    if unstorable := next(_unstorable(msgspec.to_builtins(given)), None):
        return Err("invalid", unstorable)
    try:
        with session.begin_nested():
            return Ok(act())
    except IntegrityError as error:
        return _refusal(error, refusals)
    except DataError:
        return Err("invalid", "The database cannot keep this value: it is too large or of the wrong type.")


def inserted(session: Session, row: Base, into: type[T], refusals: Mapping[str, Err]) -> Result[T]:
    """Add one row; what comes back is the domain value of it, with what the database filled in."""

    def insert() -> T:
        session.add(row)
        session.flush()
        return msgspec.convert(row, into, from_attributes=True)

    return guarded(session, insert, refusals, _columns(row))


def present(result: Result[T | None], missing: Err) -> Result[T]:
    """A write that found nothing to change is `missing`."""
    if isinstance(result, Err):
        return result
    return missing if result.value is None else Ok(result.value)


def matches(search: str, columns: Iterable[InstrumentedAttribute[Any] | ColumnElement[Any]]) -> ColumnElement[bool]:
    """True where the search text stands anywhere in one of the columns, whatever its case."""
    first, *others = (column.icontains(search, autoescape=True) for column in columns)
    for other in others:
        first |= other
    return first


def _columns(row: Base) -> dict[str, object]:
    """What was set on a row that is not in the database yet."""
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def _refusal(error: IntegrityError, refusals: Mapping[str, Err]) -> Err:
    diagnosis = getattr(error.orig, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or ""
    if name in refusals:
        return refusals[name]
    if name.startswith(("uq_", "pk_")):
        return Err("conflict", "This exists already.")
    return Err("invalid", f"The database refuses this value ({name or 'a required value is missing'}).")


def _unstorable(value: object) -> Iterator[str]:
    """Sentences about texts that Postgres cannot keep."""
    if isinstance(value, str):
        yield from _bad_characters(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _unstorable(key)
            yield from _unstorable(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _unstorable(item)


def _bad_characters(text: str) -> Iterator[str]:
    if "\x00" in text:
        yield "The text contains the character U+0000, which cannot be stored."
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        yield "The text contains half of a character (a lone surrogate), which cannot be stored."
