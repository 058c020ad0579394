"""Secrets of tools: looked up when they are sent, and taken out of whatever comes back."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec

from core.domain.canonical import Json
from core.domain.secrecy import in_texts, spellings
from core.domain.tool import ToolResult
from core.errors import Fault, FaultError, OutcomeUnknown

NAME_PATTERN = r"[A-Za-z0-9_.-]{1,100}"
_MIN_CHARS = 4
"""Shorter values stand in every text by chance; to cut them out would make all of it unreadable."""


class SecretSource(Protocol):
    """Where values are kept. Raises `FaultError` when one cannot be decrypted."""

    def value(self, name: str) -> str | None: ...


def looked_up(source: SecretSource, names: Iterable[str]) -> dict[str, str]:
    """The values by name. Raises `FaultError` when one is not set, so that nothing is sent without it."""
    values = {name: (source.value(name) or "").strip() for name in names}
    if missing := [name for name, value in values.items() if not value]:
        raise FaultError(Fault("auth", f"The secret {missing[0]} is not set. Set it under Settings, Secrets."))
    return values


class Scrubber:
    """Replaces the values of secrets, in every spelling in which a server may repeat them, by their names."""

    def __init__(self, values: Iterable[tuple[str, str]]) -> None:
        """Each with the secret's name; one secret may have several, such as a password within a pair."""
        forms = {form: name for name, value in values if len(value) >= _MIN_CHARS for form in spellings(value)}
        # The longest first: a value may be a part of another.
        self._spellings = sorted(forms.items(), key=lambda pair: -len(pair[0]))

    def text(self, text: str) -> str:
        for spelling, name in self._spellings:
            text = text.replace(spelling, f"[secret {name}]")
        return text

    def value(self, value: Json) -> Json:
        """The same for every text within a value, the keys of objects included."""
        return in_texts(value, self.text)

    def result(self, result: ToolResult) -> ToolResult:
        if not self._spellings:
            return result
        return msgspec.structs.replace(result, text=self.text(result.text), data=self.value(result.data))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """What is raised within says nothing of the values either."""
        try:
            yield
        except FaultError as error:
            fault = msgspec.structs.replace(error.fault, message=self.text(error.fault.message))
            raise FaultError(fault) from None
        except OutcomeUnknown as error:
            raise OutcomeUnknown(self.text(str(error))) from None
