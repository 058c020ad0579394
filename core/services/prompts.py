"""The library of prompts: named texts in immutable versions."""

from collections.abc import Iterable

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.agent import Variable
from core.domain.prompt import Prompt, PromptKind, prompt_hash
from core.domain.result import Err, Ok, Result
from core.repositories.prompts import PromptRepository
from core.services.keeping import keep

Prompts = list[Prompt]


class PromptService:
    """System prompts and user prompts are two libraries; a name means something else in each."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, kind: PromptKind, name: str, number: int | None = None) -> Prompt | None:
        """A version by its number; None: the newest."""
        with UnitOfWork(self._engine) as unit:
            return PromptRepository(unit.session, kind).get(name, number)

    def list(self, kind: PromptKind, search: str = "") -> Prompts:
        """The newest version of every prompt, by name."""
        with UnitOfWork(self._engine) as unit:
            return PromptRepository(unit.session, kind).list(search.strip())

    def versions(self, kind: PromptKind, name: str) -> Prompts:
        """Newest first."""
        with UnitOfWork(self._engine) as unit:
            return PromptRepository(unit.session, kind).versions(name)

    def save(
        self, kind: PromptKind, name: str, text: str, variables: Iterable[Variable], who: str, label: str = ""
    ) -> Result[Prompt]:
        """The next version, or the newest one where text, variables and label are the same."""
        name, variables = name.strip(), tuple(variables)
        if not text.strip():
            return Err("invalid", "Write the prompt first.", "text")
        with UnitOfWork(self._engine) as unit:
            prompts = PromptRepository(unit.session, kind)
            newest = prompts.get(name)
            if newest and newest.hash() == prompt_hash(text, variables) and label in {"", newest.label}:
                return Ok(newest)
            return keep(unit, prompts.add(name, text, variables, who, label))
