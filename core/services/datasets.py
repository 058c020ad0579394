"""Datasets: edited in a grid, carried as CSV and JSONL, filled from runs. Every edit is kept at once."""

from collections.abc import Iterable, Sequence
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.dataset import Dataset, DatasetVersion, GridChanges, Item, NumberedItem
from core.domain.dataset_files import (
    ITEM_LIMIT,
    TEXT_LIMIT_CHARS,
    FileFormat,
    decoded,
    format_of,
    read_items,
    to_csv,
    to_jsonl,
)
from core.domain.result import Err, Ok, Result
from core.domain.state import RunState
from core.engine.state import fold
from core.repositories.dataset_items import DatasetItemRepository, count_items
from core.repositories.dataset_versions import DatasetVersionRepository
from core.repositories.datasets import DatasetRepository
from core.repositories.journal import JournalRepository
from core.services.keeping import keep

FILE_LIMIT_BYTES = 50_000_000
_GONE = Err("not_found", "There is no such dataset any more.")

Versions = list[DatasetVersion]
Items = list[NumberedItem]


class DatasetSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset as a list shows it."""

    dataset: Dataset
    items: int


Summaries = list[DatasetSummary]


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What a file became."""

    dataset: Dataset
    items: int
    is_new: bool
    """Whether the items differ from what the dataset had; the same file again changes nothing."""


class Edited(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset after an edit."""

    dataset: Dataset
    added: tuple[int, ...] = ()
    """The numbers of the new items, in their order."""


class DatasetService:
    """A version that an evaluation used is frozen: the next edit begins a new one, whoever makes it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self, search: str = "", *, archived: bool = False) -> Summaries:
        with UnitOfWork(self._engine) as unit:
            found = DatasetRepository(unit.session).list(search.strip(), archived=archived)
            counts = count_items(unit.session, [dataset.id for dataset in found])
        return [DatasetSummary(dataset=one, items=counts.get((one.id, one.version), 0)) for one in found]

    def get(self, dataset_id: UUID) -> Dataset | None:
        with UnitOfWork(self._engine) as unit:
            return DatasetRepository(unit.session).get(dataset_id)

    def by_name(self, name: str) -> Dataset | None:
        with UnitOfWork(self._engine) as unit:
            return DatasetRepository(unit.session).by_name(name.strip())

    def versions(self, dataset_id: UUID) -> Versions:
        """Newest first."""
        with UnitOfWork(self._engine) as unit:
            counts = {number: items for (_, number), items in count_items(unit.session, [dataset_id]).items()}
            return DatasetVersionRepository(unit.session, dataset_id).list(counts)

    def items(
        self, dataset_id: UUID, version: int | None = None, after: int = 0, limit: int | None = None, search: str = ""
    ) -> Items:
        """Of the newest version, or of that one, in their order."""
        with UnitOfWork(self._engine) as unit:
            dataset = DatasetRepository(unit.session).get(dataset_id)
            if dataset is None:
                return []
            items = DatasetItemRepository(unit.session, dataset_id, version or dataset.version)
            return items.list(after, limit, search.strip())

    def create(self, name: str, who: str, description: str = "", items: Sequence[Item] = ()) -> Result[Dataset]:
        with UnitOfWork(self._engine) as unit:
            created = DatasetRepository(unit.session).add(name.strip(), description.strip(), who)
            if isinstance(created, Err):
                return created
            DatasetVersionRepository(unit.session, created.value.id).add(1, 0, who)
            filled = keep(unit, _change(unit, created.value, GridChanges(added=tuple(items)), who))
            return filled if isinstance(filled, Err) else Ok(filled.value.dataset)

    def update(
        self,
        dataset_id: UUID,
        name: str | None = None,
        description: str | None = None,
        archived: bool | None = None,
    ) -> Result[Dataset]:
        """Change what is given."""
        given = {"name": name and name.strip(), "description": description, "archived": archived}
        changes = {field: value for field, value in given.items() if value is not None}
        with UnitOfWork(self._engine) as unit:
            return keep(unit, DatasetRepository(unit.session).update(dataset_id, **changes))

    def edit(self, dataset_id: UUID, changes: GridChanges, who: str) -> Result[Dataset]:
        """Keep what a person changed."""
        edited = self.edit_grid(dataset_id, changes, who)
        return edited if isinstance(edited, Err) else Ok(edited.value.dataset)

    def edit_grid(self, dataset_id: UUID, changes: GridChanges, who: str) -> Result[Edited]:
        """The same, with the numbers that the added items were given."""
        with UnitOfWork(self._engine) as unit:
            dataset = DatasetRepository(unit.session).get(dataset_id, lock=True)
            return _GONE if dataset is None else keep(unit, _change(unit, dataset, changes, who))

    def import_file(
        self, name: str, file_name: str, content: bytes, who: str, how: Literal["replace", "append"] = "replace"
    ) -> Result[Imported]:
        """Make a dataset of a CSV or JSONL file, or bring the one of that name up to it."""
        items = _read(file_name, content)
        if isinstance(items, Err):
            return items
        known = self.by_name(name)
        if known is None:
            created = self.create(name, who, items=items.value)
            if isinstance(created, Err):
                return created
            return Ok(Imported(dataset=created.value, items=len(items.value), is_new=True))
        had = self.items(known.id)
        if how == "replace" and tuple(one.item for one in had) == items.value:
            return Ok(Imported(dataset=known, items=len(had), is_new=False))
        gone = tuple(one.number for one in had) if how == "replace" else ()
        edited = self.edit(known.id, GridChanges(added=items.value, deleted=gone), who)
        if isinstance(edited, Err):
            return edited
        return Ok(Imported(dataset=edited.value, items=len(had) - len(gone) + len(items.value), is_new=True))

    def export(self, dataset_id: UUID, form: FileFormat, version: int | None = None) -> str:
        """The whole version as a file; it reads back the same."""
        items = [one.item for one in self.items(dataset_id, version)]
        return to_csv(items) if form == "csv" else to_jsonl(items)

    def add_runs(self, dataset_id: UUID, run_ids: Iterable[UUID], who: str) -> Result[Dataset]:
        """Make items of runs: the input as it was sent, the values of variables, the answer as what is expected."""
        with UnitOfWork(self._engine) as unit:
            journals = JournalRepository(unit.session.connection()).read_many(run_ids)
        items = [_from_run(fold(journal)) for journal in journals.values()]
        if not items:
            return Err("not_found", "There is no such run any more.")
        return self.edit(dataset_id, GridChanges(added=tuple(items)), who)


def _from_run(state: RunState) -> Item:
    ended = state.ended
    answer = ended.output if ended is not None and ended.status == "done" else ""
    spec = state.spec
    variables = {span.name: spec.instructions[span.start : span.end] for span in spec.filled}
    return Item(input=state.input, variables=variables, expected=answer, notes=f"from run {state.run_id}")


def _read(file_name: str, content: bytes) -> Result[tuple[Item, ...]]:
    form = format_of(file_name)
    if form is None:
        return Err("invalid", "A dataset comes as a .csv, .tsv or .jsonl file.")
    if len(content) > FILE_LIMIT_BYTES:
        return Err("invalid", f"The file is larger than {FILE_LIMIT_BYTES // 1_000_000} MB.")
    text = decoded(content)
    return text if isinstance(text, Err) else read_items(text.value, form)


def _change(unit: UnitOfWork, dataset: Dataset, changes: GridChanges, who: str) -> Result[Edited]:
    if changes.is_nothing:
        return Ok(Edited(dataset=dataset))
    if problem := _problem(changes):
        return problem
    versions = DatasetVersionRepository(unit.session, dataset.id)
    mark = versions.mark(dataset.version)
    number = dataset.version + mark.frozen
    items = DatasetItemRepository(unit.session, dataset.id, number)
    if mark.frozen:
        versions.add(number, mark.last_item, who)
        items.copy_from(dataset.version)
    items.delete((*changes.deleted, *changes.changed))
    new = dict(enumerate(changes.added, start=mark.last_item + 1))
    added = items.add({**changes.changed, **new})
    if isinstance(added, Err):
        return added
    if len(items.numbers()) > ITEM_LIMIT:
        return Err("invalid", f"A dataset has at most {ITEM_LIMIT:,} items.")
    versions.reach(number, mark.last_item + len(new))
    changed = DatasetRepository(unit.session).update(dataset.id, version=number)
    return changed if isinstance(changed, Err) else Ok(Edited(dataset=changed.value, added=tuple(new)))


def _problem(changes: GridChanges) -> Err | None:
    for item in (*changes.changed.values(), *changes.added):
        if not item.input.strip():
            return Err("invalid", "Every item needs an input.", "input")
        if any(len(text) > TEXT_LIMIT_CHARS for text in (item.input, item.expected, item.notes)):
            return Err("invalid", f"A text is longer than {TEXT_LIMIT_CHARS:,} characters.")
    return None
