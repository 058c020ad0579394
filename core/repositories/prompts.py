"""The library of prompts: the tables `system_prompts` and `user_prompts`, which are alike."""

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from core.db.agent_tables import SystemPromptRow, UserPromptRow
from core.db.base import Base
from core.domain.agent import Variable
from core.domain.prompt import Prompt, PromptKind
from core.domain.result import Err, Result
from core.ids import new_id
from core.repositories.writing import guarded, matches

_ROWS: dict[PromptKind, type[SystemPromptRow | UserPromptRow]] = {"system": SystemPromptRow, "user": UserPromptRow}


class PromptRepository:
    """Reads and adds versions of prompts of one kind; nothing ever changes one."""

    def __init__(self, session: Session, kind: PromptKind) -> None:
        self._session = session
        self._kind = kind
        self._row = _ROWS[kind]

    def get(self, name: str, number: int | None = None) -> Prompt | None:
        """A version by its number; None: the newest."""
        row = self._row
        versions = select(row).where(row.name == name).order_by(row.number.desc()).limit(1)
        found = self._session.scalar(versions if number is None else versions.where(row.number == number))
        return None if found is None else self._prompt(found)

    def versions(self, name: str) -> list[Prompt]:
        """Newest first."""
        row = self._row
        found = self._session.scalars(select(row).where(row.name == name).order_by(row.number.desc()))
        return [self._prompt(version) for version in found]

    def list(self, search: str = "") -> list[Prompt]:
        """The newest version of every prompt, by name."""
        row = self._row
        newest = select(row.id).ext(distinct_on(row.name)).order_by(row.name, row.number.desc())
        statement = select(row).where(row.id.in_(newest)).order_by(row.name)
        if search:
            statement = statement.where(matches(search, (row.name, row.text, row.label)))
        return [self._prompt(found) for found in self._session.scalars(statement)]

    def add(self, name: str, text: str, variables: tuple[Variable, ...], who: str, label: str = "") -> Result[Prompt]:
        """The next version."""
        added = self._row(
            id=new_id(),
            name=name,
            number=self._latest(name) + 1,
            text=text,
            variables=msgspec.to_builtins(variables),
            label=label,
            author=who,
        )

        def insert() -> Prompt:
            self._session.add(added)
            self._session.flush()
            return self._prompt(added)

        return guarded(self._session, insert, self._refusals(), name, text, variables, who, label)

    def _latest(self, name: str) -> int:
        return self._session.scalar(select(func.max(self._row.number)).where(self._row.name == name)) or 0

    def _refusals(self) -> dict[str, Err]:
        table = self._row.__tablename__
        return {
            f"uq_{table}_name_number": Err("conflict", "Somebody else saved this prompt at the same moment."),
            f"ck_{table}_name_length": Err("invalid", "A name has 1 to 100 characters.", "name"),
        }

    def _prompt(self, row: Base) -> Prompt:
        columns = {name: getattr(row, name) for name in Prompt.__struct_fields__ if name != "kind"}
        return msgspec.convert({**columns, "kind": self._kind}, Prompt)
