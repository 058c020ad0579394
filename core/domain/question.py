"""What the server of a running call asks a person, and what they say."""

from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Literal

import msgspec

from core.domain import strict_json
from core.domain.canonical import Json
from core.domain.schema_check import complaints, schema_fault

Say = Literal["approve", "deny", "cancel"]
"""`approve`: with what was asked for; `deny`: no; `cancel`: put aside, neither yes nor no."""
_MOST_COMPLAINTS = 3


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Either a form, whose fields are the schema's properties, or an address that a person is to visit."""

    message: str
    schema: dict[str, Json] = {}
    url: str = ""
    note: str = ""
    """What a person must know beside it."""

    @property
    def fields(self) -> dict[str, dict[str, Json]]:
        """The form's fields by name, each with its schema; what is no field is left out."""
        found = self.schema.get("properties", {})
        return {name: one for name, one in found.items() if isinstance(one, dict)} if isinstance(found, dict) else {}

    @property
    def required(self) -> frozenset[str]:
        """Names of the fields that have to be given."""
        found = self.schema.get("required", [])
        return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()


class PersonSaid(msgspec.Struct, frozen=True):
    """A person's word. `content`: the form's values, where they gave them."""

    say: Say
    content: dict[str, Json] = {}


Ask = Callable[[Question], Awaitable[PersonSaid]]
"""Asks whoever is there, and waits for their word. The answer is in the journal before it comes back."""


def answer_fault(question: Question, content: str) -> str:
    """Why this JSON text is no answer to the question; empty when it is one."""
    if question.url:
        return "This question has no form: it asks only whether you went there." if content.strip() else ""
    try:
        values = content_of(content)
    except strict_json.NotJsonError as error:
        return f"The answer is not valid JSON: {error}."
    if not isinstance(values, dict):
        return "The answer is one JSON object."
    if fault := schema_fault(question.schema):
        return f"The form of the server is faulty: {fault}. Decline it."
    found = islice(complaints(question.schema, values, whole="The answer"), _MOST_COMPLAINTS)
    return " ".join(dict.fromkeys(found))


def content_of(content: str) -> Json:
    """The values of an answer; nothing given is an empty form. Raises `NotJsonError`."""
    return strict_json.read(content) if content.strip() else {}
