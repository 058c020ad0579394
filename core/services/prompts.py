"""The library of prompts: named texts in immutable versions."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.agent import Variable
from core.domain.prompt import Prompt, PromptKind, prompt_hash
from core.domain.result import Err, Ok, Result
from core.repositories.prompts import PromptRepository
from core.services.keeping import keep
from core.services.prompt_files import PromptEntry, read_prompts

Prompts = list[Prompt]


class ImportedPrompts(msgspec.Struct, frozen=True):
    """What became of a file of prompts."""

    saved: tuple[Prompt, ...]
    unchanged: int
    """How many were in the library already, as they are in the file."""
    left_out: tuple[str, ...]
    """What the file holds and is no prompt, one sentence each."""


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
        if not text.strip():
            return Err("invalid", "Write the prompt first.", "text")
        entry = PromptEntry(name=name.strip(), kind=kind, label=label, text=text, variables=tuple(variables))
        with UnitOfWork(self._engine) as unit:
            return keep(unit, _put(unit, entry, who))

    def import_file(self, content: str, file_name: str, kind: PromptKind, who: str) -> Result[ImportedPrompts]:
        """Keep every prompt of a file, or none. `kind`: where the file names none; no `file_name`: it was pasted."""
        read = read_prompts(content, file_name, kind)
        if isinstance(read, Err):
            return read
        saved: list[Prompt] = []
        with UnitOfWork(self._engine) as unit:
            for entry in read.value.entries:
                newest = PromptRepository(unit.session, entry.kind).get(entry.name)
                put = _put(unit, entry, who)
                if isinstance(put, Err):
                    return Err(put.kind, f"{entry.name}: {put.message}", put.field)
                if newest is None or put.value.id != newest.id:
                    saved.append(put.value)
            unit.commit()
        unchanged = len(read.value.entries) - len(saved)
        return Ok(ImportedPrompts(tuple(saved), unchanged, read.value.left_out))


def _put(unit: UnitOfWork, entry: PromptEntry, who: str) -> Result[Prompt]:
    prompts = PromptRepository(unit.session, entry.kind)
    newest = prompts.get(entry.name)
    is_same = newest is not None and newest.hash() == prompt_hash(entry.text, entry.variables)
    if newest is not None and is_same and entry.label in {"", newest.label}:
        return Ok(newest)
    return prompts.add(entry.name, entry.text, entry.variables, who, entry.label)
