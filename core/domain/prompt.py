"""A prompt of the library: a named text, each version of it immutable."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from core.domain.agent import Variable
from core.domain.canonical import content_hash

PromptKind = Literal["system", "user"]


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a prompt."""

    id: UUID
    kind: PromptKind
    name: str
    number: int
    text: str
    variables: tuple[Variable, ...] = ()
    label: str = ""
    """What this version is for, such as *draft* or *production*; empty: nothing in particular."""
    author: str = ""
    created_at: datetime

    def hash(self) -> str:
        """Names what a model would be shown: the text and its variables."""
        return prompt_hash(self.text, self.variables)


def prompt_hash(text: str, variables: tuple[Variable, ...]) -> str:
    return content_hash([text, variables])
