"""What an answer has to look like, and whether it does. The text itself is never changed for it."""

from collections.abc import Iterator
from itertools import islice

import msgspec

from core.domain import strict_json
from core.domain.agent import Parameters
from core.domain.canonical import Json
from core.domain.schema_check import misfits, schema_fault

MAX_MISFITS = 10
_ANY_OBJECT: dict[str, Json] = {"type": "object"}


class Fit(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an answer fits what was asked for: each misfit is one line that begins with its place."""

    misfits: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        return not self.misfits


def wanted_schema(given: Parameters) -> dict[str, Json] | None:
    """What the answer has to fit; None: any text will do."""
    if given.response_schema is not None:
        return given.response_schema
    return _ANY_OBJECT if given.json_object else None


def fit(given: Parameters, text: str) -> Fit | None:
    """The verdict on an answer; None where nothing was asked of it."""
    schema = wanted_schema(given)
    return None if schema is None else Fit(tuple(islice(_misfits(schema, text), MAX_MISFITS)))


def _misfits(schema: dict[str, Json], text: str) -> Iterator[str]:
    try:
        value = strict_json.read(text)
    except strict_json.NotJsonError as error:
        yield f"answer: not JSON: {error}"
        return
    if fault := schema_fault(schema):
        yield f"answer: nothing can fit, since the schema itself is faulty: {fault}"
        return
    yield from misfits(schema, value)
